//! One node of a compiled schema.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Number, Value};

use crate::cel::Rules;
use crate::format::Format;

/// A schema, or a part of one.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// The declared type.
    pub(crate) sort: Option<Sort>,
    pub(crate) int_or_string: bool,
    pub(crate) nullable: bool,
    pub(crate) preserve_unknown: bool,
    pub(crate) embedded: bool,
    pub(crate) properties: BTreeMap<String, Node>,
    pub(crate) additional: Additional,
    pub(crate) items: Option<Box<Node>>,
    pub(crate) list: ListKind,
    pub(crate) default: Option<Value>,
    pub(crate) bounds: Bounds,
    pub(crate) logic: Logic,
    /// The CEL rules of this node, without those of nested nodes.
    pub(crate) rules: Option<Rules>,
    /// True if this node or a nested one has CEL rules.
    pub(crate) has_rules: bool,
}

/// The types of OpenAPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

impl Sort {
    pub(crate) fn named(name: &str) -> Option<Sort> {
        Some(match name {
            "object" => Sort::Object,
            "array" => Sort::Array,
            "string" => Sort::String,
            "integer" => Sort::Integer,
            "number" => Sort::Number,
            "boolean" => Sort::Boolean,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Sort::Object => "object",
            Sort::Array => "array",
            Sort::String => "string",
            Sort::Integer => "integer",
            Sort::Number => "number",
            Sort::Boolean => "boolean",
        }
    }
}

/// The fields that are allowed beside the declared properties.
#[derive(Debug, Default)]
pub(crate) enum Additional {
    /// No fields.
    #[default]
    No,
    /// Fields with any value.
    Any,
    /// Fields with values of a schema.
    Schema(Box<Node>),
}

/// `x-kubernetes-list-type`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum ListKind {
    #[default]
    Atomic,
    Set,
    Map(Vec<String>),
}

/// The limits of a value.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) minimum: Option<Number>,
    pub(crate) maximum: Option<Number>,
    pub(crate) exclusive_minimum: bool,
    pub(crate) exclusive_maximum: bool,
    pub(crate) multiple_of: Option<Number>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) pattern: Option<Regex>,
    pub(crate) format: Option<Format>,
    pub(crate) choices: Vec<Value>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) min_properties: Option<u64>,
    pub(crate) max_properties: Option<u64>,
    pub(crate) required: Vec<String>,
}

/// The further schemas that a value must or must not match.
#[derive(Debug, Default)]
pub(crate) struct Logic {
    pub(crate) all_of: Vec<Node>,
    pub(crate) any_of: Vec<Node>,
    pub(crate) one_of: Vec<Node>,
    pub(crate) not: Option<Box<Node>>,
}

impl Node {
    /// Returns the nodes of properties, of additional properties and of items.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Node> {
        let additional = match &self.additional {
            Additional::Schema(schema) => Some(&**schema),
            Additional::No | Additional::Any => None,
        };
        let items = self.items.as_deref();
        self.properties.values().chain(additional).chain(items)
    }

    /// Returns the schema of a field, or `None` if it has none.
    pub(crate) fn field(&self, name: &str) -> Option<&Node> {
        self.properties.get(name).or(match &self.additional {
            Additional::Schema(node) => Some(node),
            Additional::No | Additional::Any => None,
        })
    }

    /// Returns true if the field is allowed.
    pub(crate) fn allows(&self, name: &str) -> bool {
        self.preserve_unknown
            || !matches!(self.additional, Additional::No)
            || self.properties.contains_key(name)
    }
}
