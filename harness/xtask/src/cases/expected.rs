//! `expected.yaml`: the expected output of crosscut for a case.

use std::collections::BTreeMap;
use std::path::Path;

use crosscut_yaml::{Limits, parse};
use serde::Deserialize;

use crate::TaskError;

/// The file's name.
const FILE: &str = "expected.yaml";

/// The expected output of crosscut for a case.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expected {
    /// The command of crosscut.
    pub(crate) command: Command,
    /// The additional arguments.
    pub(crate) arguments: Vec<String>,
    /// The exit code.
    pub(crate) exit: i32,
    /// The trials that the report must contain, by `SCENARIO::PROVIDER`.
    pub(crate) trials: BTreeMap<String, Trial>,
    /// The texts that standard output and standard error together must contain.
    pub(crate) output: Vec<String>,
    /// The texts that neither of them may contain.
    pub(crate) absent: Vec<String>,
}

/// A command of crosscut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Command {
    /// `crosscut test`.
    #[default]
    Test,
    /// `crosscut lint`.
    Lint,
}

impl Command {
    /// Returns the command as on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Command::Test => "test",
            Command::Lint => "lint",
        }
    }
}

/// The expected report of a trial.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// The verdict.
    pub(crate) verdict: String,
    /// The code of one of the failures.
    #[serde(default)]
    pub(crate) code: Option<String>,
    /// The texts that the trial's report must contain.
    #[serde(default)]
    pub(crate) text: Vec<String>,
}

/// Reads a case's expectation. Returns the default if the file is missing, or the mistake in the file.
///
/// # Errors
/// Fails if the file exists and cannot be read.
pub(crate) fn read(case: &Path) -> Result<Result<Expected, String>, TaskError> {
    let file = case.join(FILE);
    if !file.exists() {
        return Ok(Ok(Expected::default()));
    }
    let what = format!("read {}", file.display());
    let text = std::fs::read_to_string(&file).map_err(TaskError::io(what))?;
    Ok(expectation(&text).map_err(|mistake| format!("{FILE}: {mistake}")))
}

fn expectation(text: &str) -> Result<Expected, String> {
    let documents = parse(text, &Limits::default()).map_err(|errors| {
        let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
        messages.join("; ")
    })?;
    let [document] = documents.as_slice() else {
        return Err(format!("has {} documents, not one", documents.len()));
    };
    serde_json::from_value(document.to_value()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_default() {
        let expected = expectation("{exit: 1}").unwrap();
        assert_eq!(
            expected,
            Expected {
                exit: 1,
                ..Expected::default()
            }
        );
    }

    #[test]
    fn a_trial_needs_a_verdict_and_knows_no_other_words() {
        for text in [
            "trials: {a: {code: x}}",
            "trials: {a: {verdict: passed, txt: []}}",
            "exits: 1",
            "command: parity",
            "",
            "--- {}\n--- {}",
        ] {
            assert!(expectation(text).is_err(), "{text}");
        }
    }
}
