//! One step of a field path, as FieldsV1 writes it.

use std::fmt;

use serde_json::{Map, Value};

/// A step of a path; the order is structured-merge-diff's (fields, keys, values, indices).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// A field of a map.
    Field(String),
    /// An item of a keyed list, by its keys as canonical JSON.
    Key(String),
    /// An item of a set, as canonical JSON.
    Value(String),
    /// An item by its place.
    Index(u64),
}

impl Element {
    pub(crate) fn field(name: impl Into<String>) -> Element {
        Element::Field(name.into())
    }

    pub(crate) fn key(keys: Map<String, Value>) -> Element {
        Element::Key(Value::Object(keys).to_string())
    }

    pub(crate) fn value(value: &Value) -> Element {
        Element::Value(Element::canonical(value))
    }

    fn canonical(value: &Value) -> String {
        value.to_string()
    }

    /// `f:name`, `k:{…}`, `v:…`, `i:0`.
    pub(crate) fn encode(&self) -> String {
        match self {
            Element::Field(name) => format!("f:{name}"),
            Element::Key(keys) => format!("k:{keys}"),
            Element::Value(value) => format!("v:{value}"),
            Element::Index(index) => format!("i:{index}"),
        }
    }

    /// The reverse of [`Element::encode`]; nothing for what is none.
    pub(crate) fn decode(text: &str) -> Option<Element> {
        let (sort, rest) = text.split_once(':')?;
        let canonical = || serde_json::from_str::<Value>(rest).ok();
        match sort {
            "f" => Some(Element::field(rest)),
            "k" => canonical()
                .filter(Value::is_object)
                .map(|keys| Element::Key(keys.to_string())),
            "v" => canonical().map(|value| Element::value(&value)),
            "i" => rest.parse().ok().map(Element::Index),
            _ => None,
        }
    }

    /// Whether a list item is the one that this step means.
    pub(crate) fn is_item(&self, index: usize, item: &Value) -> bool {
        match self {
            Element::Field(_) => false,
            Element::Key(keys) => {
                serde_json::from_str::<Map<String, Value>>(keys).is_ok_and(|keys| {
                    keys.iter()
                        .all(|(name, value)| item.get(name) == Some(value))
                })
            }
            Element::Value(value) => *value == Element::canonical(item),
            Element::Index(at) => u64::try_from(index) == Ok(*at),
        }
    }
}

/// As messages name it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`.
impl fmt::Display for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Field(name) => write!(formatter, ".{name}"),
            Element::Key(keys) => {
                let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let pairs: Vec<String> = keys
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                write!(formatter, "[{}]", pairs.join(","))
            }
            Element::Value(value) => write!(formatter, "[={value}]"),
            Element::Index(index) => write!(formatter, "[{index}]"),
        }
    }
}
