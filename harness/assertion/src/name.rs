//! Names of objects, and the errors of values that are not names.

use std::fmt;
use std::ops::Deref;

use crosscut_yaml::Node;
use serde_json::Value;

use crate::problem::Problem;

/// The code of a value that is not a name and must be one.
pub(crate) const CODE: &str = "name::invalid";
/// The maximum length of a value in a message, in characters.
const SHOWN: usize = 80;

/// A name of an object, a namespace, a kind or an apiVersion: a non-empty text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Returns the name, or `None` for the empty text.
    ///
    /// ```
    /// use crosscut_assertion::Name;
    ///
    /// assert!(Name::new("colours").is_some());
    /// // An empty name would mean all objects of the kind.
    /// assert!(Name::new("").is_none());
    /// ```
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Name> {
        let text = text.into();
        (!text.is_empty()).then_some(Name(text))
    }

    /// Returns true if the name can be a segment of a URL's path, as every stored object's name can
    /// (apimachinery's `path.IsValidPathSegmentName`, Kubernetes 1.34).
    #[must_use]
    pub fn is_path_segment(&self) -> bool {
        !matches!(self.0.as_str(), "." | "..") && !self.0.contains(['/', '%'])
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

/// Returns the name that a document has for `what`.
///
/// # Errors
/// Returns a [`Problem`] for a value that is not text, or is empty. `written` is its place in the document.
pub(crate) fn name(what: &str, written: &Node, value: &Value) -> Result<Name, Problem> {
    let text = text(what, written, value)?;
    Name::new(text).ok_or_else(|| {
        let message = format!(
            "{} is empty text, and names nothing",
            subject(what, written)
        );
        Problem::new(CODE, message, written.span)
    })
}

/// Returns the text that a document has for `what`, which may be empty.
///
/// # Errors
/// Returns a [`Problem`] for a value that is not text.
pub(crate) fn text<'a>(what: &str, written: &Node, value: &'a Value) -> Result<&'a str, Problem> {
    value
        .as_str()
        .ok_or_else(|| unsuited(what, written, value, "text"))
}

/// Returns the problem of a value that is not what `what` must be: `wanted`, such as `text`.
pub(crate) fn unsuited(what: &str, written: &Node, value: &Value, wanted: &str) -> Problem {
    let message = format!(
        "{} is {}, and must be {wanted}",
        subject(what, written),
        described(value)
    );
    let problem = Problem::new(CODE, message, written.span);
    match (value, is_expression(written)) {
        (Value::Null, true) => problem.with_help(
            "a field that is not there gives null: is it spelt as it is where it is bound?",
        ),
        (Value::Null, false) => problem.with_help("leave out the field, or give it a value"),
        (Value::Number(_) | Value::Bool(_), false) => problem.with_help("put it in quotes"),
        (Value::Number(_) | Value::Bool(_), true) => {
            problem.with_help("to_string(…) makes it text")
        }
        _ => problem,
    }
}

/// Returns `the name ($values.a)`, or `the name` for a value without an expression.
fn subject(what: &str, written: &Node) -> String {
    match written.as_str() {
        Some(text) if is_expression(written) => format!("the {what} {}", bounded(text)),
        _ => format!("the {what}"),
    }
}

fn is_expression(written: &Node) -> bool {
    written
        .as_str()
        .is_some_and(|text| text.starts_with('(') && text.ends_with(')'))
}

fn described(value: &Value) -> String {
    let kind = match value {
        Value::Null => return "null".to_owned(),
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    };
    format!("{}, {kind}", bounded(&value.to_string()))
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
