//! One trial's forks and the scheduler that runs their controllers.

use std::time::Duration;

use async_trait::async_trait;
use crosscut_apiserver::{ApiServer, Event};
use crosscut_client::{Connection, object};
use crosscut_controller::{AtRest, Scheduler, SettleLimits, is_lasting};
use serde_json::Value;

use crate::rest::{rest, unsettled};
use crate::{ClusterError, Lease, ProgramPlace, Rest, SettleError, Side};

/// What one trial runs on: two planes in this process.
pub(super) struct EmbeddedLease {
    scheduler: Scheduler,
    control: EmbeddedSide,
    target: EmbeddedSide,
    namespace: String,
    limits: SettleLimits,
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

    /// What has been written since the lease began, in the version that is stored.
    fn objects(&self) -> Vec<Value> {
        let written = |event: &Event| {
            revision(&event.object) > self.began
                && is_lasting(&event.resource.group, &event.resource.kind)
        };
        self.server
            .present()
            .into_iter()
            .filter(written)
            .map(|event| event.object.as_ref().clone())
            .collect()
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
    ) -> EmbeddedLease {
        EmbeddedLease {
            scheduler,
            control,
            target,
            namespace: namespace.to_owned(),
            limits,
        }
    }

    /// Where the controllers came to rest.
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

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        self.scheduler
            .settle(&self.limits)
            .await
            .map(rest)
            .map_err(unsettled)
    }

    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError> {
        self.scheduler
            .advance(duration, &self.limits)
            .await
            .map(rest)
            .map_err(unsettled)
    }

    async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError> {
        Ok(self.side(side).objects())
    }

    fn program_place(&self) -> Result<ProgramPlace, String> {
        Err("the embedded control plane listens on no address that a program could be given; run it with --cluster envtest".to_owned())
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        // Everything is memory of this process: dropping it is enough.
        Ok(())
    }
}
