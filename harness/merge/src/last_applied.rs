//! The annotation that kubectl's client-side apply keeps its last configuration in.

use serde_json::{Value, json};

use crate::compare::compare;
use crate::field_set::FieldSet;
use crate::fields::fields_of;
use crate::go_text;
use crate::managed::unmanaged;
use crate::types::Type;
use crate::validate::{Duplicates, validate};

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The most bytes that annotations can have together.
const MOST_BYTES: usize = 256 * 1024;

/// The fields of the annotation's configuration that the live object still has as they are there.
///
/// Nothing if there is no annotation, or none that can be used.
pub(crate) fn unchanged(live: &Value, api_version: &str, kind: &Type) -> Option<FieldSet> {
    let live = unmanaged(live);
    let text = live["metadata"]["annotations"][ANNOTATION].as_str()?;
    let last: Value = serde_json::from_str(text).ok()?;
    if last["apiVersion"] != api_version || last["kind"] != live["kind"] {
        return None;
    }
    validate(&live, kind, Duplicates::Refused).ok()?;
    validate(&last, kind, Duplicates::Refused).ok()?;
    let changed = compare(&last, &live, kind);
    let same = fields_of(&last, kind).difference(&changed.written());
    Some(same.difference(&changed.removed))
}

/// Lets the annotation of an object, if it has one, follow what is applied to it.
pub(crate) fn follow(object: &mut Value, configuration: &Value) {
    let present = object["metadata"]["annotations"][ANNOTATION].as_str();
    if present.is_none_or(str::is_empty) {
        return;
    }
    let mut configuration = configuration.clone();
    if let Some(annotations) = annotations(&mut configuration) {
        annotations.remove(ANNOTATION);
    }
    let text = format!("{}\n", go_text::json(&configuration));
    let Some(annotations) = annotations(object) else {
        return;
    };
    annotations.insert(ANNOTATION.to_owned(), json!(text));
    let size = |(name, value): (&String, &Value)| name.len() + value.as_str().map_or(0, str::len);
    if annotations.iter().map(size).sum::<usize>() > MOST_BYTES {
        annotations.remove(ANNOTATION);
    }
}

fn annotations(object: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    object
        .get_mut("metadata")?
        .get_mut("annotations")?
        .as_object_mut()
}
