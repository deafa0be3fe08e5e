//! What a real Crossplane and its providers still owe, as an object in view shows it.
//!
//! For control planes whose Crossplane runs elsewhere: the embedded one is at rest when its queues are empty.

use crosscut_client::object;
use crosscut_controller::Key;
use crosscut_controller::live::View;
use serde_json::Value;

/// What Crossplane or a provider has not done yet for this object, as a sentence fragment.
#[must_use]
pub fn crossplane_owes(view: &View, key: &Key, object: &Value) -> Option<String> {
    if object::annotation(object, "crossplane.io/paused") == "true" {
        return None;
    }
    let lacks =
        |condition: &str, what: &str| (!has_condition(object, condition)).then(|| what.to_owned());
    match (key.group.as_str(), key.kind.as_str()) {
        ("apiextensions.crossplane.io", "CompositeResourceDefinition") => {
            lacks("Established", "has not been established yet")
        }
        ("apiextensions.crossplane.io", "Composition") => (!has_revision(view, object))
            .then(|| "has no revision of its generation yet".to_owned()),
        ("apiextensions.crossplane.io", "CompositionRevision") => {
            lacks("ValidPipeline", "has not been validated yet")
        }
        ("protection.crossplane.io", "Usage" | "ClusterUsage") => {
            lacks("Ready", "does not protect anything yet")
        }
        _ if object["spec"]["forProvider"].is_object() => managed_owes(object),
        _ if is_composite(view, key) => composite_owes(view, object),
        _ => None,
    }
}

/// A provider that failed tries again, after a back-off that begins with a second: what it lacked, such as the Secret
/// that leads to the target, may have come meanwhile.
fn managed_owes(managed: &Value) -> Option<String> {
    let synced = conditions(managed).find(|condition| condition["type"] == "Synced");
    match synced {
        None => Some("has not been seen by its provider yet".to_owned()),
        Some(synced) if synced["reason"] == "ReconcileError" => {
            let message = object::text(synced, &["message"]);
            Some(format!("is tried again by its provider: {message}"))
        }
        Some(_) => None,
    }
}

/// Whether a definition in view makes this kind.
fn is_composite(view: &View, key: &Key) -> bool {
    view.objects().any(|(definition, object)| {
        definition.kind == "CompositeResourceDefinition"
            && object["spec"]["group"] == key.group.as_str()
            && object["spec"]["names"]["kind"] == key.kind.as_str()
    })
}

fn composite_owes(view: &View, composite: &Value) -> Option<String> {
    if !has_condition(composite, "Synced") {
        return Some("has not been reconciled yet".to_owned());
    }
    // Where composing fails there is a reason, and nothing more will come.
    let failed = conditions(composite)
        .any(|condition| condition["type"] == "Synced" && condition["status"] == "False");
    if failed {
        return None;
    }
    missing(view, composite).or_else(|| {
        let unready = conditions(composite)
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "False");
        unready.then(|| "is not ready yet".to_owned())
    })
}

/// What a composite names and is not there.
fn missing(view: &View, composite: &Value) -> Option<String> {
    let namespace = object::namespace(composite);
    let references = composite["spec"]["crossplane"]["resourceRefs"].as_array()?;
    let missing = references.iter().find(|reference| {
        let text = |field| object::text(reference, &[field]);
        let group = object::group_of(text("apiVersion"));
        let found = view
            .find(group, text("kind"), namespace, text("name"))
            .or_else(|| view.find(group, text("kind"), "", text("name")));
        found.is_none() && view.shows(group, text("kind"))
    })?;
    let text = |field| object::text(missing, &[field]);
    Some(format!(
        "composes a {} {} that is not there yet",
        text("kind"),
        text("name")
    ))
}

/// Whether a composition's newest revision was made of what it is now.
fn has_revision(view: &View, composition: &Value) -> bool {
    let uid = object::uid(composition);
    view.objects().any(|(key, revision)| {
        key.kind == "CompositionRevision"
            && revision["metadata"]["ownerReferences"]
                .as_array()
                .is_some_and(|owners| owners.iter().any(|owner| owner["uid"] == uid))
            && revision["spec"]["pipeline"] == composition["spec"]["pipeline"]
    })
}

fn has_condition(object: &Value, condition: &str) -> bool {
    conditions(object).any(|one| one["type"] == condition)
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
}
