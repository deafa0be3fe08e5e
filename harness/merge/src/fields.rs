//! The fields that a value names.

use serde_json::{Map, Value};

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::go_text::quoted;
use crate::types::{Items, Relation, Sort, Type};

/// The fields that a value names; the value has the type.
pub(crate) fn fields_of(value: &Value, kind: &Type) -> FieldSet {
    let mut set = FieldSet::default();
    walk(value, kind, &mut Vec::new(), &mut set);
    set
}

fn walk(value: &Value, kind: &Type, path: &mut Vec<Element>, set: &mut FieldSet) {
    match (kind.sort(value), value) {
        (Sort::Scalar, _) => set.insert(path),
        (Sort::Map, _) if kind.is_atomic_map() => set.insert(path),
        (Sort::Map, Value::Object(map)) => walk_map(map, kind, path, set),
        (Sort::List, _) => match (kind.keyed_items(), value) {
            (Some(items), Value::Array(list)) => walk_list(list, items, kind, path, set),
            (Some(_), _) => {}
            (None, _) => set.insert(path),
        },
        (Sort::Map, _) => {}
    }
}

fn walk_map(map: &Map<String, Value>, kind: &Type, path: &mut Vec<Element>, set: &mut FieldSet) {
    for (name, value) in map {
        let element = Element::field(name);
        let below = kind.below(&element);
        path.push(element);
        walk(value, &below, path, set);
        let empty = value.as_object().is_some_and(Map::is_empty);
        if empty || value.is_null() || !kind.declares(name) {
            set.insert(path);
        }
        path.pop();
    }
}

/// Items that are there more than once are owned as a whole.
fn walk_list(
    list: &[Value],
    items: &Items,
    kind: &Type,
    path: &mut Vec<Element>,
    set: &mut FieldSet,
) {
    let elements = item_elements(list, items);
    for (element, item) in elements.iter().zip(list) {
        let Some(element) = element else { continue };
        path.push(element.clone());
        let same = elements.iter().flatten().filter(|other| *other == element);
        if same.count() == 1 {
            walk(item, &kind.below(element), path, set);
        }
        set.insert(path);
        path.pop();
    }
}

/// The steps that lead to the items of a list; nothing for items that cannot be told apart.
pub(crate) fn item_elements(list: &[Value], items: &Items) -> Vec<Option<Element>> {
    list.iter()
        .map(|item| item_element(item, items).ok())
        .collect()
}

/// The step that leads to an item of a list that is not atomic.
///
/// # Errors
/// Why the item cannot be told from others, in structured-merge-diff's words.
pub(crate) fn item_element(item: &Value, items: &Items) -> Result<Element, String> {
    match &items.relation {
        Relation::Atomic => Err("invalid indexing of non-associative list".to_owned()),
        Relation::Map(keys) if !keys.is_empty() => keyed_element(item, keys),
        Relation::Map(_) | Relation::Set => set_element(item),
    }
}

fn set_element(item: &Value) -> Result<Element, String> {
    match item {
        Value::Object(_) => {
            Err("associative list without keys has an element that's a map type".to_owned())
        }
        Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
        Value::Null => {
            Err("associative list without keys has an element that's an explicit null".to_owned())
        }
        _ => Ok(Element::value(item)),
    }
}

/// A key that is missing has its default, or is not part of the step.
fn keyed_element(item: &Value, keys: &[(String, Option<Value>)]) -> Result<Element, String> {
    if item.is_null() {
        return Err("associative list with keys may not have a null element".to_owned());
    }
    let Value::Object(fields) = item else {
        return Err("associative list with keys may not have non-map elements".to_owned());
    };
    let pairs = keys.iter().filter_map(|(name, default)| {
        let value = fields.get(name).or(default.as_ref())?;
        Some((name.clone(), value.clone()))
    });
    let pairs: Map<String, Value> = pairs.collect();
    if pairs.is_empty() {
        let names: Vec<String> = keys.iter().map(|(name, _)| quoted(name)).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            names.join(" ")
        ));
    }
    Ok(Element::key(pairs))
}
