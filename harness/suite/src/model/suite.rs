//! The suite: what is installed before any scenario.

use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;

use super::{Clusters, Place, Program, Provider, Resource, Scenario};

/// A project: `crosscut.yaml` and everything that it names.
#[derive(Debug)]
pub struct Suite {
    /// The suite's name.
    pub name: String,
    /// The folder of `crosscut.yaml`. Commands of functions run here.
    pub folder: Utf8PathBuf,
    /// The namespace that namespaced objects go to when they name none.
    pub namespace: String,
    /// What is installed on the control plane before any scenario, in order.
    pub install: Vec<Resource>,
    /// The composition functions, by the name that compositions use.
    pub functions: Vec<Function>,
    /// The longest that a trial may take in real time, unless its scenario says otherwise.
    pub timeout: Option<Duration>,
    /// Names of ports that every trial is handed out.
    pub ports: Vec<String>,
    /// Programs under test that every scenario can see.
    pub programs: Vec<Arc<Program>>,
    /// The environment variables that expressions may read.
    pub env: Vec<String>,
    /// What is said of control planes that crosscut does not bring itself.
    pub clusters: Clusters,
    /// The providers by name, in alphabetical order.
    pub providers: Vec<Arc<Provider>>,
    /// The scenarios by name, in alphabetical order.
    pub scenarios: Vec<Arc<Scenario>>,
    /// The place where the suite is declared.
    pub place: Place,
}

/// A composition function.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name that compositions use in `functionRef.name`.
    pub name: String,
    /// The way in which it is run.
    pub runtime: FunctionRuntime,
    /// The longest that one call may take, in real time.
    pub deadline: Duration,
    /// The longest that it may take from being started to its first answer, in real time.
    pub start_deadline: Duration,
    /// The place of its declaration.
    pub place: Place,
}

/// The way in which a function is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionRuntime {
    /// A package of a cargo workspace: built on first use, then run as a command.
    Cargo {
        /// The package's name.
        package: String,
        /// Arguments; `{address}` stands for the loopback address that it is to listen on.
        arguments: Vec<String>,
    },
    /// A program: started once a run, ended with its whole process group.
    Command {
        /// The program: a path relative to the suite's folder if it has a slash, else found in PATH.
        program: String,
        /// Arguments; `{address}` stands for the loopback address that it is to listen on.
        arguments: Vec<String>,
    },
    /// A server that listens already, as `host:port`.
    Address(String),
    /// A function that is part of crosscut.
    BuiltIn(BuiltIn),
}

/// Functions that are part of crosscut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// function-auto-ready's behaviour.
    AutoReady,
}
