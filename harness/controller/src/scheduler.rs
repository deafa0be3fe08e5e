//! The deterministic scheduler: one reconcile at a time, until the planes are at rest.
//!
//! The planes are at rest if:
//!
//! - every controller has seen every change,
//! - no key is waiting,
//! - every pending timer has fired once since the last change, without causing a change.
//!
//! Objects of kind Event and leases do not count as changes.

use std::sync::Arc;
use std::time::Duration;

use crosscut_client::Connection;
use crosscut_objects::{Clock, Event, EventLog};
use jiff::Timestamp;

use crate::clock::VirtualClock;
use crate::controller::Controller;
use crate::engine::{
    Activity, Engine, Limit, Moment, SettleLimits, Settled, Timers, Unsettled, Work,
};
use crate::plane::{Plane, PlaneState};

/// The timers and failures of a scheduler at rest.
pub type AtRest = crate::engine::AtRest<Timestamp>;

/// The number of reconciles after which the caller gets a chance to run.
const GIVE_WAY: u64 = 16;

/// A scheduler of controllers on planes that share a clock.
pub struct Scheduler {
    clock: VirtualClock,
    engine: Engine<Timestamp>,
    planes: Vec<PlaneState>,
    /// True if the scheduler continues another one, whose controllers have reconciled all present objects.
    resumed: bool,
}

impl Moment for Timestamp {
    fn after(self, delay: Duration) -> Timestamp {
        self.checked_add(delay).unwrap_or(Timestamp::MAX)
    }
}

impl Scheduler {
    /// Returns a scheduler without planes and controllers. The seed decides the order of waiting keys; 0 is first in,
    /// first out.
    #[must_use]
    pub fn new(clock: VirtualClock, seed: u64) -> Scheduler {
        Scheduler {
            clock,
            engine: Engine::new(seed),
            planes: Vec::new(),
            resumed: false,
        }
    }

    /// Returns the clock of the planes.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        self.clock.clone()
    }

    /// Returns a scheduler that continues where another came to rest, over forks of its planes at the same time.
    ///
    /// The same planes and controllers must be added in the same order. An added controller sees the present objects of
    /// its plane, but does not reconcile them again.
    #[must_use]
    pub fn resume(clock: VirtualClock, seed: u64, at_rest: &AtRest) -> Scheduler {
        Scheduler {
            clock,
            engine: Engine::resume(seed, at_rest.clone()),
            planes: Vec::new(),
            resumed: true,
        }
    }

    /// Returns the state to [`resume`](Scheduler::resume) from; the scheduler must have settled.
    #[must_use]
    pub fn at_rest(&self) -> AtRest {
        self.engine.at_rest()
    }

    /// Returns the record of what the controllers do, which can be read while they run.
    #[must_use]
    pub fn activity(&self) -> Activity {
        self.engine.activity().clone()
    }

    /// Adds a plane: an API server with its `connection` and the `log` of its changes.
    pub fn add_plane(
        &mut self,
        name: &str,
        connection: Connection,
        log: Arc<dyn EventLog>,
    ) -> Plane {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let index = self.engine.add_plane(name, connection.clone(), clock);
        let seen = log.head();
        self.planes.push(PlaneState { log, seen });
        Plane { index, connection }
    }

    /// Returns the features that reconciles of this scheduler needed and controllers lack, in the order of the
    /// reconciles.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        self.engine.lacks()
    }

    /// Adds a controller, which sees all present objects of the plane and all later events. In a resumed scheduler the
    /// present objects are not reconciled.
    pub fn add(&mut self, plane: &Plane, controller: Arc<dyn Controller>) {
        self.observe();
        let index = self.engine.add(plane.index, controller);
        let present = match self.planes.get(plane.index) {
            Some(plane) => plane.log.present(),
            None => Vec::new(),
        };
        for event in &present {
            if self.resumed {
                self.engine.map_to_keys(index, event);
            } else {
                self.engine.tell_one(index, event);
            }
        }
    }

    /// Runs controllers until the planes are at rest.
    ///
    /// Dropping the future between two reconciles leaves the scheduler usable. Within a reconcile, that reconcile is
    /// lost until its object changes. The future yields regularly, so that a caller can drop it however busy the
    /// controllers are.
    ///
    /// # Errors
    /// [`Unsettled`] if a limit is reached first, with the busiest reconciles.
    pub async fn settle(&mut self, limits: &SettleLimits) -> Result<Settled, Unsettled> {
        let start = self.clock.now();
        let mut steps = 0;
        self.engine.activity().clear();
        loop {
            self.run_waiting(&mut steps, limits).await?;
            let Some(at) = self.engine.timers().next_unfired() else {
                return Ok(self.settled(steps, start));
            };
            if duration(start, at) > limits.virtual_time {
                return Err(self.unsettled(Limit::VirtualTime(limits.virtual_time)));
            }
            self.pass_until(at, Timers::due_unfired);
        }
    }

    /// Lets time pass, with all timers that become due meanwhile, and settles.
    ///
    /// # Errors
    /// As [`Scheduler::settle`].
    pub async fn advance(
        &mut self,
        by: Duration,
        limits: &SettleLimits,
    ) -> Result<Settled, Unsettled> {
        let end = self.clock.now().after(by);
        let mut steps = 0;
        self.engine.activity().clear();
        loop {
            self.run_waiting(&mut steps, limits).await?;
            let Some(at) = self.engine.timers().next().filter(|at| *at <= end) else {
                break;
            };
            self.pass_until(at, Timers::due);
        }
        self.clock.advance_to(end);
        self.settle(limits).await
    }

    /// Reconciles until no key waits, and counts the reconciles in `steps`.
    ///
    /// # Errors
    /// [`Unsettled`] if the number of steps exceeds the limit.
    async fn run_waiting(
        &mut self,
        steps: &mut u64,
        limits: &SettleLimits,
    ) -> Result<(), Unsettled> {
        loop {
            self.observe();
            let Some(work) = self.engine.pop() else {
                return Ok(());
            };
            *steps += 1;
            if *steps > limits.steps {
                return Err(self.unsettled(Limit::Steps(limits.steps)));
            }
            give_way(*steps).await;
            self.run(work).await;
        }
    }

    /// Advances the clock and queues the keys that are `due`.
    fn pass_until(
        &mut self,
        at: Timestamp,
        due: fn(&mut Timers<Timestamp>, Timestamp) -> Vec<Work>,
    ) {
        self.clock.advance_to(at);
        let now = self.clock.now();
        self.engine.queue_due(|timers| due(timers, now));
    }

    /// Delivers the new changes of the planes to the controllers; returns the changes that may cause others.
    fn observe(&mut self) -> Vec<Arc<Event>> {
        let mut changes = Vec::new();
        for (index, plane) in self.planes.iter_mut().enumerate() {
            for event in plane.news() {
                if is_movement(&event) {
                    changes.push(Arc::clone(&event));
                }
                self.engine.tell(index, &event);
            }
        }
        if !changes.is_empty() {
            self.engine.timers().rearm();
        }
        changes
    }

    async fn run(&mut self, work: Work) {
        let name = self.engine.name(work.controller);
        let what = work.key.of_controller(name);
        let Some(reconcile) = self.engine.start(work) else {
            return;
        };
        self.engine.activity().begins(what.clone());
        let ended = reconcile.await;
        self.engine.activity().has_ended();
        let changes = self.observe();
        if !changes.is_empty() {
            self.engine.activity().moved(&what, changes);
        }
        self.engine.end(ended, self.clock.now());
    }

    fn settled(&self, steps: u64, start: Timestamp) -> Settled {
        Settled {
            steps,
            virtual_time: duration(start, self.clock.now()),
            failing: self.engine.failing(),
        }
    }

    fn unsettled(&self, limit: Limit) -> Unsettled {
        Unsettled {
            limit,
            moving: self.engine.activity().most(),
            failing: self.engine.failing(),
        }
    }
}

/// Yields to the caller after every few reconciles: reconciles without real waits would otherwise block it.
async fn give_way(steps: u64) {
    if steps.is_multiple_of(GIVE_WAY) {
        tokio::task::yield_now().await;
    }
}

/// Returns true if an event may cause further changes.
pub fn is_movement(event: &Event) -> bool {
    is_lasting(&event.resource.group, &event.resource.kind)
}

/// Returns true if objects of a kind are part of a cluster's state. Events are repeated and leases renewed without any
/// effect.
#[must_use]
pub fn is_lasting(group: &str, kind: &str) -> bool {
    !matches!(
        (group, kind),
        ("" | "events.k8s.io", "Event") | ("coordination.k8s.io", "Lease")
    )
}

fn duration(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or(Duration::ZERO)
}
