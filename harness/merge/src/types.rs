//! How the parts of an object merge: structured-merge-diff's types, made from an OpenAPI schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::element::Element;
use crate::object_meta;

/// How an object, or a part of one, merges. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Type(pub(crate) Arc<Shape>);

/// One node of a type.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Nothing is declared: maps merge, lists are atomic.
    Deduced,
    /// One value that is replaced as a whole.
    Scalar(Scalar),
    /// A map.
    Map {
        /// The declared fields.
        fields: BTreeMap<String, Type>,
        /// What other fields are, where there may be any.
        other: Option<Type>,
        /// Replaced as a whole.
        atomic: bool,
    },
    /// A list.
    List { items: Type, relation: Relation },
}

/// What a scalar may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    String,
    Number,
    Boolean,
    /// Int-or-string, dates, and what names no type.
    Any,
}

/// How the items of a list are told apart.
#[derive(Debug)]
pub(crate) enum Relation {
    /// Not at all: the list is replaced as a whole.
    Atomic,
    /// By their values.
    Set,
    /// By some of their fields; a key that is missing has its default.
    Map { keys: Vec<(String, Option<Value>)> },
}

impl Type {
    pub(crate) fn new(shape: Shape) -> Type {
        Type(Arc::new(shape))
    }

    /// Nothing is declared: maps merge, lists are atomic.
    pub fn deduced() -> Type {
        Type::new(Shape::Deduced)
    }

    /// An object of which only the metadata is declared; the rest is deduced.
    pub fn object_meta_only() -> Type {
        root(BTreeMap::new(), Some(Type::deduced()))
    }

    /// `CustomResourceDefinition` of `apiextensions.k8s.io/v1`: conditions merge by type, versions are atomic.
    pub fn custom_resource_definition() -> Type {
        let conditions = Type::new(Shape::List {
            items: Type::deduced(),
            relation: Relation::Map {
                keys: vec![("type".to_owned(), None)],
            },
        });
        let status = Type::new(Shape::Map {
            fields: BTreeMap::from([("conditions".to_owned(), conditions)]),
            other: Some(Type::deduced()),
            atomic: false,
        });
        root(
            BTreeMap::from([("status".to_owned(), status)]),
            Some(Type::deduced()),
        )
    }

    /// The type of a custom resource from the `openAPIV3Schema` of its version; the metadata is Kubernetes' own.
    pub fn from_openapi(schema: &Value) -> Type {
        match &*shape(schema).0 {
            Shape::Map { fields, other, .. } => root(fields.clone(), other.clone()),
            _ => Type::object_meta_only(),
        }
    }

    /// Whether a field is declared by name.
    pub(crate) fn declares(&self, field: &str) -> bool {
        matches!(&*self.0, Shape::Map { fields, .. } if fields.contains_key(field))
    }

    /// The type of a field; nothing where it is not declared.
    pub(crate) fn field(&self, name: &str) -> Option<Type> {
        match &*self.0 {
            Shape::Map { fields, other, .. } => fields.get(name).or(other.as_ref()).cloned(),
            Shape::Deduced => Some(self.clone()),
            Shape::Scalar(_) | Shape::List { .. } => None,
        }
    }

    /// The type below a step of a path; deduced where nothing is declared.
    pub(crate) fn below(&self, element: &Element) -> Type {
        let found = match (element, &*self.0) {
            (Element::Field(name), _) => self.field(name),
            (_, Shape::List { items, .. }) => Some(items.clone()),
            _ => None,
        };
        found.unwrap_or_else(Type::deduced)
    }
}

/// The root of an object: version, kind and metadata are always there.
fn root(mut fields: BTreeMap<String, Type>, other: Option<Type>) -> Type {
    let text = || Type::new(Shape::Scalar(Scalar::String));
    fields.insert("apiVersion".to_owned(), text());
    fields.insert("kind".to_owned(), text());
    fields.insert("metadata".to_owned(), object_meta::object_meta());
    Type::new(Shape::Map {
        fields,
        other,
        atomic: false,
    })
}

fn shape(schema: &Value) -> Type {
    let flag = |name: &str| schema.get(name) == Some(&Value::Bool(true));
    if flag("x-kubernetes-int-or-string") {
        return Type::new(Shape::Scalar(Scalar::Any));
    }
    if flag("x-kubernetes-embedded-resource") {
        return embedded(schema, flag("x-kubernetes-preserve-unknown-fields"));
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => map(schema, flag("x-kubernetes-preserve-unknown-fields")),
        Some("array") => list(schema),
        Some("string") => Type::new(Shape::Scalar(string(schema))),
        Some("integer" | "number") => Type::new(Shape::Scalar(Scalar::Number)),
        Some("boolean") => Type::new(Shape::Scalar(Scalar::Boolean)),
        _ => Type::deduced(),
    }
}

fn string(schema: &Value) -> Scalar {
    match schema.get("format").and_then(Value::as_str) {
        Some("date" | "date-time") => Scalar::Any,
        _ => Scalar::String,
    }
}

fn embedded(schema: &Value, preserve: bool) -> Type {
    match &*map(schema, preserve).0 {
        Shape::Map { fields, other, .. } => root(fields.clone(), other.clone()),
        _ => Type::object_meta_only(),
    }
}

fn map(schema: &Value, preserve: bool) -> Type {
    let declared = schema.get("properties").and_then(Value::as_object);
    let fields = declared
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), shape(schema)))
        .collect();
    let additional = match schema.get("additionalProperties") {
        Some(Value::Bool(true)) => Some(Type::deduced()),
        Some(schema @ Value::Object(_)) => Some(shape(schema)),
        _ => None,
    };
    let preserved = preserve.then(Type::deduced);
    Type::new(Shape::Map {
        fields,
        other: additional.or(preserved),
        atomic: schema.get("x-kubernetes-map-type") == Some(&Value::from("atomic")),
    })
}

fn list(schema: &Value) -> Type {
    let items = schema.get("items").unwrap_or(&Value::Null);
    let relation = match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => Relation::Set,
        Some("map") => Relation::Map {
            keys: keys(schema, items),
        },
        _ => Relation::Atomic,
    };
    Type::new(Shape::List {
        items: shape(items),
        relation,
    })
}

fn keys(schema: &Value, items: &Value) -> Vec<(String, Option<Value>)> {
    let names = schema
        .get("x-kubernetes-list-map-keys")
        .and_then(Value::as_array);
    let empty = Map::new();
    let properties = items
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|name| {
            let default = properties.get(name).and_then(|key| key.get("default"));
            (name.to_owned(), default.cloned())
        })
        .collect()
}
