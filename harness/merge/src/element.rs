//! One step of a field path, as FieldsV1 writes it.

use std::fmt;

use serde_json::{Map, Value};

use crate::go_text;
use crate::literal::Literal;

/// A step of a path; the order is structured-merge-diff's (fields, keys, values, indices).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// A field of a map.
    Field(String),
    /// An item of a keyed list, by its keys in the order of their names.
    Key(Vec<(String, Literal)>),
    /// An item of a set.
    Value(Literal),
    /// An item by its place.
    Index(i64),
}

/// A step that is none.
#[derive(Debug)]
pub(crate) struct Unreadable;

impl Element {
    pub(crate) fn field(name: impl Into<String>) -> Element {
        Element::Field(name.into())
    }

    pub(crate) fn key(keys: Map<String, Value>) -> Element {
        let keys = keys.into_iter().map(|(name, value)| (name, Literal(value)));
        Element::Key(keys.collect())
    }

    pub(crate) fn value(value: &Value) -> Element {
        Element::Value(Literal(value.clone()))
    }

    /// `f:name`, `k:{…}`, `v:…`, `i:0`.
    pub(crate) fn encode(&self) -> String {
        match self {
            Element::Field(name) => format!("f:{name}"),
            Element::Key(keys) => {
                let keys = keys
                    .iter()
                    .map(|(name, value)| (name.clone(), value.0.clone()));
                format!("k:{}", go_text::json(&Value::Object(keys.collect())))
            }
            Element::Value(value) => format!("v:{}", go_text::json(&value.0)),
            Element::Index(index) => format!("i:{index}"),
        }
    }

    /// The reverse of [`Element::encode`]; nothing for a sort of step that only later versions know.
    ///
    /// # Errors
    /// [`Unreadable`] for what has not the form of a step.
    pub(crate) fn decode(text: &str) -> Result<Option<Element>, Unreadable> {
        let (sort, rest) = text.split_once(':').ok_or(Unreadable)?;
        let element = match sort {
            "f" => Element::field(rest),
            "k" => Element::key(serde_json::from_str(rest).map_err(|_| Unreadable)?),
            "v" => Element::Value(Literal(serde_json::from_str(rest).map_err(|_| Unreadable)?)),
            "i" => Element::Index(rest.parse().map_err(|_| Unreadable)?),
            _ if sort.len() == 1 => return Ok(None),
            _ => return Err(Unreadable),
        };
        Ok(Some(element))
    }

    /// Returns true if a list item is the one that this step means.
    pub(crate) fn is_item(&self, index: usize, item: &Value) -> bool {
        match self {
            Element::Field(_) => false,
            Element::Key(keys) => keys.iter().all(|(name, value)| {
                item.get(name)
                    .is_some_and(|given| Literal(given.clone()) == *value)
            }),
            Element::Value(value) => *value == Literal(item.clone()),
            Element::Index(at) => i64::try_from(index) == Ok(*at),
        }
    }
}

/// As messages name it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`.
impl fmt::Display for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Field(name) => write!(formatter, ".{name}"),
            Element::Key(keys) => {
                let pairs = keys
                    .iter()
                    .map(|(name, value)| format!("{name}={}", shown(&value.0)));
                write!(formatter, "[{}]", pairs.collect::<Vec<_>>().join(","))
            }
            Element::Value(value) => write!(formatter, "[={}]", shown(&value.0)),
            Element::Index(index) => write!(formatter, "[{index}]"),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => go_text::quoted(text),
        Value::Null => "null".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name}={}", shown(value)));
            fields.collect()
        }
        Value::Bool(_) | Value::Number(_) => go_text::plain(value),
    }
}
