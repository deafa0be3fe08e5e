//! Programs under test: what runs against a trial's control plane or target.

use std::time::Duration;

use camino::Utf8PathBuf;
use crosscut_yaml::{Node, Span};

use super::{Expectation, Place, Side};

/// A program under test. Its texts are templates, evaluated when it is started.
#[derive(Debug)]
pub struct Program {
    /// The name, unique among those that a scenario can see.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<Node>,
    /// The folder of the file that declares it: what a path of a program is relative to.
    pub folder: Utf8PathBuf,
    /// What its environment is, besides what crosscut gives it.
    pub env: Vec<(String, Node)>,
    /// The files that its folder has when it starts.
    pub files: Vec<ProgramFile>,
    /// The cluster that its kubeconfig leads to; without one it has none.
    pub kubeconfig: Option<Side>,
    /// The time at which it counts as started.
    pub ready: Readiness,
    /// The time that it may take until then.
    pub within: Duration,
    /// The way in which it is asked to end.
    pub stop: StopSignal,
    /// The time that it may take to end before it is killed.
    pub grace: Duration,
    /// True if a step starts it, instead of the beginning of the trial.
    pub is_manual: bool,
    /// The names that its templates use, and where.
    pub variables: Vec<(String, Span)>,
    /// The place of its declaration.
    pub place: Place,
}

/// A file of a program's folder.
#[derive(Debug)]
pub struct ProgramFile {
    /// The path, below the folder.
    pub path: Utf8PathBuf,
    /// A text, which is written as it is; anything else is written as JSON.
    pub content: Node,
}

/// When a program counts as started.
#[derive(Debug, Default)]
pub enum Readiness {
    /// As soon as it runs.
    #[default]
    AtOnce,
    /// When a port of the loopback interface accepts connections.
    Tcp(Node),
    /// When a GET is answered with a status of 200 to 299.
    Http {
        /// The port.
        port: Node,
        /// The path.
        path: Node,
    },
    /// When it says by the gRPC health protocol that it serves.
    Grpc {
        /// The port.
        port: Node,
        /// The service that is asked about; empty for the server as a whole.
        service: Node,
    },
    /// When an object is as an assertion says.
    Expect {
        /// The assertions, all of which must hold.
        expectations: Vec<Expectation>,
        /// Of which cluster.
        side: Side,
    },
    /// When it has ended by itself with this status: it is one that does its work and ends.
    Exit(i32),
}

/// The way in which a program is asked to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGTERM.
    #[default]
    Terminate,
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGHUP.
    HangUp,
    /// SIGKILL.
    Kill,
}

/// What a step does to programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramVerb {
    /// Starts them and waits until each is ready.
    Start,
    /// Asks them to end and waits until they have.
    Stop,
    /// Both.
    Restart,
    /// Ends them at once.
    Kill,
}

impl Program {
    /// Returns everything that is evaluated when it is started.
    pub fn templates(&self) -> Vec<&Node> {
        let mut nodes: Vec<&Node> = self.command.iter().collect();
        nodes.extend(self.env.iter().map(|(_, value)| value));
        nodes.extend(self.files.iter().map(|file| &file.content));
        match &self.ready {
            Readiness::Tcp(port) => nodes.push(port),
            Readiness::Http { port, path: text }
            | Readiness::Grpc {
                port,
                service: text,
            } => {
                nodes.extend([port, text]);
            }
            Readiness::AtOnce | Readiness::Expect { .. } | Readiness::Exit(_) => {}
        }
        nodes
    }

    /// The assertions that tell whether it is ready.
    pub fn expectations(&self) -> &[Expectation] {
        match &self.ready {
            Readiness::Expect { expectations, .. } => expectations,
            _ => &[],
        }
    }
}
