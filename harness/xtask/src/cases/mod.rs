//! `cargo xtask cases`: small projects, each with the expected output of crosscut.
//!
//! A case is a folder with a `crosscut.yaml`. Its `expected.yaml` has the exit code, the verdicts and parts of the
//! output. Without that file the exit code must be 0. `fixtures/cases/README.md` is the reference.

mod compare;
mod expected;
mod find;
mod report;
mod run;

use std::path::PathBuf;

use crate::{TaskError, cargo};

/// The package of the function that cases use.
const FUNCTION: &str = "misbehaving-function";

/// Arguments of `cargo xtask cases`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A case, or a folder of cases.
    #[arg(value_name = "DIR", default_value = "fixtures/cases")]
    folder: PathBuf,
    /// Runs this binary in place of the one of the checkout.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// Runs every case of a folder and prints those that differ from their expectation.
///
/// # Errors
/// Fails if the folder has no case, if the binary cannot be run, or if a case differs.
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let cases = find::cases(&arguments.folder)?;
    let binary = match &arguments.binary {
        Some(binary) => std::path::absolute(binary).map_err(TaskError::io("find the binary"))?,
        None => {
            // The time limit of a case is not for builds.
            cargo::debug_binary(FUNCTION)?;
            cargo::debug_binary("crosscut")?
        }
    };
    let mut wrong = 0;
    for case in &cases {
        let differences = judge(&binary, case)?;
        print(&line(case, &differences));
        wrong += usize::from(!differences.is_empty());
    }
    print(&format!("{} passed, {wrong} failed\n", cases.len() - wrong));
    match wrong {
        0 => Ok(()),
        wrong => Err(TaskError::Cases(wrong)),
    }
}

/// Returns the differences of one case. Empty if the case is as expected.
fn judge(binary: &std::path::Path, case: &find::Case) -> Result<Vec<String>, TaskError> {
    let expected = match expected::read(&case.folder)? {
        Ok(expected) => expected,
        Err(mistake) => return Ok(vec![mistake]),
    };
    let ended = run::run(binary, &case.folder, &expected)?;
    Ok(compare::differences(&expected, &ended))
}

/// Returns the text about a case.
fn line(case: &find::Case, differences: &[String]) -> String {
    let verdict = if differences.is_empty() {
        "ok"
    } else {
        "WRONG"
    };
    let mut text = format!("{verdict:>6}  {}\n", case.name);
    for difference in differences {
        for line in difference.lines() {
            text.push_str(&format!("        {line}\n"));
        }
    }
    text
}

#[expect(
    clippy::print_stdout,
    reason = "the lines for each case are what the task is for"
)]
fn print(text: &str) {
    print!("{text}");
}
