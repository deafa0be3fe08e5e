//! Usages: objects that protect a used resource from deletion.
//!
//! Source: Crossplane 2.2.0 (internal/controller/protection/usage and its webhook): `Usage` and `ClusterUsage` of
//! `protection.crossplane.io/v1beta1`. The controller labels the used object, and releases a Usage only when
//! allowed; the admission refuses deletions. The deprecated `Usage` of `apiextensions.crossplane.io` is not served.

mod admission;
mod reconcile;
mod selector;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::Event;

use crosscut_objects::Key;
use serde_json::Value;

pub(crate) use admission::UsageAdmission;

use crate::object;
use crate::recorder::Recorder;
use crate::work::{Work, is_about, key_of, outcome};

pub(crate) const API_VERSION: &str = "protection.crossplane.io/v1beta1";
/// The label of every used object; only deletions of such objects are checked.
pub const LABEL_IN_USE: &str = "crossplane.io/in-use";
/// The annotation of an object whose deletion was refused, with the propagation policy of the attempt.
pub(crate) const ANNOTATION_ATTEMPT: &str = "usage.crossplane.io/deletion-attempt-with-policy";

/// The two kinds of usages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Usage,
    ClusterUsage,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Usage => "Usage",
            Self::ClusterUsage => "ClusterUsage",
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Usage => "usages",
            Self::ClusterUsage => "clusterusages",
        }
    }

    fn controller(self) -> &'static str {
        match self {
            Self::Usage => "usage/usage.protection.crossplane.io",
            Self::ClusterUsage => "usage/clusterusage.protection.crossplane.io",
        }
    }
}

/// Returns true if the usage protects this object.
pub fn is_usage_of(usage: &Value, used: &Value) -> bool {
    let of =
        |path: &[&str]| object::at(usage, &["spec", "of"]).map_or("", |of| object::text(of, path));
    let name = of(&["resourceRef", "name"]);
    let namespace = match of(&["resourceRef", "namespace"]) {
        "" => object::namespace(usage),
        namespace => namespace,
    };
    // A ClusterUsage has no namespace; Crossplane compares only the fields of both.
    let same_namespace =
        object::kind(usage) == Kind::ClusterUsage.name() || namespace == object::namespace(used);
    !name.is_empty()
        && name == object::name(used)
        && same_namespace
        && of(&["kind"]) == object::kind(used)
        && object::group_of(of(&["apiVersion"])) == object::group_of(object::api_version(used))
}

/// The controller of one kind of usages.
pub(crate) struct Usages {
    kind: Kind,
    recorder: Recorder,
    replays: Mutex<BTreeMap<Key, Replay>>,
}

/// A deletion to repeat once the usage that refused it is deleted.
#[derive(Clone, Debug)]
struct Replay {
    used: Value,
    policy: String,
}

impl Usages {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            recorder: Recorder::new(kind.controller()),
            replays: Mutex::default(),
        }
    }

    fn remember(&self, key: &Key, replay: Replay) {
        self.replays
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone(), replay);
    }

    fn recall(&self, key: &Key) -> Option<Replay> {
        self.replays
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key)
    }
}

#[async_trait]
impl Controller for Usages {
    fn name(&self) -> &str {
        self.kind.controller()
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        if is_about(event, API_VERSION, self.kind.name()) {
            vec![key_of(event)]
        } else {
            Vec::new()
        }
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let work = Work::new(context, &self.recorder);
        outcome(reconcile::reconcile(self, &work, key).await)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn usage(kind: &str, of: Value) -> Value {
        json!({"kind": kind, "metadata": {"name": "u", "namespace": if kind == "Usage" { "n" } else { "" }}, "spec": {"of": of}})
    }

    #[rstest]
    #[case::same_namespace(usage("Usage", json!({"apiVersion": "g/v1", "kind": "K", "resourceRef": {"name": "a"}})), true)]
    #[case::another_version(usage("Usage", json!({"apiVersion": "g/v2", "kind": "K", "resourceRef": {"name": "a"}})), true)]
    #[case::another_group(usage("Usage", json!({"apiVersion": "h/v1", "kind": "K", "resourceRef": {"name": "a"}})), false)]
    #[case::another_name(usage("Usage", json!({"apiVersion": "g/v1", "kind": "K", "resourceRef": {"name": "b"}})), false)]
    #[case::another_namespace(usage("Usage", json!({"apiVersion": "g/v1", "kind": "K", "resourceRef": {"name": "a", "namespace": "m"}})), false)]
    #[case::not_resolved(usage("Usage", json!({"apiVersion": "g/v1", "kind": "K", "resourceSelector": {}})), false)]
    #[case::of_the_cluster(usage("ClusterUsage", json!({"apiVersion": "g/v1", "kind": "K", "resourceRef": {"name": "a"}})), true)]
    fn which_usage_is_of_what(#[case] usage: Value, #[case] is: bool) {
        let used =
            json!({"apiVersion": "g/v1", "kind": "K", "metadata": {"name": "a", "namespace": "n"}});
        assert_eq!(is_usage_of(&usage, &used), is);
    }
}
