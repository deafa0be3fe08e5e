//! Taking out of a merged object what its applier no longer names and nobody else owns.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::fields::{fields_of, item_element};
use crate::managed::{Entry, Managed};
use crate::types::{Items, Sort, Type};

/// `merged` without the fields that its applier had `last` and that are in nobody's set now.
///
/// What lies below a removed field and was never in `last` stays, with the way to it.
pub(crate) fn pruned(merged: Value, last: Option<&Entry>, managed: &Managed, kind: &Type) -> Value {
    let Some(last) = last.filter(|last| !last.fields.is_empty()) else {
        return merged;
    };
    let named = |set: &FieldSet| set.with_declared_parents(kind);
    let all = named(&fields_of(&merged, kind));
    let mut kept = without(&merged, &named(&last.fields), kind);
    for version in versions(&last.api_version, managed) {
        let owned = named(&managed.of_version(version));
        let present = named(&fields_of(&kept, kind));
        kept = without(&merged, &all.difference(&present.union(&owned)), kind);
    }
    let present = named(&fields_of(&kept, kind));
    let gone = all.difference(&present).intersection(&named(&last.fields));
    without(&merged, &gone, kind)
}

/// The versions that anyone owns something in, the one of the last apply first.
fn versions<'a>(first: &'a str, managed: &'a Managed) -> impl Iterator<Item = &'a str> {
    let others: BTreeSet<&str> = managed
        .0
        .values()
        .map(|entry| entry.api_version.as_str())
        .collect();
    [first]
        .into_iter()
        .chain(others.into_iter().filter(move |version| *version != first))
}

/// A value without the members of a set; what loses all of its parts is null, and so is what has none.
fn without(value: &Value, remove: &FieldSet, kind: &Type) -> Value {
    match (kind.sort(value), value) {
        (Sort::Scalar, _) => value.clone(),
        (Sort::Map, Value::Object(map)) if !kind.is_atomic_map() => {
            let map = without_fields(map, remove, kind);
            if map.is_empty() {
                Value::Null
            } else {
                map.into()
            }
        }
        (Sort::List, Value::Array(list)) => match kind.keyed_items() {
            Some(items) => {
                let list = without_items(list, remove, items, kind);
                if list.is_empty() {
                    Value::Null
                } else {
                    list.into()
                }
            }
            None => Value::Null,
        },
        _ => Value::Null,
    }
}

fn without_fields(map: &Map<String, Value>, remove: &FieldSet, kind: &Type) -> Map<String, Value> {
    let kept = map.iter().filter_map(|(name, value)| {
        let kept = without_part(value, &Element::field(name), remove, kind)?;
        Some((name.clone(), kept))
    });
    kept.collect()
}

fn without_items(list: &[Value], remove: &FieldSet, items: &Items, kind: &Type) -> Vec<Value> {
    let kept = list
        .iter()
        .filter_map(|item| match item_element(item, items) {
            Ok(element) => without_part(item, &element, remove, kind),
            Err(_) => Some(item.clone()),
        });
    kept.collect()
}

fn without_part(value: &Value, element: &Element, remove: &FieldSet, kind: &Type) -> Option<Value> {
    if remove.has(element) {
        return None;
    }
    Some(match remove.below(element) {
        Some(below) => without(value, below, &kind.below(element)),
        None => value.clone(),
    })
}
