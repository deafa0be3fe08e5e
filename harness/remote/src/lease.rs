//! The lease of one trial on two clusters, with a record of the objects that it creates.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_client::Connection;
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

use super::guard::Others;
use super::ledger::without_label;
use super::programs::ProgramAccess;
use super::trial::Scope;
use super::trials::Remote;
use crosscut_cluster::{
    Activity, ClusterError, FunctionTrace, Health, Lack, Lease, ProgramPlace, Rest, SettleError,
    Side,
};
use crosscut_live::LiveLease;

/// A trial's lease. The objects that the trial created are deleted when the lease is closed, or at the end of the run.
pub(crate) struct RemoteLease {
    pub(crate) live: LiveLease,
    /// The client of the trial's own requests to the control plane.
    pub(crate) control: kube::Client,
    pub(crate) scope: Arc<Scope>,
    pub(crate) remote: Arc<Remote>,
    /// The lock on the target; `None` if the trial has no target.
    pub(crate) target: Option<OwnedMutexGuard<()>>,
    /// Access for the trial's programs; `None` if it starts none.
    pub(crate) programs: Option<ProgramAccess>,
}

impl RemoteLease {
    fn guarded(&self, side: Side, others: &Others) -> Connection {
        let recorded = match side {
            Side::Control => self.control.clone(),
            Side::Target => self.live.connection(Side::Target).http().clone(),
        };
        self.remote
            .guarded(&self.scope, side, &recorded, others)
            .into()
    }
}

#[async_trait]
impl Lease for RemoteLease {
    fn connection(&self, side: Side) -> Connection {
        self.guarded(side, &Others::Remnant)
    }

    fn connection_to_others(&self, side: Side) -> Connection {
        let [control, target] = &self.scope.changed;
        let changes = match side {
            Side::Control => control,
            Side::Target => target,
        };
        self.guarded(side, &Others::Changed(Arc::clone(changes)))
    }

    fn namespace(&self) -> &str {
        self.live.namespace()
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        self.live.settle().await
    }

    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError> {
        self.live.sleep(duration).await
    }

    async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError> {
        if side == Side::Target && self.target.is_none() {
            return Ok(Vec::new());
        }
        let mut objects = self.live.objects(side).await?;
        objects.iter_mut().for_each(without_label);
        Ok(objects)
    }

    fn changes(&mut self) -> u64 {
        self.live.changes()
    }

    fn lacks(&self) -> Vec<Lack> {
        self.live.lacks()
    }

    fn activity(&self) -> Activity {
        self.live.activity()
    }

    fn events_lag(&self) -> Duration {
        self.live.events_lag()
    }

    fn health(&self) -> Option<Arc<dyn Health>> {
        self.live.health()
    }

    fn program_place(&self) -> Result<ProgramPlace, String> {
        let beside = self.programs.as_ref();
        let beside = beside.ok_or_else(|| "no program was known to start".to_owned())?;
        Ok(beside.place.clone())
    }

    fn functions(&self) -> Option<&FunctionTrace> {
        self.live.functions()
    }

    async fn withdraw(&mut self) {
        self.remote.withdraw(&mut self.live, &self.scope).await;
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        let RemoteLease {
            live,
            scope,
            remote,
            target,
            ..
        } = *self;
        let cleaned = remote.clean(live, &scope).await;
        drop(target);
        cleaned
    }
}
