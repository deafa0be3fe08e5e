//! Applies that changed nothing, so that the same apply to the same object need not be computed again.
//!
//! Controllers apply the desired state at every reconcile, and most of these applies change nothing. The result of an
//! apply depends on these:
//!
//! - the live object,
//! - the body,
//! - the manager,
//! - the query.
//!
//! If all are the same as those of an apply that changed nothing, this apply changes nothing either. The live object
//! may differ in its status if neither the endpoint nor the body writes the status. This is frequent, because most
//! writes to objects are reports in the status. For each manager and object the store remembers the last such apply, if
//! its body was passed as a value.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

/// The maximum number of remembered applies; when it is reached, all are forgotten.
const LIMIT: usize = 10_000;

/// The parts of an apply except the body and the live object.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Apply {
    /// The key of the resource in the store, and the object's key there.
    pub(crate) object: (Arc<str>, String),
    /// The version in the request's path.
    pub(crate) version: String,
    pub(crate) subresource: Option<String>,
    pub(crate) manager: String,
    pub(crate) force: bool,
    /// The revision of the definition whose schema applies; 0 for kinds without one.
    pub(crate) defined: u64,
}

struct Idle {
    body: Value,
    live: Arc<Value>,
}

/// The last applies that changed nothing, each with its body and the live object.
#[derive(Default)]
pub(crate) struct IdleApplies(HashMap<Apply, Idle>);

impl IdleApplies {
    /// Returns true if this apply is known to change nothing in this object. `leaves_status` is true if the endpoint
    /// does not write the status.
    pub(crate) fn knows(
        &self,
        apply: &Apply,
        body: &Value,
        live: &Arc<Value>,
        leaves_status: bool,
    ) -> bool {
        let leaves_status = leaves_status && body.get("status").is_none();
        self.0.get(apply).is_some_and(|known| {
            known.body == *body
                && (Arc::ptr_eq(&known.live, live)
                    || leaves_status && are_equal_but_for_status(&known.live, live))
        })
    }

    /// Remembers that this apply to this object changed nothing.
    pub(crate) fn remember(&mut self, apply: Apply, body: Value, live: Arc<Value>) {
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        self.0.insert(apply, Idle { body, live });
    }
}

/// Returns true if two states of an object differ only in the status, the managed fields of the status and the
/// revision.
fn are_equal_but_for_status(one: &Value, other: &Value) -> bool {
    are_equal_without(&["status", "metadata"], one, other)
        && are_equal_without(
            &["resourceVersion", "managedFields"],
            &one["metadata"],
            &other["metadata"],
        )
        && owners(one).eq(owners(other))
}

fn are_equal_without(fields: &[&str], one: &Value, other: &Value) -> bool {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else {
        return false;
    };
    let counts = |(name, _): &(&String, &Value)| !fields.contains(&name.as_str());
    one.iter().filter(counts).eq(other.iter().filter(counts))
}

/// Returns the managed fields, except those of the status.
fn owners(object: &Value) -> impl Iterator<Item = &Value> {
    let entries = object["metadata"]["managedFields"].as_array();
    let entries = entries.into_iter().flatten();
    entries.filter(|entry| entry["subresource"] != "status")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn live() -> Value {
        json!({
            "kind": "Thing",
            "metadata": {
                "name": "a", "resourceVersion": "3",
                "managedFields": [{"manager": "m", "operation": "Apply"}, {"manager": "p", "subresource": "status"}],
            },
            "spec": {"size": 1},
            "status": {"ready": false},
        })
    }

    #[rstest]
    #[case::nothing("", json!(null), true)]
    #[case::the_status("/status", json!({"ready": true}), true)]
    #[case::the_revision("/metadata/resourceVersion", json!("4"), true)]
    #[case::who_reports("/metadata/managedFields/1/manager", json!("q"), true)]
    #[case::who_owns("/metadata/managedFields/0/manager", json!("n"), false)]
    #[case::metadata("/metadata/name", json!("b"), false)]
    #[case::the_content("/spec/size", json!(2), false)]
    fn an_apply_is_idle_where_only_the_status_changed(
        #[case] path: &str,
        #[case] value: Value,
        #[case] idle: bool,
    ) {
        let mut changed = live();
        if !path.is_empty() {
            *changed.pointer_mut(path).unwrap() = value;
        }
        let changed = Arc::new(changed);
        let (apply, body) = (apply(), json!({"kind": "Thing"}));
        let mut applies = IdleApplies::default();
        applies.remember(apply.clone(), body.clone(), Arc::new(live()));
        assert_eq!(applies.knows(&apply, &body, &changed, true), idle);
        assert!(!applies.knows(&apply, &body, &changed, false));
        let with_status = json!({"kind": "Thing", "status": {}});
        applies.remember(apply.clone(), with_status.clone(), Arc::new(live()));
        assert!(!applies.knows(&apply, &with_status, &changed, true));
        assert!(!applies.knows(&apply, &body, &changed, true));
    }

    fn apply() -> Apply {
        Apply {
            object: ("things.".into(), "a".to_owned()),
            version: "v1".to_owned(),
            subresource: None,
            manager: "m".to_owned(),
            force: true,
            defined: 1,
        }
    }
}
