//! The type of `metadata` (ObjectMeta of meta/v1), the same for every object.

use std::collections::BTreeMap;

use crate::types::{Relation, Scalar, Shape, Type};

/// Labels and annotations merge by key, finalizers are a set, owner references are told apart by uid.
pub(crate) fn object_meta() -> Type {
    let text = || Type::new(Shape::Scalar(Scalar::Any));
    let texts = || map_of(text());
    let plain = [
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generateName",
        "generation",
        "name",
        "namespace",
        "resourceVersion",
        "selfLink",
        "uid",
    ];
    let mut fields: BTreeMap<String, Type> = plain
        .into_iter()
        .map(|name| (name.to_owned(), text()))
        .collect();
    fields.insert("labels".to_owned(), texts());
    fields.insert("annotations".to_owned(), texts());
    fields.insert("finalizers".to_owned(), finalizers());
    fields.insert("ownerReferences".to_owned(), owner_references());
    fields.insert("managedFields".to_owned(), atomic_list());
    Type::new(Shape::Map {
        fields,
        other: None,
        atomic: false,
    })
}

fn map_of(items: Type) -> Type {
    Type::new(Shape::Map {
        fields: BTreeMap::new(),
        other: Some(items),
        atomic: false,
    })
}

fn finalizers() -> Type {
    Type::new(Shape::List {
        items: Type::new(Shape::Scalar(Scalar::String)),
        relation: Relation::Set,
    })
}

fn owner_references() -> Type {
    let reference = Type::new(Shape::Map {
        fields: BTreeMap::new(),
        other: Some(Type::deduced()),
        atomic: true,
    });
    Type::new(Shape::List {
        items: reference,
        relation: Relation::Map {
            keys: vec![("uid".to_owned(), None)],
        },
    })
}

fn atomic_list() -> Type {
    Type::new(Shape::List {
        items: Type::deduced(),
        relation: Relation::Atomic,
    })
}
