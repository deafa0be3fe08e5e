//! Pending work: an object in view that a controller has not finished with keeps a control plane unsettled.
//!
//! This module has the rules for any Kubernetes cluster. Crossplane and providers have a [`PendingWork`] of their own.

use crosscut_objects::object;
use jiff::Timestamp;
use serde_json::Value;

use super::resources::is_in_view;
use super::view::View;
use crosscut_controller::builtin::{FOREGROUND, ORPHAN};
use crosscut_objects::Key;

/// A rule for the work that controllers must still do on an object in view.
pub trait PendingWork: Send + Sync {
    /// Returns the pending work on this object; `None` if there is none.
    fn pending(&self, view: &View, key: &Key, object: &Value) -> Option<Pending>;
}

impl<F> PendingWork for F
where
    F: Fn(&View, &Key, &Value) -> Option<Pending> + Send + Sync,
{
    fn pending(&self, view: &View, key: &Key, object: &Value) -> Option<Pending> {
        self(view, key, object)
    }
}

/// Work that a controller must still do on an object, and the time to wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// A description, as a sentence fragment.
    pub what: String,
    /// The quiet period of [`super::LiveLimits`] that this work needs.
    pub quiet_period: QuietPeriod,
}

/// The time without any change to wait for pending work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuietPeriod {
    /// No extra time: the work will not be done, and the reason is known.
    None,
    /// The usual time: the work may be done soon, or never.
    Usual,
    /// A controller retries with a delay that doubles. The next delay is at most as long as the work has been failing.
    Doubling {
        /// The start of the failure.
        since: Timestamp,
    },
    /// The long time: the work will certainly be done, but by a controller that checks only at long intervals.
    Long,
}

impl Pending {
    /// Returns work that will not be done. Settling does not wait for it, but reports it among the failures.
    #[must_use]
    pub fn never(what: impl Into<String>) -> Pending {
        let what = what.into();
        Pending {
            what,
            quiet_period: QuietPeriod::None,
        }
    }

    /// Returns work that may be done soon, or never.
    #[must_use]
    pub fn soon(what: impl Into<String>) -> Pending {
        let what = what.into();
        Pending {
            what,
            quiet_period: QuietPeriod::Usual,
        }
    }

    /// Returns work that may succeed when it is tried again. `since` is the start of the failure in RFC 3339; if it is
    /// no time, the usual quiet period applies.
    #[must_use]
    pub fn when_tried_again(what: impl Into<String>, since: &str) -> Pending {
        let what = what.into();
        let quiet_period = match since.parse() {
            Ok(since) => QuietPeriod::Doubling { since },
            Err(_) => QuietPeriod::Usual,
        };
        Pending { what, quiet_period }
    }

    /// Returns work that will certainly be done, but perhaps late.
    #[must_use]
    pub fn certainly(what: impl Into<String>) -> Pending {
        let what = what.into();
        Pending {
            what,
            quiet_period: QuietPeriod::Long,
        }
    }
}

/// Returns the pending work of the API server and of the controllers of every cluster:
/// - the end of deletions
/// - conditions of the current generation
/// - the establishment of definitions
/// - the garbage collection of objects without owners
///
/// The garbage collector discovers new kinds every 30 s, and retries refused requests with a delay that doubles.
#[must_use]
pub fn pending_in_kubernetes(view: &View, key: &Key, object: &Value) -> Option<Pending> {
    if object::is_being_deleted(object) {
        return Some(ending(view, object));
    }
    if let Some(condition) = outdated_condition(object) {
        return Some(Pending::soon(format!(
            "has not been seen since its last change by {condition}"
        )));
    }
    if key.kind == "CustomResourceDefinition" && !is_decided(object) {
        return Some(Pending::soon("is not established yet"));
    }
    orphaned(view, object).then(|| Pending::certainly("has lost its owner and is to be collected"))
}

/// Returns the pending end of a deletion. The garbage collector certainly removes its own finalizers, unless a
/// dependent is still being deleted.
fn ending(view: &View, object: &Value) -> Pending {
    let finalizers = object["metadata"]["finalizers"].to_string();
    let what = format!("is being deleted, finalizers {finalizers}");
    let is_collected =
        object::has_finalizer(object, FOREGROUND) || object::has_finalizer(object, ORPHAN);
    if is_collected && !has_ending_dependent(view, object) {
        Pending::certainly(what)
    } else {
        Pending::soon(what)
    }
}

fn has_ending_dependent(view: &View, object: &Value) -> bool {
    view.dependents(object::uid(object))
        .any(|(_, one)| object::is_being_deleted(one))
}

/// Returns the type of the first condition that has an older `observedGeneration`.
fn outdated_condition(object: &Value) -> Option<&str> {
    let generation = object["metadata"]["generation"].as_i64()?;
    let outdated = conditions(object).find(|condition| {
        condition["observedGeneration"]
            .as_i64()
            .is_some_and(|observed| observed < generation)
    })?;
    outdated["type"].as_str()
}

/// Returns true if a definition is established, or its names are refused.
fn is_decided(definition: &Value) -> bool {
    conditions(definition).any(|condition| {
        (condition["type"] == "Established" && condition["status"] == "True")
            || (condition["type"] == "NamesAccepted" && condition["status"] == "False")
    })
}

/// Returns true if an object has owners and all of them are gone. Owners are in the same namespace or cluster-wide, so
/// they are in view. Kinds that are not watched are an exception, such as the Node that owns a CSINode.
fn orphaned(view: &View, object: &Value) -> bool {
    let is_gone = |owner: &Value| {
        let group = object::group_of(object::api_version(owner));
        is_in_view(group, object::kind(owner)) && !view.has_uid(object::text(owner, &["uid"]))
    };
    let owners = object::owners(object);
    !owners.is_empty() && owners.iter().all(is_gone)
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn thing(name: &str) -> Key {
        Key {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "Thing".to_owned(),
            namespace: None,
            name: name.to_owned(),
        }
    }

    /// The garbage collector discovers new kinds every 30 s.
    #[rstest]
    #[case::by_itself(json!({}), QuietPeriod::Long)]
    #[case::with_a_dependent(json!({"metadata": {"ownerReferences": [{"uid": "u"}]}}), QuietPeriod::Long)]
    #[case::with_one_that_somebody_holds(json!({"metadata": {
        "ownerReferences": [{"uid": "u"}], "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"],
    }}), QuietPeriod::Usual)]
    #[case::with_somebody_elses(json!({"metadata": {
        "ownerReferences": [{"uid": "v"}], "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"],
    }}), QuietPeriod::Long)]
    fn what_the_garbage_collector_holds(#[case] other: Value, #[case] expected: QuietPeriod) {
        let view = View::still([(thing("other"), other)]);
        for finalizer in ["foregroundDeletion", "orphan"] {
            let object = json!({"metadata": {
                "uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b", finalizer],
            }});
            let pending = pending_in_kubernetes(&view, &thing("x"), &object).unwrap();
            assert_eq!(pending.quiet_period, expected);
        }
    }

    #[rstest]
    #[case::nothing_is_owed("Thing", json!({"metadata": {"generation": 2}}), None)]
    #[case::a_deletion("Thing", json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]}}),
        Some("is being deleted, finalizers [\"a/b\"]"))]
    #[case::an_old_condition("Thing", json!({"metadata": {"generation": 2}, "status": {"conditions": [{"type": "Ready", "observedGeneration": 1}]}}),
        Some("has not been seen since its last change by Ready"))]
    #[case::a_current_condition("Thing", json!({"metadata": {"generation": 2}, "status": {"conditions": [{"type": "Ready", "observedGeneration": 2}]}}), None)]
    #[case::a_new_definition("CustomResourceDefinition", json!({}), Some("is not established yet"))]
    #[case::a_refused_definition("CustomResourceDefinition", json!({"status": {"conditions": [{"type": "NamesAccepted", "status": "False"}]}}), None)]
    #[case::an_orphan("Thing", json!({"metadata": {"ownerReferences": [{"uid": "u"}]}}), Some("has lost its owner and is to be collected"))]
    #[case::a_nodes("CSINode", json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Node", "uid": "u"}]}}), None)]
    fn pending(#[case] kind: &str, #[case] object: Value, #[case] expected: Option<&str>) {
        let view = View::still([]);
        let key = Key {
            kind: kind.to_owned(),
            ..thing("x")
        };
        let pending = pending_in_kubernetes(&view, &key, &object);
        assert_eq!(
            pending.as_ref().map(|pending| pending.what.as_str()),
            expected
        );
        let certain = expected.is_some_and(|what| what.contains("collected"));
        assert_eq!(
            pending.is_some_and(|pending| pending.quiet_period == QuietPeriod::Long),
            certain
        );
    }
}
