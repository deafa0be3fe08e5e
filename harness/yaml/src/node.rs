//! A document as a tree, with the place of each node.

use serde_json::{Map, Number, Value};

use crate::Span;

/// A value and its place. The span of a collection runs from its first to its last node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// The place in the text. A copy by an alias has the place of the original.
    pub span: Span,
}

/// The kinds of JSON values.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The texts `null` and `~`, or no text.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number. Integers stay integers.
    Number(Number),
    /// A string.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// The keys and values, in the order of the text.
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

/// A key. Keys that are not strings have the text of `sigs.k8s.io/yaml`: `true`, `80`, `1.5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key's text.
    pub text: String,
    /// The place in the text.
    pub span: Span,
}

impl Node {
    /// Returns the value of a key, or `None` if there is none or the node is no mapping.
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

    /// Returns the entries of a mapping.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the items of a sequence.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns true if the node is null.
    pub fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// Returns the node as plain JSON, without places.
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

    /// Returns the name of the node's type for messages: `a string`, `a mapping`.
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
