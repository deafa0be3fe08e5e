//! One trial's share of two API servers, with the stand-ins that work for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{PendingWork, Driver, LiveLimits, LivePlane, Pending, QuietPeriod, View, pending_in_kubernetes};
use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_controller::{Activity, Controller, Settled, Unsettled, is_lasting};
use crosscut_objects::Clock;

use crate::{pending_in_crossplane, is_in_use};
use crosscut_crossplane::is_paused;
use crosscut_objects::Key;
use serde_json::Value;

use crosscut_cluster::{
    ClusterError, FunctionTrace, Health, Lack, Lease, ProgramPlace, Rest, SettleError, Side,
};
use crosscut_cluster::{rest, unsettled};
use crosscut_setup::Progress;

use crosscut_setup::user_agent;

/// Crossplane tells the Events of all trials one after the other; on a busy machine that takes seconds.
const EVENTS_LAG: Duration = Duration::from_secs(30);

/// Makes the clusters clean for the next trial.
#[async_trait]
pub trait Cleanup: Send {
    /// Takes away everything that the trial left.
    async fn clean(self: Box<Self>) -> Result<(), ClusterError>;
}

/// One API server as a trial has it.
pub struct LiveSide {
    /// The connection to the API server.
    pub client: Connection,
    /// The part of the API server that the trial sees.
    pub view: View,
}

/// One API server under the lease's driver.
struct Plane {
    client: Connection,
    plane: LivePlane,
    /// The resourceVersions of what was in view before the trial.
    before: HashMap<Key, String>,
    /// The store's revision when the trial began: what has no later one was there before, in view or not yet.
    since: Option<u64>,
}

/// What one trial runs on.
pub struct LiveLease {
    control: Plane,
    target: Plane,
    driver: Driver,
    limits: LiveLimits,
    namespace: String,
    cleanup: Option<Box<dyn Cleanup>>,
    health: Option<Arc<dyn Health>>,
    programs: Option<ProgramPlace>,
    trace: Option<Arc<FunctionTrace>>,
}

impl LiveLease {
    /// A lease without controllers.
    pub fn new(
        control: LiveSide,
        target: LiveSide,
        namespace: String,
        clock: Arc<dyn Clock>,
        limits: LiveLimits,
    ) -> LiveLease {
        let mut driver = Driver::new(clock);
        let kubernetes: Arc<dyn PendingWork> = Arc::new(pending_in_kubernetes);
        let crossplane: Arc<dyn PendingWork> = Arc::new(pending_in_crossplane);
        let protected: Arc<dyn PendingWork> = Arc::new(unless_kept);
        let control = Plane::add(
            &mut driver,
            Side::Control,
            control,
            vec![protected, crossplane],
        );
        let target = Plane::add(&mut driver, Side::Target, target, vec![kubernetes]);
        LiveLease {
            control,
            target,
            driver,
            limits,
            namespace,
            cleanup: None,
            health: None,
            programs: None,
            trace: None,
        }
    }

    /// Runs a controller on the control plane while this lease settles.
    pub fn add(&mut self, controller: Arc<dyn Controller>) {
        self.driver.add(self.control.plane, controller);
    }

    /// Remembers what there is now as what was there before the trial. The revisions of the two stores are those of now,
    /// where they are known; they are asked for otherwise.
    ///
    /// # Errors
    /// [`ClusterError::Start`] where an API server does not answer.
    pub async fn begin(
        &mut self,
        control: Option<u64>,
        target: Option<u64>,
    ) -> Result<(), ClusterError> {
        self.driver.look();
        for (side, known) in [(&mut self.control, control), (&mut self.target, target)] {
            side.since = match known {
                Some(known) => Some(known),
                None => View::revision(side.client.http())
                    .await
                    .map_err(|error| ClusterError::start(error, None))?,
            };
            side.before = self
                .driver
                .view(side.plane)
                .into_iter()
                .flat_map(View::objects)
                .map(|(key, object)| (key.clone(), version(object).to_owned()))
                .collect();
        }
        Ok(())
    }

    fn rest(&self, settled: Result<Settled, Unsettled>) -> Result<Rest, SettleError> {
        let changes = self.driver.changes();
        settled
            .map(|settled| rest(settled, changes))
            .map_err(unsettled)
    }

    fn plane(&self, side: Side) -> &Plane {
        match side {
            Side::Control => &self.control,
            Side::Target => &self.target,
        }
    }

    /// Says what is waited for where that may take long.
    pub fn tell_of_waiting(&mut self, progress: &Progress) {
        self.driver.tell_of_waiting(Arc::clone(progress));
    }

    /// What tells whether the clusters still work.
    pub fn watch_over(&mut self, health: Arc<dyn Health>) {
        self.health = Some(health);
    }

    /// Lets programs under test run beside the clusters.
    pub fn with_programs(&mut self, place: ProgramPlace) {
        self.programs = Some(place);
    }

    /// What is noted of the functions for the trial.
    pub fn with_functions(&mut self, trace: Arc<FunctionTrace>) {
        self.trace = Some(trace);
    }

    /// What to do when the trial is over.
    pub fn clean_with(&mut self, cleanup: Box<dyn Cleanup>) {
        self.cleanup = Some(cleanup);
    }
}

#[async_trait]
impl Lease for LiveLease {
    fn connection(&self, side: Side) -> Connection {
        self.plane(side).client.clone()
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        let settled = self.driver.settle(&self.limits).await;
        self.rest(settled)
    }

    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError> {
        let settled = self.driver.advance(duration, &self.limits).await;
        self.rest(settled)
    }

    async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError> {
        let plane = self.plane(side);
        let Some(view) = self.driver.view(plane.plane) else {
            return Ok(Vec::new());
        };
        // Asked and not taken from the view, which may lack what was made a moment ago.
        let all = view
            .list(plane.client.http())
            .await
            .map_err(ClusterError::read)?;
        // The trial's own namespace was made for it; whether that had been seen when it began does not matter.
        let own = |key: &Key| key.kind == "Namespace" && key.name == self.namespace;
        Ok(all
            .into_iter()
            .filter(|(key, object)| {
                !own(key) && is_lasting(&key.group, &key.kind) && plane.is_new(key, object)
            })
            .map(|(_, object)| object)
            .collect())
    }

    fn changes(&mut self) -> u64 {
        self.driver.look();
        self.driver.changes()
    }

    fn lacks(&self) -> Vec<Lack> {
        self.driver.lacks().into_iter().map(of_stand_ins).collect()
    }

    fn activity(&self) -> Activity {
        self.driver.activity()
    }

    fn events_lag(&self) -> Duration {
        EVENTS_LAG
    }

    fn health(&self) -> Option<Arc<dyn Health>> {
        self.health.clone()
    }

    fn program_place(&self) -> Result<ProgramPlace, String> {
        let none = || "nothing says where programs can run beside these clusters".to_owned();
        self.programs.clone().ok_or_else(none)
    }

    fn functions(&self) -> Option<&FunctionTrace> {
        self.trace.as_deref()
    }

    async fn close(mut self: Box<Self>) -> Result<(), ClusterError> {
        let cleanup = self.cleanup.take();
        // The stand-ins stop before what they work on goes.
        drop(self);
        match cleanup {
            Some(cleanup) => cleanup.clean().await,
            None => Ok(()),
        }
    }
}

/// A thing that a provider does, and the stand-in in its place does not.
fn of_stand_ins(what: String) -> Lack {
    Lack {
        message: format!("the stand-ins for providers do not have {what}"),
        help: "run the trial on a control plane with the provider itself: its package, or --cluster envtest for provider-kubernetes".to_owned(),
    }
}

/// Returns what Kubernetes owes, but for what Crossplane leaves as it is, and for collecting what it protects.
fn unless_kept(view: &View, key: &Key, object: &Value) -> Option<Pending> {
    if is_paused(object) {
        return None;
    }
    let pending = pending_in_kubernetes(view, key, object)?;
    (pending.quiet_period != QuietPeriod::Long || !is_in_use(view, object)).then_some(pending)
}

impl Plane {
    fn add(driver: &mut Driver, name: Side, side: LiveSide, rules: Vec<Arc<dyn PendingWork>>) -> Plane {
        let stand_ins = user_agent::of_stand_ins(side.client.http());
        let plane = driver.add_plane(name.as_str(), stand_ins.into(), side.view, rules);
        Plane {
            client: side.client,
            plane,
            before: HashMap::new(),
            since: None,
        }
    }

    /// Returns true if an object is not as it was before the trial.
    fn is_new(&self, key: &Key, object: &Value) -> bool {
        let version = version(object);
        let is_later = match (version.parse::<u64>(), self.since) {
            (Ok(version), Some(since)) => version > since,
            _ => true,
        };
        is_later && self.before.get(key).map(String::as_str) != Some(version)
    }
}

fn version(object: &Value) -> &str {
    crosscut_objects::object::text(object, &["metadata", "resourceVersion"])
}
