//! A provider: what scenarios are run against.

use serde_json::{Value, json};

use super::{Place, Resource};

/// A provider.
#[derive(Debug)]
pub struct Provider {
    /// The name; scenarios see it as `$provider`.
    pub name: String,
    /// Any values; scenarios see them as `$values`.
    pub values: Value,
    /// CRDs that the control plane has from the start.
    pub crds: Vec<Resource>,
    /// CRDs that the target has from the start.
    pub target_crds: Vec<Resource>,
    /// Other objects that the control plane has from the start, in order.
    pub install: Vec<Resource>,
    /// How managed resources behave; the first rule that matches decides.
    pub managed: Vec<ManagedRule>,
    /// The place where the provider is declared.
    pub place: Place,
}

impl Provider {
    /// Returns the provider of a suite that has none: it is called `default` and brings nothing.
    pub(crate) fn by_default(place: Place) -> Provider {
        Provider {
            name: "default".to_owned(),
            values: json!({}),
            crds: Vec::new(),
            target_crds: Vec::new(),
            install: Vec::new(),
            managed: Vec::new(),
            place,
        }
    }
}

/// How managed resources of some kinds behave.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagedRule {
    /// A glob pattern on the API group, such as `*.aws.m.upbound.io`.
    pub group: String,
    /// A glob pattern on the kind.
    pub kind: String,
    /// True if the external resource comes to be: conditions Synced and Ready are True then.
    /// Otherwise Synced is False with reason ReconcileError, as without credentials.
    pub ready: bool,
    /// The place where the external name comes from.
    pub external_name: ExternalName,
    /// Merged into the status that the stand-in writes.
    pub status: Value,
    /// What is published to the Secret that `spec.writeConnectionSecretToRef` names.
    pub connection_secret: Option<ConnectionSecret>,
}

/// The place where a managed resource's external name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalName {
    /// The object's own name, set before anything else happens.
    Name,
    /// The cloud gives one once the resource exists.
    Provider,
}

/// What a managed resource publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionSecret {
    /// A kubeconfig that leads to the trial's target cluster, under the key `kubeconfig`.
    TargetKubeconfig,
}
