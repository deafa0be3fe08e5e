//! The messages of the control plane about objects: conditions and events, in short.
//!
//! Pure: the objects and Event objects are read by the caller.

use crosscut_assertion::Name;
use crosscut_events::{Evidence, ObjectCondition, ObjectEvent};
use serde_json::Value;

use crate::target::{Target, Whereabouts, Which};

/// The largest number of events in the evidence; the last ones are kept.
const MOST_EVENTS: usize = 12;

/// Returns `Kind namespace/name` of an object.
pub(crate) fn object_name(object: &Value) -> String {
    let kind = text(object, "/kind");
    let name = text(object, "/metadata/name");
    match text(object, "/metadata/namespace") {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    }
}

/// Returns the conditions of `objects` and those of `events` (core/v1 Events) that are about them.
///
/// For an object with a condition that is not True, its True conditions are omitted.
pub(crate) fn evidence(objects: &[Value], events: &[Value], notes: &[String]) -> Evidence {
    let conditions: Vec<ObjectCondition> = objects.iter().flat_map(telling).collect();
    // A reconcile that keeps failing has usually set a condition with the same message.
    let is_said = |note: &String| {
        conditions
            .iter()
            .any(|one| !one.message.is_empty() && note.ends_with(&one.message))
    };
    let notes = notes
        .iter()
        .filter(|note| !is_said(note))
        .cloned()
        .collect();
    Evidence {
        events: last_events(objects, events),
        notes,
        conditions,
    }
}

/// Returns the composed resources of a composite resource of Crossplane 2 or 1; an empty list for any other object.
pub(crate) fn composed(object: &Value) -> Vec<Target> {
    let references = ["/spec/crossplane/resourceRefs", "/spec/resourceRefs"]
        .into_iter()
        .find_map(|pointer| object.pointer(pointer)?.as_array());
    let own_namespace = text(object, "/metadata/namespace");
    let target = |reference: &Value| {
        let namespace = match text(reference, "/namespace") {
            "" => own_namespace,
            namespace => namespace,
        };
        Some(Target {
            api_version: Name::new(text(reference, "/apiVersion"))?,
            kind: Name::new(text(reference, "/kind"))?,
            place: Name::new(namespace).map_or(Whereabouts::Everywhere, Whereabouts::Namespace),
            which: Which::Named(Name::new(text(reference, "/name"))?),
        })
    };
    references
        .into_iter()
        .flatten()
        .filter_map(target)
        .collect()
}

/// Returns true if all conditions of an object are True.
pub(crate) fn is_well(object: &Value) -> bool {
    conditions(object).iter().all(is_good)
}

fn is_good(condition: &ObjectCondition) -> bool {
    condition.status == "True"
}

/// Returns the function that could not be called, as Crossplane's conditions and events name it.
pub(crate) fn failing_function(evidence: &Evidence) -> Option<&str> {
    let conditions = evidence.conditions.iter().map(|one| &one.message);
    let events = evidence.events.iter().map(|one| &one.message);
    conditions
        .chain(events)
        .chain(&evidence.notes)
        .find_map(|text| {
            let (_, rest) = text.split_once("cannot run Function \"")?;
            Some(rest.split_once('"')?.0)
        })
}

/// Returns the conditions that are not True, or all conditions if all are True.
fn telling(object: &Value) -> Vec<ObjectCondition> {
    let all = conditions(object);
    if all.iter().all(is_good) {
        return all;
    }
    all.into_iter().filter(|one| !is_good(one)).collect()
}

fn conditions(object: &Value) -> Vec<ObjectCondition> {
    object
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|condition| ObjectCondition {
            object: object_name(object),
            condition: text(condition, "/type").to_owned(),
            status: text(condition, "/status").to_owned(),
            reason: text(condition, "/reason").to_owned(),
            message: text(condition, "/message").to_owned(),
        })
        .collect()
}

fn last_events(objects: &[Value], events: &[Value]) -> Vec<ObjectEvent> {
    let mut about: Vec<&Value> = events
        .iter()
        .filter(|event| objects.iter().any(|object| is_about(event, object)))
        .collect();
    about.sort_by_key(|event| revision(event));
    let skipped = about.len().saturating_sub(MOST_EVENTS);
    about.into_iter().skip(skipped).map(short_event).collect()
}

fn is_about(event: &Value, object: &Value) -> bool {
    let involved = |field: &str| text(event, &format!("/involvedObject/{field}"));
    involved("kind") == text(object, "/kind")
        && involved("name") == text(object, "/metadata/name")
        && involved("namespace") == text(object, "/metadata/namespace")
}

fn short_event(event: &Value) -> ObjectEvent {
    let involved = |field: &str| text(event, &format!("/involvedObject/{field}")).to_owned();
    let object = match involved("namespace").as_str() {
        "" => format!("{} {}", involved("kind"), involved("name")),
        namespace => format!("{} {namespace}/{}", involved("kind"), involved("name")),
    };
    ObjectEvent {
        kind: text(event, "/type").to_owned(),
        reason: text(event, "/reason").to_owned(),
        object,
        message: text(event, "/message").to_owned(),
        count: event.pointer("/count").and_then(Value::as_u64).unwrap_or(1),
    }
}

/// Returns the resourceVersion as a number: on one control plane it orders writes.
fn revision(object: &Value) -> u64 {
    text(object, "/metadata/resourceVersion")
        .parse()
        .unwrap_or(0)
}

/// Returns the string at `pointer`; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use rstest::rstest;

    use super::{composed, evidence, failing_function, is_well, object_name};
    use crate::target::{Whereabouts, Which};

    fn event(name: &str, revision: u64) -> serde_json::Value {
        json!({
            "metadata": {"resourceVersion": revision.to_string()},
            "involvedObject": {"kind": "Cluster", "namespace": "team", "name": name},
            "type": "Warning", "reason": "ComposeResources", "message": format!("m{revision}"), "count": 3,
        })
    }

    #[test]
    fn only_bad_conditions_are_shown_where_there_are_any() {
        let object = json!({
            "kind": "Cluster", "metadata": {"name": "a", "namespace": "team"},
            "status": {"conditions": [
                {"type": "Ready", "status": "False", "reason": "Creating", "message": "no"},
                {"type": "Responsive", "status": "True", "reason": "WatchCircuitClosed"},
            ]},
        });
        let found = evidence(&[object], &[], &[]);
        assert_eq!(found.conditions.len(), 1);
        assert_eq!(found.conditions[0].object, "Cluster team/a");
        assert_eq!(found.conditions[0].reason, "Creating");
    }

    #[test]
    fn the_last_events_of_the_objects_are_kept_in_order() {
        let object = json!({"kind": "Cluster", "metadata": {"name": "a", "namespace": "team"}});
        let mut events: Vec<_> = (1..=20)
            .rev()
            .map(|revision| event("a", revision))
            .collect();
        events.push(event("other", 99));
        let found = evidence(&[object], &events, &[]);
        let messages: Vec<&str> = found
            .events
            .iter()
            .map(|event| event.message.as_str())
            .collect();
        assert_eq!(messages.len(), 12);
        assert_eq!((messages[0], messages[11]), ("m9", "m20"));
        assert_eq!(found.events[0].count, 3);
    }

    #[test]
    fn good_conditions_are_shown_where_all_are_good() {
        let object = json!({
            "kind": "Cluster", "metadata": {"name": "a"},
            "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Synced", "status": "True"}]},
        });
        assert_eq!(evidence(&[object], &[], &[]).conditions.len(), 2);
    }

    #[test]
    fn an_unknown_condition_is_a_bad_one() {
        let object = json!({
            "kind": "Cluster", "metadata": {"name": "a"},
            "status": {"conditions": [{"type": "Ready", "status": "Unknown"}, {"type": "Synced", "status": "True"}]},
        });
        let found = evidence(&[object], &[], &[]);
        assert_eq!(found.conditions[0].status, "Unknown");
        assert_eq!(found.conditions.len(), 1);
    }

    /// Events about an object of another kind, name or namespace are ignored.
    #[rstest]
    #[case::the_same("Cluster", "team", "a", 1)]
    #[case::another_kind("Release", "team", "a", 0)]
    #[case::another_namespace("Cluster", "other", "a", 0)]
    #[case::no_namespace("Cluster", "", "a", 0)]
    #[case::another_name("Cluster", "team", "b", 0)]
    fn events_are_about_one_object(
        #[case] kind: &str,
        #[case] namespace: &str,
        #[case] name: &str,
        #[case] count: usize,
    ) {
        let object = json!({"kind": kind, "metadata": {"name": name, "namespace": namespace}});
        assert_eq!(
            evidence(&[object], &[event("a", 1)], &[]).events.len(),
            count
        );
    }

    #[test]
    fn a_note_that_a_condition_says_already_is_left_out() {
        let object = json!({
            "kind": "Cluster", "metadata": {"name": "a"},
            "status": {"conditions": [{"type": "Synced", "status": "False", "message": "cannot compose"}]},
        });
        let notes = [
            "composite a: cannot compose",
            "composite a: cannot delete",
            "composite a: ",
        ]
        .map(str::to_owned);
        assert_eq!(evidence(&[object], &[], &notes).notes, notes[1..]);
    }

    #[rstest]
    #[case::second_version(json!({"crossplane": {"resourceRefs": [
        {"apiVersion": "v1", "kind": "Bucket", "name": "b"},
    ]}}), &["Bucket team/b"])]
    #[case::first_version(json!({"resourceRefs": [
        {"apiVersion": "v1", "kind": "Bucket", "name": "b"},
        {"apiVersion": "v1", "kind": "Bucket", "name": "c", "namespace": "other"},
    ]}), &["Bucket team/b", "Bucket other/c"])]
    #[case::no_composite(json!({"resourceRefs": "some"}), &[])]
    fn what_is_composed_is_found(#[case] spec: serde_json::Value, #[case] expected: &[&str]) {
        let object =
            json!({"kind": "App", "metadata": {"name": "a", "namespace": "team"}, "spec": spec});
        let found: Vec<String> = composed(&object)
            .into_iter()
            .map(|one| {
                let (Whereabouts::Namespace(namespace), Which::Named(name)) =
                    (one.place, one.which)
                else {
                    panic!("an object in a namespace");
                };
                format!("{} {namespace}/{name}", one.kind)
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::no_conditions(json!([]), true)]
    #[case::true_ones(json!([{"type": "Ready", "status": "True"}]), true)]
    #[case::a_false_one(json!([{"type": "Synced", "status": "True"}, {"type": "Ready", "status": "False"}]), false)]
    #[case::an_unknown_one(json!([{"type": "Ready", "status": "Unknown"}]), false)]
    fn an_object_is_well_by_its_conditions(
        #[case] conditions: serde_json::Value,
        #[case] expected: bool,
    ) {
        assert_eq!(
            is_well(&json!({"status": {"conditions": conditions}})),
            expected
        );
    }

    #[rstest]
    #[case::of_crossplane(
        "cannot compose resources: cannot run Function \"f-g\": rpc error",
        Some("f-g")
    )]
    #[case::cut("cannot run Function \"f", None)]
    #[case::fatal_result("pipeline step \"f\" returned a fatal result: no", None)]
    fn a_function_that_cannot_be_called_is_named(
        #[case] message: &str,
        #[case] expected: Option<&str>,
    ) {
        let found = evidence(&[], &[], &[message.to_owned()]);
        assert_eq!(failing_function(&found), expected);
    }

    #[test]
    fn a_cluster_scoped_object_has_no_namespace_in_its_name() {
        assert_eq!(
            object_name(&json!({"kind": "Namespace", "metadata": {"name": "n"}})),
            "Namespace n"
        );
    }
}
