//! Writes other than apply: creates, updates and patches.

use serde_json::{Value, json};

use crate::compare::compare;
use crate::managed::{Managed, never_owned, unmanaged};
use crate::manager::{ManagerId, Operation, Writer};
use crate::types::Type;

/// `new` with the managed fields that it has once it is stored over `live` (or created, without one).
///
/// What the write adds or changes becomes the writer's, and no longer anyone else's. `reset` are the
/// top-level fields that the endpoint does not write; their ownership stays as it is. A live object
/// without managed fields stays without them, as on kube-apiserver 1.34.
pub fn update(
    live: Option<&Value>,
    new: &Value,
    writer: &Writer<'_>,
    kind: &Type,
    reset: &[&str],
) -> Value {
    let nothing = json!({});
    let old = live.unwrap_or(&nothing);
    let mut managed = Managed::for_update(old, new, writer.subresource.is_some());
    let mut object = unmanaged(new);
    if live.is_none() || !managed.is_empty() {
        let old = unmanaged(old);
        record(&mut managed, &old, &object, writer, kind, reset);
    }
    managed.write(&mut object);
    object
}

/// Notes what a write changed.
pub(crate) fn record(
    managed: &mut Managed,
    old: &Value,
    new: &Value,
    writer: &Writer<'_>,
    kind: &Type,
    reset: &[&str],
) {
    let comparison = compare(old, new, kind).without_fields(reset);
    let written = comparison.written().difference(&never_owned());
    let id = ManagerId::of(writer, Operation::Update);
    let before = managed.fields(&id);
    managed.take(&comparison.written(), Some(&id));
    managed.take(&comparison.removed, None);
    if written.is_empty() {
        return;
    }
    let own = before.difference(&comparison.removed).union(&written);
    managed.set(id.clone(), own, writer);
    if let Some(entry) = managed.0.get_mut(&id) {
        entry.time = Some(writer.now.to_owned());
    }
    managed.cap();
}
