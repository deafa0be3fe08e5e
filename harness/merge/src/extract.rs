//! The part of an object that one manager owns.

use serde_json::{Map, Value};

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::managed::Managed;
use crate::manager::Operation;

/// Returns what a manager owns of an object, as client-go's `ExtractInto` gives it: its fields alone, keyed list
/// items with their keys; no version, kind or name unless it owns them. Empty where it owns nothing.
pub fn owned_fields(
    object: &Value,
    manager: &str,
    operation: Operation,
    subresource: Option<&str>,
) -> Value {
    let managed = Managed::of(object);
    let entries = managed.0.iter().filter(|(id, _)| {
        id.name == manager && id.operation == operation && id.subresource.as_deref() == subresource
    });
    let owned = entries.fold(FieldSet::default(), |all, (_, entry)| {
        all.union(&entry.fields)
    });
    extracted(object, &owned).unwrap_or_else(|| Value::Object(Map::new()))
}

fn extracted(value: &Value, set: &FieldSet) -> Option<Value> {
    match value {
        Value::Object(map) => {
            let fields = map.iter().filter_map(|(name, value)| {
                let kept = part(value, &Element::field(name), set)?;
                Some((name.clone(), kept))
            });
            let fields: Map<String, Value> = fields.collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        Value::Array(items) => {
            let kept = items
                .iter()
                .enumerate()
                .filter_map(|(index, item)| item_part(index, item, set));
            let kept: Vec<Value> = kept.collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

/// A field that is owned as a whole, or what is owned below it.
fn part(value: &Value, element: &Element, set: &FieldSet) -> Option<Value> {
    match set.below(element) {
        Some(below) => extracted(value, below).or_else(|| set.has(element).then(|| value.clone())),
        None => set.has(element).then(|| value.clone()),
    }
}

fn item_part(index: usize, item: &Value, set: &FieldSet) -> Option<Value> {
    let element = set
        .elements()
        .find(|element| element.is_item(index, item))?;
    let mut kept = part(item, element, set)?;
    if let (Element::Key(keys), Some(kept)) = (element, kept.as_object_mut()) {
        let keys = keys
            .iter()
            .map(|(name, value)| (name.clone(), value.0.clone()));
        kept.extend(keys);
    }
    Some(kept)
}
