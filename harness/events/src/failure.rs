//! One reason why a trial did not pass, with the details that explain it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One reason why a trial did not pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code in path form, such as `expect::mismatch` or `function::deadline`.
    pub code: String,
    /// The step's name; empty if the failure precedes the first step.
    pub step: String,
    /// The action, such as `expect` or `apply`.
    pub action: String,
    /// The failure in one sentence.
    pub message: String,
    /// The place of the failed part in the user's document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The fields that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
    /// The unified diff of expected and actual; empty if there is nothing to compare.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub diff: String,
    /// The object with the fewest differences, if none matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
    /// The events and conditions of the objects concerned, and notes.
    #[serde(default, skip_serializing_if = "Evidence::is_empty")]
    pub evidence: Evidence,
    /// The remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Failure {
    /// Creates a failure with a code and a message; the other fields are empty.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Failure {
        Failure {
            code: code.into(),
            step: String::new(),
            action: String::new(),
            message: message.into(),
            location: None,
            mismatches: Vec::new(),
            diff: String::new(),
            nearest: None,
            evidence: Evidence::default(),
            help: None,
        }
    }
}

/// A place in a file of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file, relative to the suite's folder if it lies below it; reports show it from the current folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A field that differs from the assertion document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The field in the actual object, such as `spec.versions[0].name`.
    pub path: String,
    /// The place of the expected value in the assertion document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The mismatch in words.
    pub message: String,
    /// The expected value.
    pub expected: Value,
    /// The actual value; `None` if the field is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
}

/// The object with the fewest differences from an assertion that no object matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    /// The object, as `kind namespace/name`.
    pub object: String,
    /// The number of fields that differ.
    pub differences: usize,
    /// The number of objects that were compared.
    pub candidates: usize,
}

/// The state of the objects that a failure concerns, as the control plane reported it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The last events, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ObjectEvent>,
    /// The conditions of the objects concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ObjectCondition>,
    /// The last messages of controllers that kept failing, or the latest changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Evidence {
    /// Returns true if there are no events, conditions and notes.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.conditions.is_empty() && self.notes.is_empty()
    }
}

/// A Kubernetes Event in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectEvent {
    /// `Normal` or `Warning`.
    pub kind: String,
    /// The event's reason.
    pub reason: String,
    /// The object of the event, as `kind namespace/name`.
    pub object: String,
    /// The event's message.
    pub message: String,
    /// The number of occurrences.
    pub count: u64,
}

/// A status condition in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectCondition {
    /// The object of the condition, as `kind namespace/name`.
    pub object: String,
    /// The condition's type.
    pub condition: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// The condition's reason.
    pub reason: String,
    /// The condition's message; often empty.
    pub message: String,
}
