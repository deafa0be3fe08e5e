//! Taking out of a merged object what its applier no longer names and nobody else owns.

use serde_json::{Map, Value};

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::fields::{fields_of, item_element};
use crate::types::{Relation, Shape, Type};

/// `merged` without the fields of `last` that are in nobody's set; `owned` is what all managers own now.
///
/// What lies below a removed field and was never in `last` stays, with the way to it.
pub(crate) fn pruned(merged: Value, last: &FieldSet, owned: &FieldSet, kind: &Type) -> Value {
    if last.is_empty() {
        return merged;
    }
    let named = |set: &FieldSet| set.with_declared_parents(kind);
    let all = named(&fields_of(&merged, kind));
    let bare = without(&merged, &named(last), kind);
    let kept = named(&fields_of(&bare, kind)).union(&named(owned));
    let owned_back = without(&merged, &all.difference(&kept), kind);
    let present = named(&fields_of(&owned_back, kind));
    let gone = all.difference(&present).intersection(&named(last));
    without(&merged, &gone, kind)
}

/// A value without the members of a set.
pub(crate) fn without(value: &Value, remove: &FieldSet, kind: &Type) -> Value {
    match (value, &*kind.0) {
        (Value::Object(map), Shape::Map { atomic: false, .. } | Shape::Deduced) => {
            Value::Object(without_fields(map, remove, kind))
        }
        (
            Value::Array(items),
            Shape::List {
                relation,
                items: below,
            },
        ) if !matches!(relation, Relation::Atomic) => {
            Value::Array(without_items(items, remove, relation, below))
        }
        _ => value.clone(),
    }
}

fn without_fields(map: &Map<String, Value>, remove: &FieldSet, kind: &Type) -> Map<String, Value> {
    let mut result = Map::new();
    for (name, value) in map {
        let element = Element::field(name);
        if remove.has(&element) {
            continue;
        }
        let kept = match remove.below(&element) {
            Some(below) => without(value, below, &kind.below(&element)),
            None => value.clone(),
        };
        result.insert(name.clone(), kept);
    }
    result
}

fn without_items(
    items: &[Value],
    remove: &FieldSet,
    relation: &Relation,
    kind: &Type,
) -> Vec<Value> {
    let mut result = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let element = item_element(relation, index, item);
        if remove.has(&element) {
            continue;
        }
        result.push(match remove.below(&element) {
            Some(below) => without(item, below, kind),
            None => item.clone(),
        });
    }
    result
}
