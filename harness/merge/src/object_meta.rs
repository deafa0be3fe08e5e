//! The type of `metadata` (ObjectMeta of meta/v1), the same for every object, and of objects around it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::types::{Fields, Items, Other, Relation, Scalar, Shape, Type};

/// The root of an object: version, kind and metadata are always there.
pub(crate) fn root(mut fields: Fields) -> Type {
    fields
        .declared
        .insert("apiVersion".to_owned(), scalar(Scalar::String));
    fields
        .declared
        .insert("kind".to_owned(), scalar(Scalar::String));
    fields.declared.insert("metadata".to_owned(), object_meta());
    Type::new(Shape::Map(fields))
}

/// Labels and annotations merge by key, finalizers are a set, owner references are told apart by uid.
fn object_meta() -> Type {
    let texts = || {
        map(Fields {
            other: Other::Of(scalar(Scalar::String)),
            ..only([])
        })
    };
    map(only([
        ("name", scalar(Scalar::String)),
        ("generateName", scalar(Scalar::String)),
        ("namespace", scalar(Scalar::String)),
        ("uid", scalar(Scalar::String)),
        ("resourceVersion", scalar(Scalar::String)),
        ("selfLink", scalar(Scalar::String)),
        ("generation", scalar(Scalar::Number)),
        ("deletionGracePeriodSeconds", scalar(Scalar::Number)),
        ("creationTimestamp", scalar(Scalar::Any)),
        ("deletionTimestamp", scalar(Scalar::Any)),
        ("labels", texts()),
        ("annotations", texts()),
        ("finalizers", list(scalar(Scalar::String), Relation::Set)),
        ("ownerReferences", owner_references()),
        ("managedFields", Type::new(Shape::List(Items::atomic()))),
    ]))
}

fn owner_references() -> Type {
    let reference = map(Fields {
        atomic: true,
        ..only([
            ("apiVersion", scalar(Scalar::String)),
            ("kind", scalar(Scalar::String)),
            ("name", scalar(Scalar::String)),
            ("uid", scalar(Scalar::String)),
            ("controller", scalar(Scalar::Boolean)),
            ("blockOwnerDeletion", scalar(Scalar::Boolean)),
        ])
    });
    // OpenAPI gives required texts of built-in types the empty text as their default.
    let uid = ("uid".to_owned(), Some(Value::from("")));
    list(reference, Relation::Map(vec![uid]))
}

fn only<const COUNT: usize>(fields: [(&str, Type); COUNT]) -> Fields {
    let declared: BTreeMap<String, Type> =
        fields.map(|(name, kind)| (name.to_owned(), kind)).into();
    Fields {
        declared,
        other: Other::Forbidden,
        atomic: false,
    }
}

fn scalar(scalar: Scalar) -> Type {
    Type::new(Shape::Scalar(scalar))
}

fn map(fields: Fields) -> Type {
    Type::new(Shape::Map(fields))
}

fn list(of: Type, relation: Relation) -> Type {
    Type::new(Shape::List(Items {
        of: Some(of),
        relation,
    }))
}
