//! A benchmark of the search for pending work on all objects in view. Prints one JSON object on its last line.
//!
//! The view has composites, each with three composed objects, as Crossplane 2.2 leaves them when all are ready.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports on standard output, and stops where it cannot go on"
)]

use std::time::Instant;

use crosscut_live::{View, pending_in_crossplane, pending_in_kubernetes};
use crosscut_objects::{Key, object};
use serde_json::{Value, json};

const OBJECTS: [usize; 2] = [1_000, 10_000];
const COMPOSED: usize = 3;

fn main() {
    let looks = OBJECTS.map(|objects| json!({"objects": objects, "milliseconds": look(objects)}));
    println!("{}", json!({ "looks": looks }));
}

/// Returns the milliseconds that one search takes.
fn look(objects: usize) -> f64 {
    let definition = json!({
        "apiVersion": "apiextensions.crossplane.io/v2", "kind": "CompositeResourceDefinition",
        "metadata": {"name": "networks.example.org", "uid": "xrd"},
        "spec": {"group": "example.org", "names": {"kind": "Network"}},
        "status": {"conditions": [{"type": "Established", "status": "True"}]},
    });
    let composites = (0..objects / (COMPOSED + 1)).flat_map(composite);
    let objects = std::iter::once(definition).chain(composites);
    let view = View::still(objects.map(|object| (key(&object), object)));
    let started = Instant::now();
    for (key, object) in view.objects() {
        let pending =
            pending_in_kubernetes(&view, key, object).or(pending_in_crossplane(&view, key, object));
        assert!(pending.is_none(), "{key}: {:?}", pending.unwrap().what);
    }
    started.elapsed().as_secs_f64() * 1e3
}

fn composite(number: usize) -> Vec<Value> {
    let (name, uid) = (format!("network-{number}"), format!("uid-{number}"));
    let conditions = json!({"conditions": [
        {"type": "Synced", "status": "True"}, {"type": "Ready", "status": "True"},
    ]});
    let names = (0..COMPOSED).map(|part| format!("{name}-{part}"));
    let composed = names.clone().map(|part| {
        json!({
            "apiVersion": "aws.example.org/v1", "kind": "Subnet",
            "metadata": {
                "name": part, "namespace": "team", "uid": format!("uid-{part}"),
                "ownerReferences": [{"apiVersion": "example.org/v1", "kind": "Network", "name": name, "uid": uid}],
            },
            "status": conditions,
        })
    });
    let references: Vec<Value> = names
        .map(|part| json!({"apiVersion": "aws.example.org/v1", "kind": "Subnet", "name": part}))
        .collect();
    let composite = json!({
        "apiVersion": "example.org/v1", "kind": "Network",
        "metadata": {"name": name, "namespace": "team", "uid": uid},
        "spec": {"crossplane": {"resourceRefs": references}},
        "status": conditions,
    });
    std::iter::once(composite).chain(composed).collect()
}

fn key(one: &Value) -> Key {
    let (group, version) = object::api_version(one)
        .split_once('/')
        .unwrap_or(("", object::api_version(one)));
    let namespace = object::namespace(one);
    Key {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: object::kind(one).to_owned(),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        name: object::name(one).to_owned(),
    }
}
