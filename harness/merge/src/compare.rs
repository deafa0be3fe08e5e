//! What differs between two objects, as sets of field paths.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::fields::item_element;
use crate::types::{Relation, Shape, Type};

/// The paths that differ.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) added: FieldSet,
    pub(crate) modified: FieldSet,
    pub(crate) removed: FieldSet,
}

impl Comparison {
    /// What was written: everything added or modified.
    pub(crate) fn written(&self) -> FieldSet {
        self.added.union(&self.modified)
    }

    pub(crate) fn without_fields(&self, fields: &[&str]) -> Comparison {
        Comparison {
            added: self.added.without_fields(fields),
            modified: self.modified.without_fields(fields),
            removed: self.removed.without_fields(fields),
        }
    }
}

/// Compares the older object with the newer one.
pub(crate) fn compare(old: &Value, new: &Value, kind: &Type) -> Comparison {
    let mut comparison = Comparison::default();
    walk(Some(old), Some(new), kind, &mut Vec::new(), &mut comparison);
    comparison
}

fn walk(
    old: Option<&Value>,
    new: Option<&Value>,
    kind: &Type,
    path: &mut Vec<Element>,
    comparison: &mut Comparison,
) {
    match (parts(old, kind), parts(new, kind)) {
        (Parts::Leaf, Parts::Leaf)
        | (Parts::Leaf, Parts::Nothing)
        | (Parts::Nothing, Parts::Leaf) => {
            leaf(old, new, path, comparison);
        }
        // Another sort of value: all of the old goes, all of the new comes.
        (Parts::Leaf, Parts::Inner(new_parts)) => {
            leaf(old, new, path, comparison);
            descend(BTreeMap::new(), new_parts, kind, path, comparison);
        }
        (Parts::Inner(old_parts), Parts::Leaf) => {
            leaf(old, new, path, comparison);
            descend(old_parts, BTreeMap::new(), kind, path, comparison);
        }
        (Parts::Inner(old_parts), Parts::Inner(new_parts)) => {
            if old_parts.is_empty() && new_parts.is_empty() {
                leaf(old, new, path, comparison);
            }
            descend(old_parts, new_parts, kind, path, comparison);
        }
        (Parts::Inner(old_parts), Parts::Nothing) => {
            descend(old_parts, BTreeMap::new(), kind, path, comparison);
            comparison.removed.insert(path);
        }
        (Parts::Nothing, Parts::Inner(new_parts)) => {
            descend(BTreeMap::new(), new_parts, kind, path, comparison);
            comparison.added.insert(path);
        }
        (Parts::Nothing, Parts::Nothing) => {}
    }
}

fn leaf(old: Option<&Value>, new: Option<&Value>, path: &[Element], comparison: &mut Comparison) {
    match (old, new) {
        (None, _) => comparison.added.insert(path),
        (_, None) => comparison.removed.insert(path),
        (Some(old), Some(new)) if !equal(old, new) => comparison.modified.insert(path),
        _ => {}
    }
}

/// Integers equal floats of the same value.
fn equal(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one, other), (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64())
}

/// A value as far as it is compared piece by piece.
enum Parts<'a> {
    Nothing,
    Leaf,
    Inner(BTreeMap<Element, &'a Value>),
}

fn parts<'a>(value: Option<&'a Value>, kind: &Type) -> Parts<'a> {
    match (value, &*kind.0) {
        (None, _) => Parts::Nothing,
        (Some(Value::Object(map)), Shape::Map { atomic: false, .. } | Shape::Deduced) => {
            Parts::Inner(fields(map))
        }
        (Some(Value::Array(items)), Shape::List { relation, .. })
            if !matches!(relation, Relation::Atomic) =>
        {
            Parts::Inner(list_items(items, relation))
        }
        (Some(_), _) => Parts::Leaf,
    }
}

fn fields(map: &Map<String, Value>) -> BTreeMap<Element, &Value> {
    map.iter()
        .map(|(name, value)| (Element::field(name), value))
        .collect()
}

fn list_items<'a>(items: &'a [Value], relation: &Relation) -> BTreeMap<Element, &'a Value> {
    items
        .iter()
        .enumerate()
        .map(|(index, item)| (item_element(relation, index, item), item))
        .collect()
}

fn descend(
    old: BTreeMap<Element, &Value>,
    new: BTreeMap<Element, &Value>,
    kind: &Type,
    path: &mut Vec<Element>,
    comparison: &mut Comparison,
) {
    for (element, value) in &old {
        path.push(element.clone());
        let other = new.get(element).copied();
        walk(Some(value), other, &kind.below(element), path, comparison);
        path.pop();
    }
    for (element, value) in new.iter().filter(|(element, _)| !old.contains_key(element)) {
        path.push(element.clone());
        walk(None, Some(value), &kind.below(element), path, comparison);
        path.pop();
    }
}
