//! How the parts of an object merge: structured-merge-diff's types.
//!
//! What they are made from is [`crate::openapi`]'s business.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::element::Element;
use crate::object_meta::root;

/// The way in which an object, or a part of one, merges. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Type(pub(crate) Arc<Shape>);

/// One node of a type.
#[derive(Debug)]
pub(crate) enum Shape {
    /// One value that is replaced as a whole.
    Scalar(Scalar),
    Map(Fields),
    List(Items),
    /// What names no type: scalars, and maps and lists as far as they are declared.
    Any(Fields, Items),
}

/// The fields of a map.
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) declared: BTreeMap<String, Type>,
    pub(crate) other: Other,
    /// Replaced as a whole.
    pub(crate) atomic: bool,
}

/// What the fields are that no name declares.
#[derive(Clone, Debug)]
pub(crate) enum Other {
    /// There may be none.
    Forbidden,
    /// Anything: maps merge, lists are atomic.
    Deduced,
    Of(Type),
}

/// The items of a list.
#[derive(Debug)]
pub(crate) struct Items {
    /// Anything if there is no type.
    pub(crate) of: Option<Type>,
    pub(crate) relation: Relation,
}

/// What a scalar may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    String,
    Number,
    Boolean,
    /// Texts with a format, and what names no type.
    Any,
}

/// The way in which the items of a list are told apart.
#[derive(Debug)]
pub(crate) enum Relation {
    /// Not at all: the list is replaced as a whole.
    Atomic,
    /// By their values.
    Set,
    /// By some of their fields; a key that is missing has its default.
    Map(Vec<(String, Option<Value>)>),
}

/// What a value is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Scalar,
    Map,
    List,
}

impl Type {
    pub(crate) fn new(shape: Shape) -> Type {
        Type(Arc::new(shape))
    }

    /// Nothing is declared: maps merge, lists are atomic.
    pub fn deduced() -> Type {
        Type::new(Shape::Any(Fields::deduced(), Items::atomic()))
    }

    /// An object of which only the metadata is declared; the rest is deduced.
    pub fn object_meta_only() -> Type {
        root(Fields::deduced())
    }

    /// `CustomResourceDefinition` of `apiextensions.k8s.io/v1`: conditions merge by type, versions are atomic.
    pub fn custom_resource_definition() -> Type {
        let conditions = Type::new(Shape::List(Items {
            of: Some(Type::deduced()),
            relation: Relation::Map(vec![("type".to_owned(), None)]),
        }));
        let status = Type::new(Shape::Map(Fields {
            declared: BTreeMap::from([("conditions".to_owned(), conditions)]),
            ..Fields::deduced()
        }));
        // What is in it is declared as well, upstream: then nobody owns the map itself.
        let of = |declared| {
            Type::new(Shape::Map(Fields {
                declared,
                ..Fields::deduced()
            }))
        };
        let spec = of(["names", "conversion"]
            .map(|field| (field.to_owned(), of(BTreeMap::new())))
            .into());
        root(Fields {
            declared: [("spec", spec), ("status", status)]
                .map(|(field, kind)| (field.to_owned(), kind))
                .into(),
            ..Fields::deduced()
        })
    }

    /// `ConfigMap` and `Secret`: their maps are declared, so that who applies an entry does not own the map itself.
    pub fn data() -> Type {
        let map = Type::new(Shape::Map(Fields::deduced()));
        root(Fields {
            declared: ["data", "binaryData", "stringData"]
                .map(|field| (field.to_owned(), map.clone()))
                .into(),
            ..Fields::deduced()
        })
    }

    /// Returns true if nothing at all is said about a value, so that none can be wrong.
    pub(crate) fn is_deduced(&self) -> bool {
        match &*self.0 {
            Shape::Any(fields, items) => {
                fields.are_deduced() && items.of.is_none() && !fields.atomic
            }
            Shape::Scalar(_) | Shape::Map(_) | Shape::List(_) => false,
        }
    }

    /// Returns what a value is taken for; where anything goes, null is taken for a map.
    pub(crate) fn sort(&self, value: &Value) -> Sort {
        match (&*self.0, value) {
            (Shape::Scalar(_), _) => Sort::Scalar,
            (Shape::Map(_), _) => Sort::Map,
            (Shape::List(_), _) => Sort::List,
            (Shape::Any(..), Value::Object(_) | Value::Null) => Sort::Map,
            (Shape::Any(..), Value::Array(_)) => Sort::List,
            (Shape::Any(..), _) => Sort::Scalar,
        }
    }

    pub(crate) fn fields(&self) -> Option<&Fields> {
        match &*self.0 {
            Shape::Map(fields) | Shape::Any(fields, _) => Some(fields),
            Shape::Scalar(_) | Shape::List(_) => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&Items> {
        match &*self.0 {
            Shape::List(items) | Shape::Any(_, items) => Some(items),
            Shape::Scalar(_) | Shape::Map(_) => None,
        }
    }

    /// Returns true if a map of this type is replaced as a whole.
    pub(crate) fn is_atomic_map(&self) -> bool {
        self.fields().is_some_and(|fields| fields.atomic)
    }

    /// The items of a list that is not replaced as a whole.
    pub(crate) fn keyed_items(&self) -> Option<&Items> {
        self.items()
            .filter(|items| !matches!(items.relation, Relation::Atomic))
    }

    /// Returns true if a field is declared by name.
    pub(crate) fn declares(&self, field: &str) -> bool {
        self.fields()
            .is_some_and(|fields| fields.declared.contains_key(field))
    }

    /// The type of a field; nothing if there may be none of this name.
    pub(crate) fn field(&self, name: &str) -> Option<Type> {
        let fields = self.fields()?;
        match (fields.declared.get(name), &fields.other) {
            (Some(declared), _) => Some(declared.clone()),
            (None, Other::Of(other)) => Some(other.clone()),
            (None, Other::Deduced) if self.is_deduced() => Some(self.clone()),
            (None, Other::Deduced) => Some(Type::deduced()),
            (None, Other::Forbidden) => None,
        }
    }

    /// The type below a step of a path; deduced where nothing is declared.
    pub(crate) fn below(&self, element: &Element) -> Type {
        let found = match element {
            Element::Field(name) => self.field(name),
            Element::Key(_) | Element::Value(_) | Element::Index(_) => {
                self.items().and_then(|items| items.of.clone())
            }
        };
        found.unwrap_or_else(Type::deduced)
    }
}

impl Fields {
    /// None declared, any allowed.
    pub(crate) fn deduced() -> Fields {
        Fields {
            declared: BTreeMap::new(),
            other: Other::Deduced,
            atomic: false,
        }
    }

    /// Returns true if nothing at all is said about them.
    pub(crate) fn are_deduced(&self) -> bool {
        self.declared.is_empty() && matches!(self.other, Other::Deduced)
    }
}

impl Items {
    /// Of anything, replaced as a whole.
    pub(crate) fn atomic() -> Items {
        Items {
            of: None,
            relation: Relation::Atomic,
        }
    }
}
