//! An embedded control plane as a value.

use std::fmt;
use std::sync::Arc;

use crosscut_apiserver::{ApiServer, Options};
use crosscut_controller::{
    Controller, Plane, Scheduler, SettleLimits, Settled, Unsettled, VirtualClock, builtin,
};
use crosscut_embedded::add_plane;

/// A Kubernetes API server in this process, with the controllers that every cluster has: those of definitions, namespaces
/// and owners.
///
/// The server behaves as kube-apiserver 1.34 for custom resources and for the built-in kinds that it serves. Time is virtual:
/// it begins at 2026-01-01 and passes only while the control plane settles.
///
/// # A definition and its objects
///
/// ```
/// use crosscut::ControlPlane;
/// use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
/// use serde_json::json;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut control_plane = ControlPlane::new();
/// let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
/// let definitions: Api<DynamicObject> = Api::all_with(control_plane.client(), &ApiResource::from_gvk(&kind));
/// let size = json!({"type": "object", "properties": {"size": {"type": "integer", "default": 3}}});
/// let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": size}}});
/// let definition = json!({
///     "apiVersion": "apiextensions.k8s.io/v1",
///     "kind": "CustomResourceDefinition",
///     "metadata": {"name": "widgets.example.org"},
///     "spec": {
///         "group": "example.org",
///         "scope": "Namespaced",
///         "names": {"plural": "widgets", "kind": "Widget"},
///         "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
///     },
/// });
/// definitions.patch("widgets.example.org", &PatchParams::apply("test"), &Patch::Apply(&definition)).await?;
/// // A controller accepts the names and establishes the definition.
/// control_plane.settle().await?;
///
/// let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("example.org", "v1", "Widget"));
/// let widgets: Api<DynamicObject> = Api::default_namespaced_with(control_plane.client(), &kind);
/// let widget = json!({"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {}});
/// let made = widgets.patch("w", &PatchParams::apply("test"), &Patch::Apply(&widget)).await?;
/// assert_eq!(made.data["spec"]["size"], 3);
/// # Ok(())
/// # }
/// ```
pub struct ControlPlane {
    server: ApiServer,
    scheduler: Scheduler,
    plane: Plane,
}

impl ControlPlane {
    /// Returns a control plane with the four namespaces of every cluster. Must be called within a tokio runtime.
    #[must_use]
    pub fn new() -> ControlPlane {
        let clock = VirtualClock::new();
        let server = ApiServer::new(Options {
            clock: Arc::new(clock.clone()),
            seed: 0,
            admission: Vec::new(),
        });
        let mut scheduler = Scheduler::new(clock, 0);
        let plane = add_plane(&mut scheduler, "control", server.clone());
        for controller in builtin::controllers() {
            scheduler.add(&plane, controller);
        }
        ControlPlane {
            server,
            scheduler,
            plane,
        }
    }

    /// Returns a client of the API server. Requests, lists and watches work as over a network.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.server.service(), "default")
    }

    /// Adds a controller, which sees all objects that exist now and all changes that follow.
    pub fn add(&mut self, controller: Arc<dyn Controller>) {
        self.scheduler.add(&self.plane, controller);
    }

    /// Runs the controllers until no work is left. Virtual time passes for timers.
    ///
    /// # Errors
    /// [`Unsettled`] if the controllers do not come to rest within 20,000 reconciles and one day of virtual time. Dropping the
    /// future between two reconciles leaves the control plane usable.
    pub async fn settle(&mut self) -> Result<Settled, Unsettled> {
        self.scheduler.settle(&SettleLimits::default()).await
    }
}

impl Default for ControlPlane {
    fn default() -> ControlPlane {
        ControlPlane::new()
    }
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("ControlPlane").finish_non_exhaustive()
    }
}
