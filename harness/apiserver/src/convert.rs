//! Conversion between the stored version and the requested version of an object.
//!
//! Conversion of custom resources changes only the apiVersion (strategy None) and applies the schema of the requested
//! version. The two groups of Events have fields of different names.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::served::Served;
use crate::{meta, value};

/// The fields of Events that have another name in `events.k8s.io`: the core group's name, then the other.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("source", "deprecatedSource"),
];

/// Returns a stored object in the version of the request. Copies the object only if the conversion changes it.
pub(crate) fn to_request(served: &Served, stored: &Arc<Value>) -> Arc<Value> {
    match served.custom() {
        Some(custom) if custom.several || meta::revision(stored) < custom.since => {
            Arc::new(custom_to_request(served, stored))
        }
        Some(_) => Arc::clone(stored),
        None if served.resource.group == served.storage.group => Arc::clone(stored),
        None => {
            let renamed = EVENT_FIELDS.iter().map(|(core, other)| (*core, *other));
            Arc::new(rename(stored, renamed, served.resource.api_version()))
        }
    }
}

/// Returns an object of the request's version in the version in which it is stored.
pub(crate) fn to_storage(served: &Served, mut object: Value) -> Value {
    if served.resource.group != served.storage.group {
        let renamed = EVENT_FIELDS.iter().map(|(core, other)| (*other, *core));
        return rename(&object, renamed, served.storage.api_version());
    }
    if served.resource.version != served.storage.version {
        value::put(&mut object, "apiVersion", served.storage.api_version());
    }
    object
}

fn custom_to_request(served: &Served, stored: &Value) -> Value {
    let mut object = stored.clone();
    value::put(&mut object, "apiVersion", served.resource.api_version());
    if let Some(structural) = &served.structural {
        structural.prune(&mut object);
        structural.default(&mut object);
    }
    object
}

fn rename<'a>(
    object: &Value,
    names: impl Iterator<Item = (&'a str, &'a str)>,
    api_version: String,
) -> Value {
    let mut fields = object.as_object().cloned().unwrap_or_else(Map::new);
    for (from, to) in names {
        if let Some(value) = fields.remove(from) {
            fields.insert(to.to_owned(), value);
        }
    }
    fields.insert("apiVersion".to_owned(), api_version.into());
    Value::Object(fields)
}
