//! `cargo xtask`: what developers of crosscut run besides cargo itself. Users never need it.

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
    /// Measures the release build: prints a table and writes JSON. Never a pass or a fail.
    Bench(bench::Arguments),
    /// Builds the real programs that this project's tests compare crosscut with.
    Testbed(testbed::Arguments),
    /// Proves that the scenarios notice when the system under test is wrong: makes one mistake after the
    /// other in a copy of it. Fails where a mistake goes unnoticed.
    MutateFixture(mutants::Arguments),
    /// Runs small projects and says which of them crosscut does not judge as their `expected.yaml` says.
    Cases(cases::Arguments),
    /// Runs each target of the fuzzer for a bounded time. Needs a C++ compiler.
    Fuzz(fuzz::Arguments),
    /// Prints the structure of the project: crates, arrows, circles of files, comments. With --check, fails if an arrow
    /// between crates runs up or a crate is too large.
    House(house::Arguments),
    /// Builds the program from nothing and prints the crates that take longest to compile.
    BuildTimes(build_times::Arguments),
    /// Checks the English of comments and documents.
    English(english::Arguments),
    /// Writes the package of the fixture in KCL anew. Needs the test bed's KCL.
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

/// An error and what caused it, a line each.
fn with_causes(error: &TaskError) -> String {
    let mut text = format!("{error}\n");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!("  caused by: {error}\n"));
        cause = error.source();
    }
    text
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
    /// A program is missing.
    #[error("no {program} on PATH: {help}")]
    NoProgram {
        /// The program.
        program: String,
        /// How to get it.
        help: &'static str,
    },
    /// A file does not pin what it should.
    #[error("{file} {what}")]
    Pin {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// Nothing says where the test bed is to be.
    #[error("there is no home folder: set CROSSCUT_TESTBED to a folder for the test bed")]
    NoCacheFolder,
    /// Parts of the test bed could not be had.
    #[error("the test bed lacks {0}")]
    Incomplete(String),
    /// The mutants cannot be tried as they are.
    #[error("the mutants cannot be used:\n  {}", .0.join("\n  "))]
    Catalogue(Vec<String>),
    /// A folder without cases.
    #[error("{0} has no case: a case is a folder with a crosscut.yaml")]
    NoCases(String),
    /// A target that the fuzzer does not have.
    #[error("the fuzzer has no target {0}: its targets are {1}")]
    NoFuzzTarget(String, String),
    /// Walls of the house that are broken.
    #[error("{0} walls are broken")]
    Walls(usize),
    /// Files whose English is not as the list of known places says.
    #[error("the English of {0} files is not as it must be")]
    English(usize),
    /// Cases that are not as expected.
    #[error("{0} cases are not as their expected.yaml says")]
    Cases(usize),
    /// The workspace's version is not where it should be.
    #[error("Cargo.toml does not say version = \"{0}\" once")]
    Version(&'static str),
    /// The scenarios do not pass without any mutant.
    #[error("without a mutant, not every scenario passes: {0}")]
    Unmutated(String),
    /// Mutants that the scenarios did not judge as they should.
    #[error("{survived} mutants survived, {broken} are broken")]
    Mutants {
        /// How many no scenario noticed.
        survived: usize,
        /// How many are no believable mistakes.
        broken: usize,
    },
}

impl TaskError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> TaskError {
        let what = what.into();
        move |source| TaskError::Io { what, source }
    }
}
