//! A function program for tests of the command runtime: this test binary, started again with a mode.

use std::time::Duration;

use std::sync::Arc;

use crosscut_functions::FunctionError;
use crosscut_functions::{Command, CommandSettings};
use crosscut_programs::StateFolder;
use tempfile::TempDir;

pub(crate) use crosscut_testkit::stub::NOTE;

/// Returns the settings for a mode of the program.
pub(crate) fn settings(mode: &str) -> CommandSettings {
    let command = crosscut_testkit::stub::command("stub::stub_function", mode).expect("a path");
    let (program, arguments) = command.split_first().expect("a program");
    CommandSettings {
        start_deadline: Duration::from_secs(20),
        ..CommandSettings::new(program, arguments)
    }
}

/// A function's program, with the folder of its files.
pub(crate) struct Started {
    pub(crate) command: Command,
    _root: TempDir,
}

/// Starts a program in its own folder.
pub(crate) async fn start(settings: &CommandSettings) -> Result<Started, FunctionError> {
    let root = tempfile::tempdir().expect("a folder");
    let (state, _) = StateFolder::open(root.path()).expect("a state folder");
    let command = Command::start(settings, &Arc::new(state)).await?;
    Ok(Started {
        command,
        _root: root,
    })
}

#[test]
#[ignore = "the program that the other tests start"]
fn stub_function() {
    crosscut_testkit::stub::run();
}
