//! The lease of one trial on two API servers, with its stand-ins.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    Driver, LiveLimits, LivePlane, Pending, PendingWork, QuietPeriod, View, pending_in_kubernetes,
};
use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_controller::{Activity, Controller, Settled, Unsettled, is_lasting};
use crosscut_objects::Clock;

use crate::{is_in_use, pending_in_crossplane};
use crosscut_crossplane::is_paused;
use crosscut_objects::Key;
use serde_json::Value;

use crosscut_cluster::{
    ClusterError, FunctionTrace, Health, Lack, Lease, ProgramPlace, Rest, SettleError, Side,
};
use crosscut_cluster::{rest, unsettled};
use crosscut_setup::Progress;

use crosscut_setup::user_agent;

/// The maximum delay of Events. Crossplane writes the Events of all trials one by one, which takes seconds on a busy
/// machine.
const EVENTS_LAG: Duration = Duration::from_secs(30);

/// The cleanup of the clusters for the next trial.
#[async_trait]
pub trait Cleanup: Send {
    /// Removes all objects of the trial.
    async fn clean(self: Box<Self>) -> Result<(), ClusterError>;
}

/// One API server, as one trial sees it.
pub struct LiveSide {
    /// The connection to the API server.
    pub client: Connection,
    /// The part of the API server that the trial sees.
    pub view: View,
}

/// One API server, as a plane of the lease's driver.
struct Plane {
    client: Connection,
    plane: LivePlane,
    /// The resource versions of the objects in view before the trial.
    before: HashMap<Key, String>,
    /// The store's revision at the start of the trial. An object with this version or a lower one existed before, even
    /// if it was not in view yet.
    since: Option<u64>,
}

/// A trial's lease on two running API servers.
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
    /// Creates a lease without controllers.
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

    /// Records the existing objects as those from before the trial. `control` and `target` are the current revisions of
    /// the stores; `None` requests the revision from the API server.
    ///
    /// # Errors
    /// [`ClusterError::Start`] if an API server does not respond.
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

    /// Reports long waits to `progress`.
    pub fn tell_of_waiting(&mut self, progress: &Progress) {
        self.driver.tell_of_waiting(Arc::clone(progress));
    }

    /// Sets the health check of the clusters.
    pub fn watch_over(&mut self, health: Arc<dyn Health>) {
        self.health = Some(health);
    }

    /// Sets the place for programs under test beside the clusters.
    pub fn with_programs(&mut self, place: ProgramPlace) {
        self.programs = Some(place);
    }

    /// Sets the trace of the functions for the trial.
    pub fn with_functions(&mut self, trace: Arc<FunctionTrace>) {
        self.trace = Some(trace);
    }

    /// Sets the cleanup to run when the lease is closed.
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
        // The view may lack objects that were created a moment ago.
        let all = view
            .list(plane.client.http())
            .await
            .map_err(ClusterError::read)?;
        // The trial's own namespace was created for it, so it never counts as an object of the trial.
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
        // The stand-ins must stop before their objects are deleted.
        drop(self);
        match cleanup {
            Some(cleanup) => cleanup.clean().await,
            None => Ok(()),
        }
    }
}

/// Returns the lack of a feature that a provider has and its stand-in has not.
fn of_stand_ins(what: String) -> Lack {
    Lack {
        message: format!("the stand-ins for providers do not have {what}"),
        help: "run the trial on a control plane with the provider itself: its package, or --cluster envtest for provider-kubernetes".to_owned(),
    }
}

/// Returns the pending work of Kubernetes, except on paused objects and for the collection of objects in use.
fn unless_kept(view: &View, key: &Key, object: &Value) -> Option<Pending> {
    if is_paused(object) {
        return None;
    }
    let pending = pending_in_kubernetes(view, key, object)?;
    (pending.quiet_period != QuietPeriod::Long || !is_in_use(view, object)).then_some(pending)
}

impl Plane {
    fn add(
        driver: &mut Driver,
        name: Side,
        side: LiveSide,
        rules: Vec<Arc<dyn PendingWork>>,
    ) -> Plane {
        let stand_ins = user_agent::of_stand_ins(side.client.http());
        let plane = driver.add_plane(name.as_str(), stand_ins.into(), side.view, rules);
        Plane {
            client: side.client,
            plane,
            before: HashMap::new(),
            since: None,
        }
    }

    /// Returns true if an object was created or changed since the start of the trial.
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
