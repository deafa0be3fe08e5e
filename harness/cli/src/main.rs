//! The `crosscut` binary: arguments, signals, colours, files and exit codes. No logic.
//!
//! This is the only place that prints, exits, and reads the environment or the clock.

mod arguments;
mod diagnostics;
mod lint;
mod output;
mod test;

use std::process::ExitCode;

use clap::Parser;
use crosscut_events::ExitStatus;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let status = match &arguments.command {
        Command::Test(arguments) => test::run(arguments),
        Command::Lint(arguments) => lint::run(arguments),
    };
    match status {
        Ok(status) => ExitCode::from(status.code()),
        // The reader of a list went away (`crosscut test --list | head`): it has what it wanted.
        Err(error) if error.is_broken_pipe() => ExitCode::from(ExitStatus::Passed.code()),
        Err(error) => {
            output::error(&error);
            ExitCode::from(error.status().code())
        }
    }
}

/// What keeps a command from doing its work.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    /// The documents or the selection are wrong; the diagnostics were printed already.
    #[error("{count} {}, nothing was judged", if *count == 1 { "mistake" } else { "mistakes" })]
    Documents {
        /// How many errors were printed.
        count: usize,
    },
    /// The asynchronous runtime could not be started.
    #[error("start the runtime")]
    Runtime(#[source] std::io::Error),
    /// The current folder cannot be used.
    #[error("use the current folder")]
    CurrentFolder(#[source] std::io::Error),
    /// Output could not be written.
    #[error("write to standard output")]
    Print(#[source] std::io::Error),
    /// A report could not be made.
    #[error("make the report {file}")]
    Report {
        /// The report's file.
        file: String,
        /// Why.
        #[source]
        source: crosscut_reports::ReportError,
    },
    /// A report could not be written.
    #[error("write the report {file}")]
    WriteReport {
        /// The report's file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Two reports go to one file.
    #[error("two reports go to the file {file}")]
    SameReport {
        /// The file.
        file: String,
    },
    /// Somebody pressed Ctrl-C or ended the process.
    #[error("interrupted: {judged} of {planned} trials were judged, and reports hold no others")]
    Interrupted {
        /// How many trials were judged.
        judged: usize,
        /// How many there were to be.
        planned: usize,
    },
}

impl CommandError {
    fn status(&self) -> ExitStatus {
        match self {
            CommandError::Documents { .. } | CommandError::SameReport { .. } => ExitStatus::Usage,
            _ => ExitStatus::EnvironmentFailed,
        }
    }

    fn is_broken_pipe(&self) -> bool {
        matches!(self, CommandError::Print(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
