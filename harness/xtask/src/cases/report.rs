//! The parts of a run's report that an expectation can describe.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::TaskError;

/// The trials of a run.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Report {
    trials: Vec<Value>,
}

/// A trial of a report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial<'a>(&'a Value);

impl Report {
    /// Reads a JSON report. Returns one without trials if the file is missing, because some runs write none.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is not a report.
    pub(crate) fn read(file: &Path) -> Result<Report, TaskError> {
        if !file.exists() {
            return Ok(Report::default());
        }
        let what = format!("read {}", file.display());
        let text = std::fs::read_to_string(file).map_err(TaskError::io(&what))?;
        serde_json::from_str(&text).map_err(|source| TaskError::Output { what, source })
    }

    /// Returns the trial with the name `SCENARIO::PROVIDER`.
    pub(crate) fn trial(&self, name: &str) -> Option<Trial<'_>> {
        self.trials
            .iter()
            .map(Trial)
            .find(|trial| trial.name() == name)
    }

    /// Returns the names of all trials.
    pub(crate) fn names(&self) -> Vec<String> {
        self.trials
            .iter()
            .map(|trial| Trial(trial).name())
            .collect()
    }
}

impl<'a> Trial<'a> {
    fn field(self, name: &str) -> &'a str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn name(self) -> String {
        format!("{}::{}", self.field("scenario"), self.field("provider"))
    }

    /// Returns the verdict.
    pub(crate) fn verdict(self) -> &'a str {
        self.field("verdict")
    }

    /// Returns the codes of the failures.
    pub(crate) fn codes(self) -> Vec<&'a str> {
        let failures = self.0.get("failures").and_then(Value::as_array);
        let codes = failures.into_iter().flatten();
        codes
            .filter_map(|failure| failure.get("code")?.as_str())
            .collect()
    }

    /// Returns all texts of the trial's report, one per line.
    pub(crate) fn texts(self) -> String {
        let mut texts = String::new();
        collect(self.0, &mut texts);
        texts
    }
}

fn collect(value: &Value, texts: &mut String) {
    match value {
        Value::String(text) => {
            texts.push_str(text);
            texts.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
