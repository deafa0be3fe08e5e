//! A document as a tree that knows where it was written.

use serde_json::{Map, Number, Value};

use crate::Span;

/// A value and where it was written. The span of a collection runs from its first to its last node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// The place where it was written. A copy made by an alias keeps the place of the original.
    pub span: Span,
}

/// The kinds of value that JSON knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number; integers stay integers.
    Number(Number),
    /// A string.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order in which they were written.
    Mapping(Vec<Entry>),
}

/// One key of a mapping and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key. Keys that are no strings are written as `sigs.k8s.io/yaml` writes them: `true`, `80`, `1.5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key's text.
    pub text: String,
    /// The place where it was written.
    pub span: Span,
}

impl Node {
    /// The value of a key; `None` if there is none or this is no mapping.
    ///
    /// ```
    /// use crosscut_yaml::{Limits, parse};
    ///
    /// let node = parse("spec: {size: 3}", &Limits::default()).unwrap().remove(0);
    /// assert!(node.get("spec").unwrap().get("colour").is_none());
    /// ```
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?
            .iter()
            .find(|entry| entry.key.text == key)
            .map(|entry| &entry.value)
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a sequence.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns true if this is null.
    pub fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// The node as plain JSON, without places.
    ///
    /// ```
    /// use crosscut_yaml::{Limits, parse};
    /// use serde_json::json;
    ///
    /// // As kubectl reads them: an unquoted `on` is a boolean, a quoted one is a text.
    /// let node = parse("{a: on, b: 'on'}", &Limits::default()).unwrap().remove(0);
    /// assert_eq!(node.to_value(), json!({"a": true, "b": "on"}));
    /// ```
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(boolean) => Value::Bool(*boolean),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::String(text) => Value::String(text.clone()),
            Kind::Sequence(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Kind::Mapping(entries) => {
                let pairs = entries
                    .iter()
                    .map(|entry| (entry.key.text.clone(), entry.value.to_value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// Returns what this is, for messages: `a string`, `a mapping`.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }
}
