//! Merging a configuration into a live object, by type.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::element::Element;
use crate::fields::item_element;
use crate::types::{Relation, Shape, Type};

/// `live` with everything that `configuration` names; nothing is removed.
pub(crate) fn merged(live: &Value, configuration: &Value, kind: &Type) -> Value {
    match (live, configuration, &*kind.0) {
        (
            Value::Object(live),
            Value::Object(configuration),
            Shape::Map { atomic: false, .. } | Shape::Deduced,
        ) => Value::Object(merged_map(live, configuration, kind)),
        (Value::Array(live), Value::Array(configuration), Shape::List { relation, items })
            if !matches!(relation, Relation::Atomic) =>
        {
            Value::Array(merged_list(live, configuration, relation, items))
        }
        _ => configuration.clone(),
    }
}

fn merged_map(
    live: &Map<String, Value>,
    configuration: &Map<String, Value>,
    kind: &Type,
) -> Map<String, Value> {
    let mut result = live.clone();
    for (name, value) in configuration {
        let merged = match live.get(name) {
            Some(old) => merged(old, value, &kind.field(name).unwrap_or_else(Type::deduced)),
            None => value.clone(),
        };
        result.insert(name.clone(), merged);
    }
    result
}

/// Items that only the live list has keep their places; shared ones come in the order of the configuration.
fn merged_list(
    live: &[Value],
    configuration: &[Value],
    relation: &Relation,
    items: &Type,
) -> Vec<Value> {
    let ours = elements(live, relation);
    let theirs = elements(configuration, relation);
    let live_items: BTreeMap<&Element, &Value> = ours.iter().rev().zip(live.iter().rev()).collect();
    let merge = |element: &Element, item: &Value| match live_items.get(element) {
        Some(old) => merged(old, item, items),
        None => item.clone(),
    };
    let mut shared = theirs
        .iter()
        .filter(|element| live_items.contains_key(element))
        .peekable();
    let mut taken = vec![false; theirs.len()];
    let mut result = Vec::with_capacity(live.len().max(configuration.len()));
    let (mut left, mut right) = (0, 0);
    while left < ours.len() || right < theirs.len() {
        if let (Some(mine), Some(other)) = (ours.get(left), theirs.get(right)) {
            if mine == other {
                result.push(merge(mine, &configuration[right]));
                taken[right] = true;
                left += 1;
                right += 1;
                shared.next();
                continue;
            }
            let wanted_later =
                theirs.contains(mine) && shared.peek().is_some_and(|next| *next != mine);
            if wanted_later {
                left += 1;
                continue;
            }
        }
        if let Some(mine) = ours.get(left) {
            match theirs.iter().position(|element| element == mine) {
                None => {
                    result.push(live[left].clone());
                    left += 1;
                    continue;
                }
                Some(at) if taken[at] => {
                    left += 1;
                    continue;
                }
                Some(_) => {}
            }
        }
        if let Some(other) = theirs.get(right) {
            result.push(merge(other, &configuration[right]));
            taken[right] = true;
            if shared.peek() == Some(&other) {
                shared.next();
            }
            right += 1;
        }
    }
    result
}

fn elements(list: &[Value], relation: &Relation) -> Vec<Element> {
    list.iter()
        .enumerate()
        .map(|(index, item)| item_element(relation, index, item))
        .collect()
}
