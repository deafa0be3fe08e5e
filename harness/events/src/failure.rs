//! One reason why a trial did not pass, with everything needed to understand it at night.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One reason why a trial did not pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code in path form, such as `expect::mismatch` or `function::deadline`.
    pub code: String,
    /// The step's name; empty if the failure precedes the first step.
    pub step: String,
    /// What was being done, such as `expect` or `apply`.
    pub action: String,
    /// The failure in one sentence.
    pub message: String,
    /// The place where the user wrote what failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What did not match, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
    /// Expected against actual as a unified diff; empty if there is nothing to compare.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub diff: String,
    /// The object that came closest where none matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
    /// What the control plane itself said about the objects concerned.
    #[serde(default, skip_serializing_if = "Evidence::is_empty")]
    pub evidence: Evidence,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Failure {
    /// A failure that has a code and a message; everything else is empty.
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

/// A place in a file that the user wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file, relative to the suite's folder if it lies below it; reports show it from the current folder.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
}

impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One field that is not as the assertion document says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The field in the actual object, such as `spec.versions[0].name`.
    pub path: String,
    /// The place where the assertion document says what was expected.
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

/// The object that came closest to an assertion that nothing matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    /// `kind namespace/name`.
    pub object: String,
    /// How many fields differ.
    pub differences: usize,
    /// The number of objects that were looked at.
    pub candidates: usize,
}

/// What the control plane said about the objects that a failure concerns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The last events, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ObjectEvent>,
    /// The conditions of the objects concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ObjectCondition>,
    /// What controllers that kept failing said last, or what kept moving.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Evidence {
    /// Returns true if nothing was said.
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
    /// `kind namespace/name` of the object that it is about.
    pub object: String,
    /// The event's message.
    pub message: String,
    /// The number of times that it was seen.
    pub count: u64,
}

/// A status condition in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectCondition {
    /// `kind namespace/name` of the object that has it.
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
