//! The writes of a composition, in this order: deletions, references, objects, status (composition_functions.go).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Session;
use super::composed::Composed;
use super::desired::Desired;
use super::observe::Observed;
use super::stop::COMPOSE;
use super::xr::{LABEL_COMPOSITE, Xr, references_to};
use crate::condition;
use crate::error::{Error, Wrap, optional};
use crate::recorder::NewEvent;
use crate::{names, object};
use crosscut_client::Deletion;

use crosscut_objects::ObjectRef;

/// The field manager of the controller's writes to composite resources.
const MANAGER: &str = "apiextensions.crossplane.io/composite";
/// The prefix of the field managers of composed resources.
const COMPOSED_PREFIX: &str = "apiextensions.crossplane.io/composed";
const BEFORE_FIRST_APPLY: &str = "before-first-apply";
/// The labels that tie a resource to a composite; removed before an undesired resource is deleted.
const LABELS: [&str; 3] = [
    LABEL_COMPOSITE,
    "crossplane.io/claim-name",
    "crossplane.io/claim-namespace",
];

/// Deletes resources that are no longer desired, before the references to them are removed.
pub(super) async fn collect_garbage(
    session: &Session<'_>,
    xr: &Xr,
    observed: &BTreeMap<String, Observed>,
    desired: &BTreeMap<String, Desired>,
) -> Result<(), Error> {
    for (name, undesired) in observed
        .iter()
        .filter(|(name, _)| !desired.contains_key(*name))
    {
        delete_composed(session, xr, name, &undesired.object)
            .await
            .context("cannot garbage collect composed resources that are no longer desired")?;
    }
    Ok(())
}

async fn delete_composed(
    session: &Session<'_>,
    xr: &Xr,
    name: &str,
    existing: &Value,
) -> Result<(), Error> {
    let (kind, own) = (object::kind(existing), object::name(existing));
    if let Some(controller) = object::controller_of(existing)
        && object::text(controller, &["uid"]) != object::uid(&xr.object)
    {
        return Err(Error::new(format!(
            "refusing to delete composed resource {name:?} that is controlled by {} {:?}",
            object::kind(controller),
            object::text(controller, &["name"]),
        )));
    }
    let mut unlabelled = existing.clone();
    for label in LABELS {
        object::remove(&mut unlabelled, &["metadata", "labels", label]);
    }
    optional(session.work.api.update(&unlabelled).await).with_context(|| {
        format!(
            "cannot cleanup composed resource labels of resource {name:?} (a {kind} named {own})"
        )
    })?;
    let how = Deletion {
        propagation: "Foreground",
        uid: Some(object::uid(existing)).filter(|uid| !uid.is_empty()),
    };
    optional(session.work.api.delete(ObjectRef::of(existing), how).await).with_context(|| {
        format!("cannot delete composed resource {name:?} (a {kind} named {own})")
    })?;
    Ok(())
}

/// Stores the references to composed resources before any is created, so that none is ever lost.
pub(super) async fn references(
    session: &Session<'_>,
    xr: &Xr,
    desired: &BTreeMap<String, Desired>,
) -> Result<(), Error> {
    let namespaced = !object::namespace(&xr.object).is_empty();
    let mut applied = Xr {
        object: xr.identity(),
        layout: xr.layout,
    };
    applied.set(
        "resourceRefs",
        references_to(desired.values().map(|one| &one.object), namespaced),
    );
    session
        .work
        .api
        .apply(&applied.object, MANAGER)
        .await
        .context("cannot update composed resource references")?;
    Ok(())
}

/// Moves fields of an earlier client-side apply to server-side apply, once for each resource. First all ownership is
/// cleared, and after the next apply the remaining `before-first-apply` is removed.
pub(super) async fn upgrade_managers(
    session: &Session<'_>,
    observed: &BTreeMap<String, Observed>,
) -> Result<(), Error> {
    for existing in observed.values() {
        let Some(patch) = manager_upgrade(&existing.object) else {
            continue;
        };
        optional(session.work.api.json_patch(ObjectRef::of(&existing.object), &patch).await)
            .context("cannot upgrade composed resource's managed fields from client-side to server-side apply")?;
    }
    Ok(())
}

fn manager_upgrade(existing: &Value) -> Option<Value> {
    let entries = object::at(existing, &["metadata", "managedFields"])
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let ours = entries
        .iter()
        .any(|entry| object::text(entry, &["manager"]).starts_with(COMPOSED_PREFIX));
    let before = entries
        .iter()
        .position(|entry| object::text(entry, &["manager"]) == BEFORE_FIRST_APPLY);
    let version = object::text(existing, &["metadata", "resourceVersion"]);
    let guard = json!({"op": "replace", "path": "/metadata/resourceVersion", "value": version});
    match (ours, before) {
        (true, None) => None,
        (true, Some(index)) => Some(
            json!([{"op": "remove", "path": format!("/metadata/managedFields/{index}")}, guard]),
        ),
        (false, _) => Some(
            json!([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}, guard]),
        ),
    }
}

/// Applies every desired object, in an order that the seed decides. Continues after an object that is invalid, but not
/// after any other error.
pub(super) async fn objects(
    session: &Session<'_>,
    xr: &Xr,
    desired: &BTreeMap<String, Desired>,
    events: &mut Vec<NewEvent>,
) -> Result<Vec<Composed>, Error> {
    let group = object::group_of(object::api_version(&xr.object));
    let manager =
        names::composed_field_manager(object::name(&xr.object), group, object::kind(&xr.object));
    let mut composed = Vec::with_capacity(desired.len());
    for (name, wanted) in shuffled(session, desired) {
        let applied = session.work.api.apply(&wanted.object, &manager).await;
        let applied = applied.with_context(|| format!("cannot apply composed resource {name:?}"));
        let synced = match applied {
            Ok(_) => true,
            Err(error) if error.is_invalid() => {
                events.push(NewEvent::warning(COMPOSE, &error));
                false
            }
            Err(error) => return Err(error),
        };
        composed.push(Composed {
            name: name.clone(),
            ready: wanted.ready,
            synced,
        });
    }
    Ok(composed)
}

fn shuffled<'a>(
    session: &Session<'_>,
    desired: &'a BTreeMap<String, Desired>,
) -> Vec<(&'a String, &'a Desired)> {
    let mut order: Vec<_> = desired.iter().collect();
    for last in (1..order.len()).rev() {
        let other = session.context.random(last + 1);
        if other <= last {
            order.swap(last, other);
        }
    }
    order
}

/// Applies the composite's status that the functions desire, with its current conditions; `xr` becomes the result.
pub(super) async fn status(
    session: &Session<'_>,
    xr: &mut Xr,
    wanted: Option<Value>,
) -> Result<(), Error> {
    let identity = xr.identity();
    let mut applied = wanted.unwrap_or_else(|| json!({}));
    for path in [
        &["apiVersion"][..],
        &["kind"],
        &["metadata", "name"],
        &["metadata", "namespace"],
    ] {
        match object::at(&identity, path) {
            Some(value) => object::set(&mut applied, path, value.clone()),
            None => drop(object::remove(&mut applied, path)),
        }
    }
    object::set(
        &mut applied,
        &["metadata", "uid"],
        json!(object::uid(&xr.object)),
    );
    condition::merge(&mut applied, condition::all(&xr.object));
    xr.object = applied;
    let stored = session.work.api.apply_status(&xr.object, MANAGER).await;
    xr.object = Arc::unwrap_or_clone(stored.context("cannot apply composite resource status")?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // Source: Crossplane 2.2.0, internal/ssa.
    #[rstest]
    #[case::ours_alone(&["apiextensions.crossplane.io/composed/1", "provider"], None)]
    #[case::ours_and_the_remainder(&["apiextensions.crossplane.io/composed/1", "before-first-apply"], Some("/metadata/managedFields/1"))]
    #[case::never_ours(&["kubectl"], Some("/metadata/managedFields"))]
    fn upgrading_field_managers(#[case] managers: &[&str], #[case] path: Option<&str>) {
        let entries: Vec<Value> = managers
            .iter()
            .map(|manager| json!({"manager": manager}))
            .collect();
        let existing = json!({"metadata": {"managedFields": entries, "resourceVersion": "7"}});
        let patch = manager_upgrade(&existing);
        assert_eq!(
            patch
                .as_ref()
                .map(|patch| object::text(&patch[0], &["path"])),
            path
        );
        assert!(patch.is_none_or(|patch| patch[1]["value"] == "7"));
    }
}
