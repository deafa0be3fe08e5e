//! Ownership of objects on a cluster: those that the run created, directly or through other objects.

use std::collections::BTreeSet;
use std::sync::Arc;

use crosscut_client::{Api, ApiError};

use crosscut_objects::{ObjectRef, object};
use serde_json::Value;

use super::ledger::{LABEL, Ledger};
use super::trial::api;
use crosscut_cluster::Side;

/// The label of all composed resources, with the name of the root composite resource.
const COMPOSITE: &str = "crossplane.io/composite";
/// The kinds whose objects have a manifest that provider-kubernetes applies.
const OBJECTS: [(&str, &str); 2] = [
    ("kubernetes.m.crossplane.io/v1alpha1", "Object"),
    ("kubernetes.crossplane.io/v1alpha2", "Object"),
];
/// The maximum number of owners to visit from one object upwards.
const MOST_OWNERS: usize = 32;

/// The objects of the run, as one trial sees them on one side.
#[derive(Clone)]
pub(super) struct Mine {
    side: Side,
    run: String,
    /// The record that has the trial's own namespaces on the control plane.
    own: Arc<Ledger>,
    ledgers: Vec<Arc<Ledger>>,
    /// The cluster that the trial's request goes to.
    here: Api,
    control: Api,
}

impl Mine {
    /// Creates a view of the objects in `ledgers` on `side`, which `here` leads to. `own` has the trial's own
    /// namespaces.
    pub(super) fn new(
        side: Side,
        own: &Arc<Ledger>,
        ledgers: Vec<Arc<Ledger>>,
        here: &kube::Client,
        control: &kube::Client,
    ) -> Mine {
        Mine {
            side,
            run: own.run().to_owned(),
            own: Arc::clone(own),
            ledgers,
            here: api(here),
            control: api(control),
        }
    }

    /// Returns true if a namespace of this cluster belongs to the trial, with all its objects.
    pub(super) fn owns(&self, namespace: &str) -> bool {
        self.owns_on(self.side, namespace)
    }

    fn owns_on(&self, side: Side, namespace: &str) -> bool {
        side == Side::Control && !namespace.is_empty() && !self.own.labels(namespace)
    }

    /// Returns true if the run created an object of this cluster. One of these is enough:
    /// - The run created it itself.
    /// - The run created all its owners.
    /// - It is the manifest of an Object that the run created.
    ///
    /// # Errors
    /// [`ApiError`] if an owner or the Objects cannot be read.
    pub(super) async fn made(&self, object: &Value) -> Result<bool, ApiError> {
        Ok(self.made_on(self.side, object).await? || self.is_manifest(object).await?)
    }

    async fn made_on(&self, side: Side, object: &Value) -> Result<bool, ApiError> {
        let mut left = vec![object.clone()];
        let mut seen = BTreeSet::new();
        while let Some(object) = left.pop() {
            if self.is_known(side, &object) {
                continue;
            }
            let owners = object::owners(&object);
            let is_new = seen.insert(object::uid(&object).to_owned());
            if owners.is_empty() || !is_new || seen.len() > MOST_OWNERS {
                return Ok(false);
            }
            for owner in owners {
                match self.owner(side, object::namespace(&object), owner).await? {
                    Some(owner) => left.push(owner),
                    None => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    /// Returns true if the run created an object itself, or composed it. A composed object without owners is recognized
    /// by its label.
    fn is_known(&self, side: Side, object: &Value) -> bool {
        let composite = object::label(object, COMPOSITE);
        let is_composed = || {
            object::owners(object).is_empty()
                && !composite.is_empty()
                && self
                    .ledgers
                    .iter()
                    .any(|ledger| ledger.has_custom(composite))
        };
        self.owns_on(side, object::namespace(object))
            || object::label(object, LABEL) == self.run
            || self
                .ledgers
                .iter()
                .any(|ledger| ledger.has(object::uid(object)))
            || is_composed()
    }

    /// Returns the owner that a reference names, in the owned object's namespace or cluster-wide. `None` if it is gone.
    async fn owner(
        &self,
        side: Side,
        namespace: &str,
        owner: &Value,
    ) -> Result<Option<Value>, ApiError> {
        let address = ObjectRef {
            api_version: object::api_version(owner),
            kind: object::kind(owner),
            namespace,
            name: object::text(owner, &["name"]),
        };
        let api = match side {
            Side::Control => &self.control,
            Side::Target => &self.here,
        };
        match api.get(address).await {
            Ok(found) if object::uid(&found) == object::text(owner, &["uid"]) => Ok(Some(found)),
            Ok(_) => Ok(None),
            Err(error) if error.is_not_found() || error.is_no_match() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn is_manifest(&self, object: &Value) -> Result<bool, ApiError> {
        for (api_version, kind) in OBJECTS {
            let all = std::collections::BTreeMap::new();
            let objects = match self.control.list(api_version, kind, "", &all).await {
                Ok(objects) => objects,
                Err(error) if error.is_not_found() || error.is_no_match() => continue,
                Err(error) => return Err(error),
            };
            for one in objects {
                let manifest = object::at(&one, &["spec", "forProvider", "manifest"]);
                let is_it = manifest.is_some_and(|manifest| describes(manifest, object));
                if is_it && self.made_on(Side::Control, &one).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Returns true if a manifest describes this object, in any version.
fn describes(manifest: &Value, object: &Value) -> bool {
    let group = |value| object::group_of(object::api_version(value));
    let namespace = object::namespace(manifest);
    group(manifest) == group(object)
        && object::kind(manifest) == object::kind(object)
        && object::name(manifest) == object::name(object)
        && (namespace.is_empty() || namespace == object::namespace(object))
}
