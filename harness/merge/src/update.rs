//! Writes other than apply: creates, updates and patches.

use serde_json::{Value, json};

use crate::compare::compare;
use crate::managed::{Change, Managed, forget, never_owned, unmanaged};
use crate::manager::{ManagerId, Operation, Writer};
use crate::types::Type;
use crate::validate::{Duplicates, validate};

/// `new` with the managed fields that it has once it is stored over `live` (or created, without one).
///
/// What the write adds or changes becomes the writer's, and no longer anyone else's. `reset` are the
/// top-level fields that the endpoint does not write; their ownership stays as it is. A live object
/// without managed fields stays without them, as on kube-apiserver 1.34, and where one of the objects does not
/// have the type all managed fields are lost.
pub fn update(
    live: Option<&Value>,
    mut new: Value,
    writer: &Writer<'_>,
    kind: &Type,
    reset: &[&str],
) -> Value {
    let nothing = json!({});
    let old = live.unwrap_or(&nothing);
    let mut managed = Managed::for_update(old, &new, writer.subresource.is_some());
    forget(&mut new);
    let tracked = live.is_none() || !managed.is_empty();
    if tracked && record(&mut managed, &unmanaged(old), &new, writer, kind, reset).is_err() {
        managed = Managed::default();
    }
    managed.write(&mut new);
    new
}

/// Notes what a write changed.
///
/// # Errors
/// Which object does not have the type, and why, in kube-apiserver's words; or why an object cannot be seen in the
/// versions that others wrote in.
pub(crate) fn record(
    managed: &mut Managed,
    old: &Value,
    new: &Value,
    writer: &Writer<'_>,
    kind: &Type,
    reset: &[&str],
) -> Result<(), String> {
    for (object, which) in [(new, "new"), (old, "live")] {
        validate(object, kind, Duplicates::Allowed).map_err(|why| {
            format!(
                "failed to convert {which} object ({}) to smd typed: {why}",
                named(object)
            )
        })?;
    }
    managed.reconcile(old, writer.api_version, kind)?;
    if managed.has_others_than(writer.api_version) {
        validate(new, kind, Duplicates::Refused)?;
    }
    let change = Change::of(compare(old, new, kind), writer.api_version, reset);
    let written = change.own.written().difference(&never_owned());
    managed.take(&change, None);
    if !written.is_empty() {
        let id = ManagerId::of(writer, Operation::Update);
        let own = managed.0.get(&id).map(|entry| entry.fields.union(&written));
        managed.set(id.clone(), own.unwrap_or(written), writer.api_version);
        managed.touch(&id, writer.now);
    }
    managed.cap();
    Ok(())
}

/// An object as kube-apiserver's messages name it: `namespace/name; group/version, Kind=kind`.
pub(crate) fn named(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (
        text(&object["metadata"]["namespace"]),
        text(&object["metadata"]["name"]),
    );
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let core = if version.contains('/') { "" } else { "/" };
    format!("{namespace}/{name}; {core}{version}, Kind={kind}")
}
