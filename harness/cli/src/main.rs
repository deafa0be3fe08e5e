//! The `crosscut` binary: arguments, signals, colours, files and exit codes. No logic.
//!
//! This is the only place that prints, exits, and reads the environment or the clock.

mod arguments;
#[cfg(feature = "kubeconfig")]
mod clean;
mod clusters;
mod diagnostics;
mod hidden;
mod inputs;
mod judge;
mod lint;
mod machine;
mod output;
mod parity;
mod places;
mod report_files;
mod safe_diagnostic;
mod signals;
mod test;

use std::process::ExitCode;

use clap::Parser;
use crosscut_cluster::ClusterError;
use crosscut_events::ExitStatus;

use crate::arguments::{Arguments, Command};

// Half of what a run does is making and dropping JSON; glibc's allocator took a third of the time (decision 013).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let status = match &arguments.command {
        Command::Test(arguments) => test::run(arguments),
        Command::Parity(arguments) => parity::run(arguments),
        Command::Lint(arguments) => lint::run(arguments),
        #[cfg(feature = "kubeconfig")]
        Command::Clean(arguments) => clean::run(arguments),
        #[cfg(not(feature = "kubeconfig"))]
        Command::Clean(_) => Err(CommandError::LeftOut {
            feature: "kubeconfig",
        }),
        Command::Launch(arguments) => Err(hidden::launch(arguments)),
        Command::Isolate(arguments) => Err(hidden::isolate(arguments)),
        Command::Relay(arguments) => hidden::relay(arguments),
    };
    match status {
        Ok(status) => ExitCode::from(status.code()),
        // The reader of a list went away (`crosscut test --list | head`): it has what it wanted.
        Err(error) if error.is_broken_pipe() => ExitCode::from(ExitStatus::Passed.code()),
        Err(error) => {
            output::error(&error);
            if let Some(help) = error.help() {
                output::print_error(&format!("  help: {help}"));
            }
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
    /// There are warnings about documents, and the user denied them; they were printed already.
    #[error("--deny-warnings: there {} {count} {}", if *count == 1 { "is" } else { "are" }, if *count == 1 { "warning" } else { "warnings" })]
    Warnings {
        /// How many were printed.
        count: usize,
    },
    /// The asynchronous runtime could not be started.
    #[error("start the runtime")]
    Runtime(#[source] std::io::Error),
    /// The current folder cannot be used.
    #[error("use the current folder")]
    CurrentFolder(#[source] std::io::Error),
    /// The control plane could not be started.
    #[error("{what}")]
    Cluster {
        /// What went wrong.
        what: String,
        /// What to do about it.
        help: Option<String>,
        /// Why.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The program was built without a kind of control plane.
    #[cfg(not(all(feature = "envtest", feature = "kind", feature = "kubeconfig")))]
    #[error("this crosscut was built without {feature}")]
    LeftOut {
        /// The cargo feature that brings the kind.
        feature: &'static str,
    },
    /// There is only one kind of control plane.
    #[error("there is nothing to compare")]
    NothingToCompare,
    /// Seeds are to be tried where none orders anything.
    #[error("only the embedded control plane is ordered by a seed")]
    SeedsElsewhere,
    /// The ledger of known differences could not be read.
    #[error("read the ledger {file}")]
    ReadLedger {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The ledger of known differences is wrong.
    #[error("use the ledger {file}")]
    Ledger {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: crosscut_parity::LedgerError,
    },
    /// A program could not be launched.
    #[error("launch a program")]
    Launch(#[source] std::io::Error),
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
    /// A report would be written over a file that was read.
    #[error("the report {file} would be written over a file that the run is read from")]
    ReportOverInput {
        /// The file.
        file: String,
    },
    /// A signal ended the run.
    #[error(
        "interrupted by {signal}: {judged} of {planned} trials were judged, and reports hold no others"
    )]
    Interrupted {
        /// The signal's name.
        signal: &'static str,
        /// How many trials were judged.
        judged: usize,
        /// How many there were to be.
        planned: usize,
    },
    /// The run took longer than it may.
    #[error(
        "--timeout is over: {judged} of {planned} trials were judged, and reports hold no others"
    )]
    OutOfTime {
        /// How many trials were judged.
        judged: usize,
        /// How many there were to be.
        planned: usize,
    },
}

impl CommandError {
    /// A control plane that could not be started.
    fn cluster(error: ClusterError) -> CommandError {
        match error {
            ClusterError::Start { what, help, source } => {
                CommandError::Cluster { what, help, source }
            }
            error => CommandError::Cluster {
                what: "start the control plane".to_owned(),
                help: None,
                source: Some(Box::new(error)),
            },
        }
    }

    /// What the user can do about it.
    fn help(&self) -> Option<&str> {
        match self {
            #[cfg(not(all(feature = "envtest", feature = "kind", feature = "kubeconfig")))]
            CommandError::LeftOut { .. } => Some(
                "build crosscut with the cargo feature of that name; all of them are on by default",
            ),
            CommandError::Cluster { help, .. } => help.as_deref(),
            CommandError::NothingToCompare => {
                Some("name at least two kinds of control plane, as in --clusters embedded,envtest")
            }
            CommandError::ReportOverInput { .. } => Some("give the report another name"),
            CommandError::SeedsElsewhere => {
                Some("leave out --seeds, or judge on --cluster embedded")
            }
            _ => None,
        }
    }

    fn status(&self) -> ExitStatus {
        match self {
            #[cfg(not(all(feature = "envtest", feature = "kind", feature = "kubeconfig")))]
            CommandError::LeftOut { .. } => ExitStatus::Usage,
            CommandError::Documents { .. }
            | CommandError::Warnings { .. }
            | CommandError::NothingToCompare
            | CommandError::SeedsElsewhere
            | CommandError::SameReport { .. }
            | CommandError::ReportOverInput { .. }
            | CommandError::ReadLedger { .. }
            | CommandError::Ledger { .. } => ExitStatus::Usage,
            _ => ExitStatus::EnvironmentFailed,
        }
    }

    fn is_broken_pipe(&self) -> bool {
        matches!(self, CommandError::Print(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
