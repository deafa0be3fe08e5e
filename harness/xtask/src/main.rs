//! `cargo xtask`: what developers of crosscut run besides cargo itself. Users never need it.

mod bench;
mod cargo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer tasks of crosscut.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measures the release build: prints a table and writes JSON. Never a pass or a fail.
    Bench(bench::Arguments),
}

#[expect(
    clippy::print_stderr,
    reason = "a developer's tool that reports on the terminal"
)]
fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Bench(arguments) => bench::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                eprintln!("  caused by: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// A task could not be done.
#[derive(Debug, thiserror::Error)]
enum TaskError {
    /// A file or process could not be used.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A command ended badly.
    #[error("{command} ended with {status}")]
    Command {
        /// The command.
        command: String,
        /// Its status and last words.
        status: String,
    },
    /// Output was not what was expected.
    #[error("{what}")]
    Output {
        /// What was read.
        what: String,
        /// Why it could not be.
        #[source]
        source: serde_json::Error,
    },
}

impl TaskError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> TaskError {
        let what = what.into();
        move |source| TaskError::Io { what, source }
    }
}
