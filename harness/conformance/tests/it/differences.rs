//! Lists of objects side by side.

use std::collections::{BTreeMap, BTreeSet};

use crosscut_objects::object;
use serde_json::{Value, json};

/// One difference: `Kind name`, a JSON pointer (empty for a whole object), and both sides.
pub(crate) type Difference = (String, String, Value, Value);

fn name(object: &Value) -> String {
    format!("{} {}", object::kind(object), object::name(object))
}

/// Every difference, and the order of what both sides have.
pub(crate) fn differences(ours: &[Value], there: &[Value]) -> Vec<Difference> {
    let index = |list: &[Value]| -> BTreeMap<(String, String), Value> {
        let key = |object: &Value| (object::api_version(object).to_owned(), name(object));
        list.iter()
            .map(|object| (key(object), object.clone()))
            .collect()
    };
    let (mine, theirs) = (index(ours), index(there));
    let mut found = Vec::new();
    for (key, object) in &mine {
        match theirs.get(key) {
            Some(other) => compare(
                &key.1,
                "",
                &without_references(object),
                &without_references(other),
                &mut found,
            ),
            None => found.push((key.1.clone(), String::new(), object.clone(), Value::Null)),
        }
    }
    for (key, object) in theirs.iter().filter(|(key, _)| !mine.contains_key(*key)) {
        found.push((key.1.clone(), String::new(), Value::Null, object.clone()));
    }
    let order = |list: &[Value], other: &BTreeMap<_, _>| -> Vec<String> {
        let shared = list.iter().filter(|object| {
            other.contains_key(&(object::api_version(object).to_owned(), name(object)))
        });
        shared.map(name).collect()
    };
    let (mine_order, their_order) = (order(ours, &theirs), order(there, &mine));
    if mine_order != their_order {
        found.push((
            "the order".to_owned(),
            "/".to_owned(),
            json!(mine_order),
            json!(their_order),
        ));
    }
    found
}

/// The references are compared as the objects that they lead to, and their order as those objects' order.
fn without_references(object: &Value) -> Value {
    let mut object = object.clone();
    object::remove(&mut object, &["spec", "crossplane", "resourceRefs"]);
    object
}

fn compare(of: &str, path: &str, ours: &Value, there: &Value, found: &mut Vec<Difference>) {
    match (ours, there) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let step = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                let (one, other) = (one.get(name), other.get(name));
                compare(
                    of,
                    &step,
                    one.unwrap_or(&Value::Null),
                    other.unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                compare(of, &format!("{path}/{index}"), one, other, found);
            }
        }
        _ if ours == there => {}
        _ => found.push((of.to_owned(), path.to_owned(), ours.clone(), there.clone())),
    }
}

/// A difference in words.
pub(crate) fn told((of, path, ours, there): &Difference) -> String {
    if path.is_empty() {
        let side = if ours.is_null() {
            "only there"
        } else {
            "only here"
        };
        return format!("{of}: {side}");
    }
    format!("{of} {path}: {ours} here, {there} there")
}
