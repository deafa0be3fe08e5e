//! A function program for tests of the command runtime: this test binary, started again with a mode.

use std::time::Duration;

use crosscut_crossplane::function::CommandSettings;

pub(crate) use crosscut_testkit::stub::NOTE;

/// How to start the program in a mode.
pub(crate) fn settings(mode: &str) -> CommandSettings {
    let command = crosscut_testkit::stub::command("stub::stub_function", mode).expect("a path");
    let (program, arguments) = command.split_first().expect("a program");
    CommandSettings {
        start_deadline: Duration::from_secs(20),
        ..CommandSettings::new(program, arguments)
    }
}

#[test]
#[ignore = "the program that the other tests start"]
fn stub_function() {
    crosscut_testkit::stub::run();
}
