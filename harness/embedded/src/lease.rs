//! One trial's forks and the scheduler that runs their controllers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_apiserver::ApiServer;

use crosscut_client::{Api, Connection};
use crosscut_objects::{Clock as _, Event};

use crosscut_controller::{Activity, AtRest, Scheduler, SettleLimits, is_lasting};
use crosscut_functions::Trace;
use crosscut_objects::{ObjectRef, object};
use serde_json::Value;

use crosscut_cluster::{ClusterError, Lack, Lease, ProgramPlace, Rest, SettleError, Side};
use crosscut_cluster::{rest, unsettled};
use crosscut_setup::install::FIELD_MANAGER;

/// What one trial runs on: two planes in this process.
pub(super) struct EmbeddedLease {
    scheduler: Scheduler,
    control: EmbeddedSide,
    target: EmbeddedSide,
    namespace: String,
    limits: SettleLimits,
    trace: Arc<Trace>,
}

/// One of the two planes.
pub(super) struct EmbeddedSide {
    client: Connection,
    server: ApiServer,
    /// The revision that the lease began with.
    began: u64,
}

impl EmbeddedSide {
    pub(super) fn new(client: &Connection, server: ApiServer) -> EmbeddedSide {
        EmbeddedSide {
            client: client.clone(),
            began: server.head(),
            server,
        }
    }

    /// Returns what has been written since the lease began, as it is read now: by the schema of now, if that is another
    /// than it was written by.
    async fn objects(&self) -> Result<Vec<Value>, ClusterError> {
        let written = |event: &Event| {
            revision(&event.object) > self.began
                && is_lasting(&event.resource.group, &event.resource.kind)
        };
        let api = Api::new(&self.client, FIELD_MANAGER);
        let mut objects = Vec::new();
        for event in self.server.present().into_iter().filter(written) {
            match api.get(ObjectRef::of(&event.object)).await {
                Ok(object) => objects.push(object),
                // Its definition is gone.
                Err(error) if error.is_not_found() || error.is_no_match() => {}
                Err(error) => return Err(ClusterError::read(error)),
            }
        }
        Ok(objects)
    }
}

/// The revision of an object's last write.
fn revision(object: &Value) -> u64 {
    let version = object::text(object, &["metadata", "resourceVersion"]);
    version.parse().unwrap_or_default()
}

impl EmbeddedLease {
    pub(super) fn new(
        scheduler: Scheduler,
        control: EmbeddedSide,
        target: EmbeddedSide,
        namespace: &str,
        limits: SettleLimits,
        trace: Arc<Trace>,
    ) -> EmbeddedLease {
        EmbeddedLease {
            scheduler,
            control,
            target,
            namespace: namespace.to_owned(),
            limits,
            trace,
        }
    }

    /// Returns the place where the controllers came to rest.
    pub(super) fn at_rest(&self) -> AtRest {
        self.scheduler.at_rest()
    }

    fn side(&self, side: Side) -> &EmbeddedSide {
        match side {
            Side::Control => &self.control,
            Side::Target => &self.target,
        }
    }
}

#[async_trait]
impl Lease for EmbeddedLease {
    fn connection(&self, side: Side) -> Connection {
        self.side(side).client.clone()
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn clock(&self) -> Option<Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>> {
        let clock = self.scheduler.clock();
        Some(Arc::new(move || clock.now()))
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        self.scheduler
            .settle(&self.limits)
            .await
            .map(|settled| rest(settled, 0))
            .map_err(unsettled)
    }

    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError> {
        self.scheduler
            .advance(duration, &self.limits)
            .await
            .map(|settled| rest(settled, 0))
            .map_err(unsettled)
    }

    fn activity(&self) -> Activity {
        self.scheduler.activity()
    }

    fn sleeps_in_real_time(&self) -> bool {
        false
    }

    async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError> {
        self.side(side).objects().await
    }

    fn lacks(&self) -> Vec<Lack> {
        let of_controllers = self.scheduler.lacks();
        let of_controllers = of_controllers.into_iter().map(crosscut_objects::Lack::of);
        let servers = [&self.control.server, &self.target.server];
        let of_servers = servers.into_iter().flat_map(ApiServer::lacks);
        of_servers.chain(of_controllers).map(lack).collect()
    }

    fn program_place(&self) -> Result<ProgramPlace, String> {
        Err("the embedded control plane listens on no address that a program could be given; run it with --cluster envtest".to_owned())
    }

    fn functions(&self) -> Option<&Trace> {
        Some(&self.trace)
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        // Everything is memory of this process: dropping it is enough.
        Ok(())
    }
}

/// Says what the embedded control plane lacks, and what has it.
fn lack(found: crosscut_objects::Lack) -> Lack {
    let mut help =
        "run the trial with --cluster envtest, kind or kubeconfig, which have it".to_owned();
    if !found.instead.is_empty() {
        help.push_str("; ");
        help.push_str(&found.instead);
    }
    Lack {
        message: format!("the embedded control plane does not have {}", found.what),
        help,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosscut_apiserver::Options;
    use crosscut_controller::{VirtualClock, builtin};
    use serde_json::json;

    use super::*;

    fn definition(properties: &Value) -> Value {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "pools.example.org"},
            "spec": {
                "group": "example.org", "scope": "Namespaced", "names": {"kind": "Pool", "plural": "pools"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                    "type": "object", "properties": {"spec": {"type": "object", "properties": properties}},
                }}}],
            },
        })
    }

    /// A target with the built-in controllers.
    fn target() -> (Scheduler, Api, EmbeddedSide) {
        let clock = VirtualClock::new();
        let server = ApiServer::new(Options {
            clock: Arc::new(clock.clone()),
            seed: 0,
            admission: Vec::new(),
        });
        let mut scheduler = Scheduler::new(clock, 0);
        let (connection, log) = crosscut_testkit::in_process(server.clone());
        let plane = scheduler.add_plane("target", connection, log);
        for controller in builtin::controllers() {
            scheduler.add(&plane, controller);
        }
        let side = EmbeddedSide::new(plane.connection(), server);
        let api = Api::new(plane.connection(), "test");
        (scheduler, api, side)
    }

    /// Otherwise than in a whole cluster, where controllers give it an account and a bundle of certificates.
    #[tokio::test]
    async fn a_namespace_is_given_nothing() {
        let (mut scheduler, api, side) = target();
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
        api.create(&namespace).await.unwrap();
        scheduler.settle(&SettleLimits::default()).await.unwrap();
        let objects = side.objects().await.unwrap();
        let inside = |object: &&Value| object["metadata"]["namespace"] == "shop";
        assert_eq!(objects.iter().find(inside), None);
        assert!(
            objects
                .iter()
                .any(|object| object["metadata"]["name"] == "shop")
        );
    }

    /// Source: kube-apiserver 1.34, by `crosscut parity` of the scenario schema-upgrade.
    #[tokio::test]
    async fn what_was_written_by_an_older_schema_is_read_by_the_present_one() {
        let (mut scheduler, api, side) = target();
        let before = definition(&json!({"protocol": {"type": "string"}}));
        api.apply(&before, "test").await.unwrap();
        scheduler.settle(&SettleLimits::default()).await.unwrap();
        let pool = json!({
            "apiVersion": "example.org/v1", "kind": "Pool", "metadata": {"name": "old", "namespace": "default"},
            "spec": {"protocol": "http"},
        });
        api.create(&pool).await.unwrap();
        let after = definition(&json!({"mode": {"type": "string", "default": "closed"}}));
        api.apply(&after, "test").await.unwrap();
        scheduler.settle(&SettleLimits::default()).await.unwrap();
        let objects = side.objects().await.unwrap();
        let pool = objects.iter().find(|object| object["kind"] == "Pool");
        assert_eq!(pool.unwrap()["spec"], json!({"mode": "closed"}));
    }
}
