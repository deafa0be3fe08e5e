//! `cargo xtask`: the tasks of crosscut's developers. Users do not need them.

mod bench;
mod build_times;
mod cargo;
mod cases;
mod english;
mod fuzz;
mod house;
mod kcl;
mod mutants;
mod testbed;

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
    /// Measures the release build: prints a table and writes JSON. Never passes or fails.
    Bench(bench::Arguments),
    /// Builds the real programs that this project's tests compare crosscut with.
    Testbed(testbed::Arguments),
    /// Proves that the scenarios notice mistakes in the system under test: makes one mistake after the other in a
    /// copy. Fails if a mistake goes unnoticed.
    MutateFixture(mutants::Arguments),
    /// Runs small projects and prints those whose results differ from their `expected.yaml`.
    Cases(cases::Arguments),
    /// Runs each target of the fuzzer for a bounded time. Needs a C++ compiler.
    Fuzz(fuzz::Arguments),
    /// Prints the structure of the project: crates, arrows, cycles of files, comments. With --check, fails if an
    /// arrow between crates points up or a crate is too large.
    House(house::Arguments),
    /// Builds the program from a clean folder and prints the crates that take longest to compile.
    BuildTimes(build_times::Arguments),
    /// Checks the English of comments and documents.
    English(english::Arguments),
    /// Generates the package of the fixture in KCL again. Needs the test bed's KCL.
    GenerateKcl,
}

#[expect(
    clippy::print_stderr,
    reason = "a developer's tool that reports on the terminal"
)]
fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Testbed(arguments) => testbed::run(&arguments),
        Task::MutateFixture(arguments) => mutants::run(&arguments),
        Task::Cases(arguments) => cases::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::House(arguments) => house::run(&arguments),
        Task::BuildTimes(arguments) => build_times::run(&arguments),
        Task::English(arguments) => english::run(&arguments),
        Task::GenerateKcl => kcl::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("error: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// Returns an error and its causes, one per line.
fn with_causes(error: &TaskError) -> String {
    let mut text = format!("{error}\n");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!("  caused by: {error}\n"));
        cause = error.source();
    }
    text
}

/// The error of a task.
#[derive(Debug, thiserror::Error)]
enum TaskError {
    /// A file or process failed.
    #[error("{what}")]
    Io {
        /// The attempted operation.
        what: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A command failed.
    #[error("{command} ended with {status}")]
    Command {
        /// The command.
        command: String,
        /// The exit status and the last output.
        status: String,
    },
    /// The output of a program is invalid.
    #[error("{what}")]
    Output {
        /// The attempted operation.
        what: String,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// A program is missing.
    #[error("no {program} on PATH: {help}")]
    NoProgram {
        /// The program.
        program: String,
        /// A hint how to install the program.
        help: &'static str,
    },
    /// A file does not have the expected pin.
    #[error("{file} {what}")]
    Pin {
        /// The file.
        file: String,
        /// The message about the file.
        what: String,
    },
    /// The folder of the test bed is not known.
    #[error("there is no home folder: set CROSSCUT_TESTBED to a folder for the test bed")]
    NoCacheFolder,
    /// Parts of the test bed could not be built.
    #[error("the test bed lacks {0}")]
    Incomplete(String),
    /// The mutants are invalid.
    #[error("the mutants cannot be used:\n  {}", .0.join("\n  "))]
    Catalogue(Vec<String>),
    /// The folder has no cases.
    #[error("{0} has no case: a case is a folder with a crosscut.yaml")]
    NoCases(String),
    /// The fuzzer has no such target.
    #[error("the fuzzer has no target {0}: its targets are {1}")]
    NoFuzzTarget(String, String),
    /// Walls are broken.
    #[error("{0} walls are broken")]
    Walls(usize),
    /// The English of files differs from the list of known places.
    #[error("the English of {0} files is not as it must be")]
    English(usize),
    /// Cases differ from their expectations.
    #[error("{0} cases are not as their expected.yaml says")]
    Cases(usize),
    /// The workspace's version is not at the expected place.
    #[error("Cargo.toml does not say version = \"{0}\" once")]
    Version(&'static str),
    /// The scenarios do not pass without a mutant.
    #[error("without a mutant, not every scenario passes: {0}")]
    Unmutated(String),
    /// Mutants survived or are broken.
    #[error("{survived} mutants survived, {broken} are broken")]
    Mutants {
        /// The number of mutants that no scenario noticed.
        survived: usize,
        /// The number of mutants that are not believable mistakes.
        broken: usize,
    },
}

impl TaskError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> TaskError {
        let what = what.into();
        move |source| TaskError::Io { what, source }
    }
}
