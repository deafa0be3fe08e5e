//! What differs between two objects, as sets of field paths.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::fields::item_elements;
use crate::literal::equal;
use crate::types::{Items, Sort, Type};

/// The paths that differ.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) added: FieldSet,
    pub(crate) modified: FieldSet,
    pub(crate) removed: FieldSet,
}

impl Comparison {
    /// Returns what was written: everything added or modified.
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

/// Compares the older object with the newer one; both have the type.
pub(crate) fn compare(old: &Value, new: &Value, kind: &Type) -> Comparison {
    let mut walk = Walk::default();
    walk.values(Some(old), Some(new), kind);
    walk.found
}

#[derive(Default)]
struct Walk {
    path: Vec<Element>,
    found: Comparison,
}

impl Walk {
    /// Where the values are of different sorts, all of the old goes and all of the new comes.
    fn values(&mut self, old: Option<&Value>, new: Option<&Value>, kind: &Type) {
        let sorts = [old, new].map(|value| value.map(|value| kind.sort(value)));
        let whole = match sorts {
            [Some(before), Some(after)] if before != after => {
                self.sort(before, old, new, kind);
                self.sort(after, old, new, kind)
            }
            [_, Some(sort)] | [Some(sort), None] => self.sort(sort, old, new, kind),
            [None, None] => return,
        };
        match (old, new) {
            (None, _) if !whole => self.found.added.insert(&self.path),
            (_, None) if !whole => self.found.removed.insert(&self.path),
            _ => {}
        }
    }

    /// Compares as if both were of one sort; whether they were compared as a whole.
    fn sort(&mut self, sort: Sort, old: Option<&Value>, new: Option<&Value>, kind: &Type) -> bool {
        match (sort, kind.keyed_items()) {
            (Sort::Map, _) if !kind.is_atomic_map() => {
                let (before, after) = (entries(old), entries(new));
                if !before.is_empty() || !after.is_empty() {
                    self.maps(&before, &after, kind);
                    return false;
                }
            }
            (Sort::List, Some(items)) => {
                let (before, after) = (list(old), list(new));
                if !before.is_empty() || !after.is_empty() {
                    self.lists(before, after, items, kind);
                    return false;
                }
            }
            _ => {}
        }
        self.whole(old, new);
        true
    }

    fn whole(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, _) => self.found.added.insert(&self.path),
            (_, None) => self.found.removed.insert(&self.path),
            (Some(old), Some(new)) if !equal(old, new) => self.found.modified.insert(&self.path),
            _ => {}
        }
    }

    fn maps(
        &mut self,
        old: &BTreeMap<&String, &Value>,
        new: &BTreeMap<&String, &Value>,
        kind: &Type,
    ) {
        for (name, value) in old {
            self.below(
                Element::field(*name),
                Some(value),
                new.get(name).copied(),
                kind,
            );
        }
        for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            self.below(Element::field(*name), None, Some(value), kind);
        }
    }

    /// Items that are there more than once are compared together, as a whole.
    fn lists(&mut self, old: &[Value], new: &[Value], items: &Items, kind: &Type) {
        let mut all: BTreeMap<Element, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
        for (element, item) in item_elements(old, items).into_iter().zip(old) {
            if let Some(element) = element {
                all.entry(element).or_default().0.push(item);
            }
        }
        for (element, item) in item_elements(new, items).into_iter().zip(new) {
            if let Some(element) = element {
                all.entry(element).or_default().1.push(item);
            }
        }
        for (element, (old, new)) in all {
            self.items(element, &old, &new, kind);
        }
    }

    fn items(&mut self, element: Element, old: &[&Value], new: &[&Value], kind: &Type) {
        let mark = [self.path.as_slice(), std::slice::from_ref(&element)].concat();
        match (old, new) {
            ([] | [_], [] | [_]) => {
                self.below(element, old.first().copied(), new.first().copied(), kind);
            }
            ([_, _, ..], [_, _, ..]) => {
                let same =
                    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| equal(old, new));
                if !same {
                    self.found.modified.insert(&mark);
                }
            }
            ([_, _, ..], _) => {
                if let Some(new) = new.first() {
                    self.below(element, None, Some(new), kind);
                }
                self.found.removed.insert(&mark);
            }
            _ => {
                if let Some(old) = old.first() {
                    self.below(element, Some(old), None, kind);
                }
                self.found.added.insert(&mark);
            }
        }
    }

    fn below(&mut self, element: Element, old: Option<&Value>, new: Option<&Value>, kind: &Type) {
        let below = kind.below(&element);
        self.path.push(element);
        self.values(old, new, &below);
        self.path.pop();
    }
}

/// The fields of a map; none of what is no map.
fn entries(value: Option<&Value>) -> BTreeMap<&String, &Value> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .collect()
}

fn list(value: Option<&Value>) -> &[Value] {
    value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}
