//! Merging a configuration into a live object, by type.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::element::Element;
use crate::fields::item_elements;
use crate::types::{Items, Sort, Type};

/// `live` with everything that `configuration` names; nothing is removed. Both have the type.
///
/// Null is a map or a list without anything in it, so that it takes nothing away where those merge.
pub(crate) fn merged(live: Value, configuration: &Value, kind: &Type) -> Value {
    match (kind.sort(configuration), kind.keyed_items()) {
        (Sort::Map, _) if !kind.is_atomic_map() => merged_maps(live, configuration, kind),
        (Sort::List, Some(items)) => merged_lists(live, configuration, items),
        _ => configuration.clone(),
    }
}

fn merged_maps(live: Value, configuration: &Value, kind: &Type) -> Value {
    let mut result = match live {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let configured = configuration.as_object();
    if result.is_empty() && configured.is_none_or(Map::is_empty) {
        return configuration.clone();
    }
    for (name, value) in configured.into_iter().flatten() {
        let merged = match result.get_mut(name) {
            Some(old) => merged(old.take(), value, &kind.below(&Element::field(name))),
            None => value.clone(),
        };
        result.insert(name.clone(), merged);
    }
    Value::Object(result)
}

fn merged_lists(live: Value, configuration: &Value, items: &Items) -> Value {
    let old = match live {
        Value::Array(list) => list,
        _ => Vec::new(),
    };
    let configured = configuration.as_array().cloned().unwrap_or_default();
    if old.is_empty() && configured.is_empty() {
        return configuration.clone();
    }
    let weave = Weave {
        kind: items.of.clone().unwrap_or_else(Type::deduced),
        left: elements(old, items),
        right: elements(configured, items),
    };
    Value::Array(weave.run())
}

fn elements(list: Vec<Value>, items: &Items) -> Vec<(Element, Value)> {
    let elements = item_elements(&list, items).into_iter();
    elements
        .zip(list)
        .filter_map(|(element, item)| Some((element?, item)))
        .collect()
}

/// Two lists becoming one: items that only the live list has keep their places, shared ones come in the order
/// of the configuration.
struct Weave {
    kind: Type,
    left: Vec<(Element, Value)>,
    right: Vec<(Element, Value)>,
}

impl Weave {
    fn run(&self) -> Vec<Value> {
        let old = self.by_element();
        let wanted: Vec<&Element> = self.right.iter().map(|(element, _)| element).collect();
        let mut shared = wanted
            .iter()
            .copied()
            .filter(|element| old.contains_key(element))
            .peekable();
        let mut taken: Vec<&Element> = Vec::new();
        let mut result = Vec::new();
        let (mut left, mut right) = (0, 0);
        while left < self.left.len() || right < self.right.len() {
            if let (Some((mine, _)), Some((theirs, item))) =
                (self.left.get(left), self.right.get(right))
            {
                if mine == theirs {
                    taken.push(mine);
                    result.push(self.item(old.get(mine).copied(), item));
                    left += 1;
                    right += 1;
                    shared.next();
                    continue;
                }
                if wanted.contains(&mine) && shared.peek().is_some_and(|next| *next != mine) {
                    left += 1;
                    continue;
                }
            }
            if let Some((mine, item)) = self.left.get(left) {
                if !wanted.contains(&mine) {
                    result.push(item.clone());
                    left += 1;
                    continue;
                }
                if taken.contains(&mine) {
                    left += 1;
                }
            }
            if let Some((theirs, item)) = self.right.get(right) {
                taken.push(theirs);
                result.push(self.item(old.get(theirs).copied(), item));
                right += 1;
                if shared.peek() == Some(&theirs) {
                    shared.next();
                }
            }
        }
        result
    }

    /// The live items; those that are there more than once count as null.
    fn by_element(&self) -> BTreeMap<&Element, &Value> {
        let mut found = BTreeMap::new();
        for (element, item) in &self.left {
            found
                .entry(element)
                .and_modify(|item| *item = &Value::Null)
                .or_insert(item);
        }
        found
    }

    fn item(&self, old: Option<&Value>, item: &Value) -> Value {
        match old {
            Some(old) => merged(old.clone(), item, &self.kind),
            None => item.clone(),
        }
    }
}
