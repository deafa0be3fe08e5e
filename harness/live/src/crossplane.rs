//! The pending work of a real Crossplane and its providers, read from the objects in view.
//!
//! For control planes whose Crossplane runs elsewhere. The embedded one has settled when its queues are empty.

use crate::{Pending, View};
use crosscut_objects::Key;
use crosscut_objects::object;
use serde_json::Value;

use crosscut_crossplane::{ANNOTATION_NAME, LABEL_IN_USE, is_paused, is_usage_of};

/// The finalizer of a provider on a managed resource.
const MANAGED_FINALIZER: &str = "finalizer.managedresource.crossplane.io";
/// The finalizer of a provider's configuration that is in use.
const IN_USE_FINALIZER: &str = "in-use.crossplane.io";

/// Returns true if a Usage in view protects this object, so that its deletion must not be waited for. The label alone
/// is no proof: if two Usages are deleted at the same time, neither removes it.
#[must_use]
pub fn is_in_use(view: &View, object: &Value) -> bool {
    object::label(object, LABEL_IN_USE) == "true"
        && ["Usage", "ClusterUsage"]
            .into_iter()
            .flat_map(|kind| view.of_kind(kind))
            .any(|(_, usage)| is_usage_of(usage, object))
}

/// Returns the pending work of Crossplane or a provider on this object, and also work that will not be done.
#[must_use]
pub fn pending_in_crossplane(view: &View, key: &Key, object: &Value) -> Option<Pending> {
    if is_paused(object) {
        return Some(Pending::never(
            "is paused by its annotation crossplane.io/paused",
        ));
    }
    if object::is_being_deleted(object) {
        return ending(view, key, object);
    }
    let lacks = |condition: &str, what: &str| {
        (!has_condition(object, condition)).then(|| Pending::soon(what))
    };
    match (key.group.as_str(), key.kind.as_str()) {
        ("apiextensions.crossplane.io", "CompositeResourceDefinition") => {
            lacks("Established", "has not been established yet")
        }
        ("apiextensions.crossplane.io", "Composition") => (!has_revision(view, object))
            .then(|| Pending::soon("has no revision of its generation yet")),
        ("apiextensions.crossplane.io", "CompositionRevision") => {
            lacks("ValidPipeline", "has not been validated yet")
        }
        ("protection.crossplane.io", "Usage" | "ClusterUsage") => {
            lacks("Ready", "does not protect anything yet")
        }
        _ if object["spec"]["forProvider"].is_object() => pending_of_managed(object),
        _ if is_composite(view, key) => pending_of_composite(view, object),
        _ => None,
    }
}

/// Returns the end of a deletion that is certain, but late:
/// - A Usage checks every 30 s if its user is gone.
/// - A provider's configuration checks every 30 s if it is in use.
/// - A provider removes its finalizer only when the object is 30 s old, and retries after 1, 2, 4 … 60 s.
fn ending(view: &View, key: &Key, object: &Value) -> Option<Pending> {
    let finalizers = object["metadata"]["finalizers"].as_array()?;
    let ends = match (key.group.as_str(), key.kind.as_str()) {
        ("protection.crossplane.io", "Usage" | "ClusterUsage") => !has_user(view, object),
        (_, "ProviderConfig" | "ClusterProviderConfig") => {
            finalizers.iter().any(|one| one == IN_USE_FINALIZER) && !is_configured(view, key)
        }
        _ => {
            object["spec"]["forProvider"].is_object()
                && finalizers.iter().all(|one| one == MANAGED_FINALIZER)
                && !condition_is(object, "Synced", "False")
        }
    };
    ends.then(|| Pending::certainly("is let go of, but not at once"))
}

/// Returns true if the user of a Usage exists.
fn has_user(view: &View, usage: &Value) -> bool {
    let by = &usage["spec"]["by"];
    let text = |path: &[&str]| object::text(by, path);
    let group = object::group_of(text(&["apiVersion"]));
    let name = text(&["resourceRef", "name"]);
    let find = |namespace| view.find(group, text(&["kind"]), namespace, name);
    find(object::namespace(usage))
        .or_else(|| find(""))
        .is_some()
}

/// Returns true if an object refers to this configuration.
fn is_configured(view: &View, config: &Key) -> bool {
    view.objects().any(|(key, user)| {
        let reference = &user["spec"]["providerConfigRef"];
        key.group == config.group
            && (config.namespace.is_none() || key.namespace == config.namespace)
            && reference["kind"] == config.kind.as_str()
            && reference["name"] == config.name.as_str()
    })
}

/// Returns the pending work on a managed resource. After a failure, a provider retries after 1, 2, 4 … 60 s. A missing
/// object, such as the Secret for the target, may exist by then. The creation counts as the start of the failure: most
/// fail from the beginning, and the condition's time is that of its last message only. The provider checks an object
/// that it has written but not seen every 30 s.
fn pending_of_managed(managed: &Value) -> Option<Pending> {
    let synced = conditions(managed).find(|condition| condition["type"] == "Synced");
    match synced {
        None => Some(Pending::soon("has not been seen by its provider yet")),
        Some(synced) if synced["reason"] == "ReconcileError" => {
            let message = object::text(synced, &["message"]);
            Some(Pending::when_tried_again(
                format!("is tried again by its provider: {message}"),
                object::text(&managed["metadata"], &["creationTimestamp"]),
            ))
        }
        Some(_) => {
            becomes_ready(managed).then(|| Pending::certainly("is looked at again by its provider"))
        }
    }
}

/// Returns true if an Object with the policy `SuccessfulCreate` is not ready yet.
fn becomes_ready(managed: &Value) -> bool {
    managed["spec"]["readiness"]["policy"] == "SuccessfulCreate"
        && !condition_is(managed, "Ready", "True")
}

/// Returns true if a definition in view defines this kind as a composite resource.
fn is_composite(view: &View, key: &Key) -> bool {
    view.of_kind("CompositeResourceDefinition")
        .any(|(_, definition)| {
            definition["spec"]["group"] == key.group.as_str()
                && definition["spec"]["names"]["kind"] == key.kind.as_str()
        })
}

fn pending_of_composite(view: &View, composite: &Value) -> Option<Pending> {
    if let Some(open) = condition(composite, "Responsive").filter(|one| one["status"] == "False") {
        let message = object::text(open, &["message"]);
        return Some(Pending::never(format!(
            "changes so often that Crossplane leaves most of its changes out (its circuit breaker is open): {message}"
        )));
    }
    let Some(synced) = condition(composite, "Synced") else {
        return Some(Pending::soon("has not been reconciled yet"));
    };
    // A failed composition, for example without its function, has a reason in its condition, and nothing more will
    // happen.
    if synced["status"] == "False" {
        let message = object::text(synced, &["message"]);
        return Some(Pending::never(format!("is not composed: {message}")));
    }
    if let Some(name) = unseen(view, composite) {
        return Some(Pending::certainly(format!(
            "has not been told yet that {name} is ready"
        )));
    }
    missing(view, composite)
        .or_else(|| {
            condition_is(composite, "Ready", "False").then(|| "is not ready yet".to_owned())
        })
        .map(Pending::soon)
}

/// Returns the name of a ready resource that the composite's condition lists as unready. On a busy machine Crossplane
/// takes seconds to reconcile again. If a function itself reports the resource as unready, the wait has no result.
fn unseen(view: &View, composite: &Value) -> Option<String> {
    let ready = condition(composite, "Ready").filter(|one| one["status"] == "False")?;
    let message = object::text(ready, &["message"]);
    let unready: Vec<&str> = message
        .strip_prefix("Unready resources: ")?
        .split(", ")
        .collect();
    let mut resources = composed(view, composite).filter_map(|(_, resource)| resource);
    let unseen = resources.find(|resource| {
        unready.contains(&object::annotation(resource, ANNOTATION_NAME))
            && condition_is(resource, "Ready", "True")
    })?;
    Some(object::name(unseen).to_owned())
}

/// Returns a description of a composed resource that is not in view although other objects of its kind are.
fn missing(view: &View, composite: &Value) -> Option<String> {
    let is_missing = |(reference, resource): &(&Value, Option<&Value>)| {
        let group = object::group_of(object::api_version(reference));
        resource.is_none() && view.shows(group, object::kind(reference))
    };
    let (missing, _) = composed(view, composite).find(is_missing)?;
    Some(format!(
        "composes a {} {} that is not there yet",
        object::kind(missing),
        object::text(missing, &["name"])
    ))
}

/// Returns the references of a composite, each with its object if that is in view.
fn composed<'a>(
    view: &'a View,
    composite: &'a Value,
) -> impl Iterator<Item = (&'a Value, Option<&'a Value>)> {
    let references = composite["spec"]["crossplane"]["resourceRefs"].as_array();
    let namespace = object::namespace(composite);
    references.into_iter().flatten().map(move |reference| {
        let group = object::group_of(object::api_version(reference));
        let (kind, name) = (object::kind(reference), object::text(reference, &["name"]));
        let find = |namespace| view.find(group, kind, namespace, name);
        (reference, find(namespace).or_else(|| find("")))
    })
}

/// Returns true if a composition has a revision with its current pipeline.
fn has_revision(view: &View, composition: &Value) -> bool {
    let pipeline = &composition["spec"]["pipeline"];
    view.dependents(object::uid(composition))
        .any(|(key, revision)| {
            key.kind == "CompositionRevision" && revision["spec"]["pipeline"] == *pipeline
        })
}

fn has_condition(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some()
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    conditions(object).find(|one| one["type"] == kind)
}

fn condition_is(object: &Value, condition: &str, status: &str) -> bool {
    conditions(object).any(|one| one["type"] == condition && one["status"] == status)
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use crate::QuietPeriod;
    use jiff::Timestamp;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    const MANAGED: &str = "kubernetes.m.crossplane.io/v1alpha1";
    const USAGE: &str = "protection.crossplane.io/v1beta1";

    fn object(api_version: &str, kind: &str, name: &str, rest: Value) -> Value {
        let mut object = rest;
        object["apiVersion"] = json!(api_version);
        object["kind"] = json!(kind);
        object["metadata"]["name"] = json!(name);
        object["metadata"]["namespace"] = json!("n");
        object
    }

    fn key(object: &Value) -> Key {
        Key {
            group: object::group_of(object::api_version(object)).to_owned(),
            version: object::version_of(object::api_version(object)).to_owned(),
            kind: object::kind(object).to_owned(),
            namespace: Some("n".to_owned()),
            name: object::name(object).to_owned(),
        }
    }

    /// Returns the quiet period of an object in view of another one.
    fn pending(subject: &Value, other: Value) -> Option<QuietPeriod> {
        let view = View::still([subject.clone(), other].map(|object| (key(&object), object)));
        pending_in_crossplane(&view, &key(subject), subject).map(|pending| pending.quiet_period)
    }

    fn ending(finalizer: &str) -> Value {
        json!({"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": [finalizer]})
    }

    fn thing(name: &str) -> Value {
        object(
            MANAGED,
            "Object",
            name,
            json!({"spec": {
                "forProvider": {},
                "providerConfigRef": {"kind": "ProviderConfig", "name": "config"},
            }}),
        )
    }

    #[rstest]
    #[case::by_a_usage_of_it("one", true)]
    #[case::by_none_any_more("another", false)]
    fn a_usage_protects(#[case] of: &str, #[case] protected: bool) {
        let mut used = thing("one");
        used["metadata"]["labels"] = json!({LABEL_IN_USE: "true"});
        let of = json!({"apiVersion": MANAGED, "kind": "Object", "resourceRef": {"name": of}});
        let usage = object(USAGE, "Usage", "usage", json!({"spec": {"of": of}}));
        let view = View::still([(key(&usage), usage)]);
        assert_eq!(is_in_use(&view, &used), protected);
    }

    #[rstest]
    #[case::while_its_user_is_there("user", None)]
    #[case::once_that_is_gone("other", Some(QuietPeriod::Long))]
    fn a_usage_goes(#[case] there: &str, #[case] expected: Option<QuietPeriod>) {
        let by = json!({"apiVersion": MANAGED, "kind": "Object", "resourceRef": {"name": "user"}});
        let usage = json!({"metadata": ending("usage"), "spec": {"by": by}});
        let usage = object(USAGE, "Usage", "usage", usage);
        assert_eq!(pending(&usage, thing(there)), expected);
    }

    #[rstest]
    #[case::while_it_is_used("config", None)]
    #[case::once_it_is_not("another", Some(QuietPeriod::Long))]
    fn a_configuration_goes(#[case] name: &str, #[case] expected: Option<QuietPeriod>) {
        let config = json!({"metadata": ending(IN_USE_FINALIZER)});
        let config = object(MANAGED, "ProviderConfig", name, config);
        assert_eq!(pending(&config, thing("user")), expected);
    }

    #[rstest]
    #[case::by_its_provider(MANAGED_FINALIZER, "True", Some(QuietPeriod::Long))]
    #[case::by_a_provider_that_fails(MANAGED_FINALIZER, "False", None)]
    #[case::by_somebody_else("example.org/slow", "True", None)]
    fn what_is_managed_is_let_go_of(
        #[case] finalizer: &str,
        #[case] synced: &str,
        #[case] expected: Option<QuietPeriod>,
    ) {
        let mut object = thing("one");
        object["metadata"]["finalizers"] = json!([finalizer]);
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        object["status"]["conditions"] = json!([{"type": "Synced", "status": synced}]);
        assert_eq!(pending(&object, thing("other")), expected);
    }

    #[test]
    fn what_failed_is_tried_again_after_times_that_double() {
        let mut object = thing("one");
        object["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
        let failed = json!({"type": "Synced", "status": "False", "reason": "ReconcileError"});
        object["status"]["conditions"] = json!([failed]);
        let since: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let expected = Some(QuietPeriod::Doubling { since });
        assert_eq!(pending(&object, thing("other")), expected);
    }

    #[test]
    fn what_was_written_is_looked_at_again() {
        let mut object = thing("one");
        object["spec"]["readiness"] = json!({"policy": "SuccessfulCreate"});
        let synced = json!({"type": "Synced", "status": "True"});
        object["status"]["conditions"] = json!([synced]);
        assert_eq!(pending(&object, thing("other")), Some(QuietPeriod::Long));
        let ready = json!({"type": "Ready", "status": "True"});
        object["status"]["conditions"] = json!([synced, ready]);
        assert_eq!(pending(&object, thing("other")), None);
    }

    /// A case from kind clusters on a busy machine. Nothing changed for longer than the usual quiet period, and the
    /// composite still listed a resource that had become ready.
    #[rstest]
    #[case::once_it_is_ready("Unready resources: a, pool", "True", QuietPeriod::Long)]
    #[case::not_before("Unready resources: a, pool", "False", QuietPeriod::Usual)]
    #[case::nor_for_others("Unready resources: a, and 1 more", "True", QuietPeriod::Usual)]
    #[case::nor_for_other_reasons("no", "True", QuietPeriod::Usual)]
    fn a_composite_is_told_of_what_is_ready(
        #[case] message: &str,
        #[case] ready: &str,
        #[case] expected: QuietPeriod,
    ) {
        let composed = object(
            MANAGED,
            "Object",
            "x-pool",
            json!({
                "metadata": {"annotations": {ANNOTATION_NAME: "pool"}},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            }),
        );
        let reference = json!({"apiVersion": MANAGED, "kind": "Object", "name": "x-pool"});
        let composite = json!({
            "spec": {"crossplane": {"resourceRefs": [reference]}},
            "status": {"conditions": [
                {"type": "Synced", "status": "True"},
                {"type": "Ready", "status": "False", "message": message},
            ]},
        });
        let composite = object("example.org/v1", "Thing", "x", composite);
        let view =
            View::still([&composite, &composed, &definition()].map(|one| (key(one), one.clone())));
        let pending = pending_in_crossplane(&view, &key(&composite), &composite).unwrap();
        assert_eq!(pending.quiet_period, expected, "{}", pending.what);
    }

    fn definition() -> Value {
        let names = json!({"spec": {"group": "example.org", "names": {"kind": "Thing"}}});
        let definition = "apiextensions.crossplane.io/v2";
        object(definition, "CompositeResourceDefinition", "d", names)
    }

    #[rstest]
    #[case::paused(json!({"metadata": {"annotations": {"crossplane.io/paused": "true"}}}), "is paused")]
    #[case::circuit_open(
        json!({"status": {"conditions": [
            {"type": "Responsive", "status": "False", "reason": "WatchCircuitOpen", "message": "too many events"},
            {"type": "Synced", "status": "True"},
        ]}}),
        "too many events"
    )]
    #[case::no_function(
        json!({"status": {"conditions": [
            {"type": "Synced", "status": "False", "message": "cannot run Function \"f\""},
        ]}}),
        "is not composed: cannot run Function \"f\""
    )]
    fn what_will_not_come_is_not_waited_for(#[case] rest: Value, #[case] says: &str) {
        let composite = object("example.org/v1", "Thing", "x", rest);
        let view = View::still([&composite, &definition()].map(|one| (key(one), one.clone())));
        let pending = pending_in_crossplane(&view, &key(&composite), &composite).unwrap();
        assert_eq!(pending.quiet_period, QuietPeriod::None);
        assert!(pending.what.contains(says), "{}", pending.what);
    }
}
