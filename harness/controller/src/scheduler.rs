//! The deterministic scheduler: one reconcile at a time, until the planes are at rest.
//!
//! At rest means: every controller has seen every change, no key waits, and every timer that is pending has fired once
//! since something last changed without changing anything. Events (the kind) and leases do not count as change.

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

/// Timers and failures of a scheduler at rest.
pub type AtRest = crate::engine::AtRest<Timestamp>;

/// After how many reconciles the caller may look at its clock.
const GIVE_WAY: u64 = 16;

/// Runs controllers over planes that share a clock.
pub struct Scheduler {
    clock: VirtualClock,
    engine: Engine<Timestamp>,
    planes: Vec<PlaneState>,
    /// True if the controllers of the scheduler before have dealt with all that is on the planes.
    resumed: bool,
}

impl Moment for Timestamp {
    fn after(self, delay: Duration) -> Timestamp {
        self.checked_add(delay).unwrap_or(Timestamp::MAX)
    }
}

impl Scheduler {
    /// Returns a scheduler without planes and controllers. The seed decides in which order waiting keys come; 0 is first
    /// in, first out.
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
    /// The same planes and controllers must be added in the same order. A controller that is added sees the objects of its
    /// plane, which are not reconciled again.
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

    /// Adds a plane: an API server that is reached through `connection` and whose changes `log` has.
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

    /// Returns what reconciles of this scheduler needed and controllers cannot do, in the order in which it was met.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        self.engine.lacks()
    }

    /// Adds a controller, which sees everything that is on the plane now and all that follows. In a resumed scheduler
    /// the present objects are seen without being reconciled.
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

    /// Runs until everything is at rest.
    ///
    /// # Errors
    /// [`Unsettled`] where a limit is reached first, with what kept moving. Dropping the future between two reconciles
    /// leaves the scheduler usable; within one, that reconcile is lost until its object changes. The future gives way now
    /// and then, so that a caller can drop it however busy the controllers are.
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

    /// Lets time pass, with everything that falls due meanwhile, and settles.
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
    /// [`Unsettled`] if there are more steps than the limit.
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

    /// Sets the clock forward and queues what falls `due`.
    fn pass_until(
        &mut self,
        at: Timestamp,
        due: fn(&mut Timers<Timestamp>, Timestamp) -> Vec<Work>,
    ) {
        self.clock.advance_to(at);
        let now = self.clock.now();
        self.engine.queue_due(|timers| due(timers, now));
    }

    /// Shows the changes of the planes since the last look to the controllers; returns those that something may follow
    /// from.
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

/// Lets the caller look at its clock every few reconciles: those that wait for nothing would never end otherwise.
async fn give_way(steps: u64) {
    if steps.is_multiple_of(GIVE_WAY) {
        tokio::task::yield_now().await;
    }
}

/// Returns true if something may come of an event.
pub fn is_movement(event: &Event) -> bool {
    is_lasting(&event.resource.group, &event.resource.kind)
}

/// Returns true if objects of a kind say what a cluster came to. Events are said again and again, and leases renewed,
/// without anything coming of it.
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
