//! The settings of a program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::find::find;
use crate::lines::OnLine;
use crate::readiness::Ready;
use crate::relay::Shared;
use crate::state::StateFolder;

/// The variable by which everything that a run started, and what that started in turn, is found again.
pub(crate) const RUN: &str = "CROSSCUT_RUN";
/// The same for what one program started, in the run.
pub(crate) const PROGRAM: &str = "CROSSCUT_PROGRAM";

/// The variables that a program gets from the environment of this process, unseen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Inherited {
    /// None: it sees only what its settings say, and `CROSSCUT_RUN`, by which a later run finds it.
    #[default]
    Nothing,
    /// The named variables, if they are set.
    Only(Vec<String>),
    /// All.
    Everything,
}

/// The settings of a program.
#[derive(Clone, Debug)]
pub struct ProgramSettings {
    /// The name in messages and of the log file, unique among the programs of a run.
    pub name: String,
    /// The path.
    pub program: PathBuf,
    /// The arguments.
    pub arguments: Vec<String>,
    /// The variables of its environment besides those that it inherits.
    pub environment: BTreeMap<String, String>,
    /// The variables that it inherits.
    pub inherited: Inherited,
    /// Folders that are looked through before those of `PATH`, by it and for it.
    pub path: Vec<PathBuf>,
    /// The place where it runs; in the state folder if `None`.
    pub directory: Option<PathBuf>,
    /// The time at which it counts as started.
    pub ready: Ready,
    /// The time that it may take until then.
    pub deadline: Duration,
    /// The place where what it writes is kept; in the state folder, by its name, if `None`.
    pub log: Option<PathBuf>,
    /// The size of the output that is kept, in bytes. The file may be twice as large at times.
    pub log_limit: u64,
    /// The time that what it started may take to end after it, once it was asked to end; nothing unless it is said.
    pub tidying: Duration,
    /// The ports that it shares with this machine, if it has a network of its own.
    pub isolated: Option<Shared>,
    /// A callback for each line that it writes.
    pub on_line: Option<OnLine>,
}

impl ProgramSettings {
    /// A program that inherits nothing, counts as started at once, and whose log keeps 4 MiB.
    pub fn new(
        name: impl Into<String>,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: BTreeMap::new(),
            inherited: Inherited::Nothing,
            path: Vec::new(),
            directory: None,
            ready: Ready::AtOnce,
            deadline: Duration::from_secs(20),
            log: None,
            log_limit: 4 * 1024 * 1024,
            tidying: Duration::ZERO,
            isolated: None,
            on_line: None,
        }
    }

    /// Returns the folders that the program is looked for in.
    fn folders(&self) -> Vec<PathBuf> {
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let usual = match self.environment.get("PATH") {
            Some(own) => own.into(),
            None => usual,
        };
        let first = self.path.iter().cloned();
        first.chain(std::env::split_paths(&usual)).collect()
    }

    /// Returns the command that starts the program in a run: itself, or the launcher that becomes it.
    ///
    /// # Errors
    /// If there is no such program, or it is nothing that can be executed.
    pub(crate) fn command(&self, state: &StateFolder) -> std::io::Result<Command> {
        let folder = self.directory.as_deref().unwrap_or(state.path());
        // A path is relative to where the program runs.
        let program = find(&folder_or_name(folder, &self.program), self.folders())?;
        let launched = match &self.isolated {
            None => state.launched(&program),
            Some(shared) => state.isolated(&program, shared)?,
        };
        let mut command = launched.into_command();
        self.dress(&mut command, &state.run());
        command.current_dir(folder);
        Ok(command)
    }

    /// Gives a command that belongs to a run its arguments and environment.
    fn dress(&self, command: &mut Command, run: &str) {
        command.args(&self.arguments);
        match &self.inherited {
            Inherited::Everything => {}
            Inherited::Nothing => {
                command.env_clear();
            }
            Inherited::Only(names) => {
                command.env_clear();
                command.envs(
                    names
                        .iter()
                        .filter_map(|name| Some((name, std::env::var_os(name)?))),
                );
            }
        }
        if !self.path.is_empty() {
            // A folder with a colon in its name cannot be in it, and is not looked through.
            if let Ok(path) = std::env::join_paths(self.folders()) {
                command.env("PATH", path);
            }
        }
        command.envs(&self.environment).env(RUN, run);
    }
}

/// A path with a slash as seen from a folder; a name as it is.
fn folder_or_name(folder: &Path, program: &Path) -> PathBuf {
    if program.as_os_str().as_encoded_bytes().contains(&b'/') {
        folder.join(program)
    } else {
        program.to_owned()
    }
}
