//! The deterministic scheduler: one reconcile at a time, until the planes are at rest.
//!
//! At rest means: every controller has seen every change, no key waits, and every timer that is pending has fired once
//! since something last changed without changing anything. Events (the kind) and leases do not count as change.

mod activity;
mod changed;
mod direct;
mod limits;
mod plane;
mod timers;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crosscut_apiserver::{ApiServer, Clock, Event};
use crosscut_client::Connection;
use jiff::Timestamp;

use crate::clock::VirtualClock;
use crate::context::{Context, Lacks};
use crate::controller::{After, Controller, Key};

pub use activity::{Activity, Moving};
use direct::InProcess;
pub use limits::{Failing, Limit, SettleLimits, Settled, Unsettled};
pub use plane::Plane;

use plane::PlaneState;
use timers::Timers;
pub(crate) use work::{Queue, Work};

/// The first and the longest wait after failures.
pub(crate) const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// After how many reconciles the caller may look at its clock.
const GIVE_WAY: u64 = 16;

/// Runs controllers over planes that share a clock.
pub struct Scheduler {
    clock: VirtualClock,
    planes: Vec<PlaneState>,
    controllers: Vec<(usize, Arc<dyn Controller>)>,
    queue: Queue,
    timers: Timers,
    failures: BTreeMap<Work, Failure>,
    activity: Activity,
    /// Whether what is on the planes has been dealt with already, by the controllers of the scheduler before.
    resumed: bool,
    lacks: Lacks,
}

/// What a scheduler at rest still has in mind: when keys are to be looked at again, and what failed. The controllers are
/// known by the order in which they were added.
#[derive(Clone, Default)]
pub struct AtRest {
    timers: Timers,
    failures: BTreeMap<Work, Failure>,
}

#[derive(Clone)]
struct Failure {
    times: u32,
    message: String,
}

impl Scheduler {
    /// No planes and no controllers yet. The seed decides in which order waiting keys come; 0 is first in, first out.
    #[must_use]
    pub fn new(clock: VirtualClock, seed: u64) -> Scheduler {
        Scheduler {
            clock,
            planes: Vec::new(),
            controllers: Vec::new(),
            queue: Queue::new(seed),
            timers: Timers::default(),
            failures: BTreeMap::new(),
            activity: Activity::default(),
            resumed: false,
            lacks: Lacks::default(),
        }
    }

    /// Returns the clock of the planes.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        self.clock.clone()
    }

    /// Goes on where another scheduler came to rest, over forks of its planes at the same time. The same planes and
    /// controllers must be added in the same order; what is on the planes when a controller is added is told to it, but
    /// is not reconciled again.
    #[must_use]
    pub fn resume(clock: VirtualClock, seed: u64, at_rest: &AtRest) -> Scheduler {
        let AtRest { timers, failures } = at_rest.clone();
        Scheduler {
            timers,
            failures,
            resumed: true,
            ..Scheduler::new(clock, seed)
        }
    }

    /// What to [`resume`](Scheduler::resume) from; the scheduler must have settled.
    #[must_use]
    pub fn at_rest(&self) -> AtRest {
        AtRest {
            timers: self.timers.clone(),
            failures: self.failures.clone(),
        }
    }

    /// Returns what tells from outside what the controllers do.
    #[must_use]
    pub fn activity(&self) -> Activity {
        self.activity.clone()
    }

    /// Adds a plane. Must be called within a tokio runtime, which the plane's client needs.
    pub fn add_plane(&mut self, name: &str, server: ApiServer) -> Plane {
        let http = kube::Client::new(server.service(), "default");
        let connection = Connection::direct(http, Arc::new(InProcess(server.clone())));
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let index = self.planes.len();
        let context = Context::new(connection.clone(), clock, name, self.queue.seed())
            .with_lacks(&self.lacks);
        let seen = server.head();
        self.planes.push(PlaneState {
            server,
            context,
            seen,
        });
        Plane { index, connection }
    }

    /// Returns what reconciles of this scheduler needed and controllers cannot do, the first first.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        self.lacks.all()
    }

    /// Adds a controller, which sees everything that is on the plane now and all that follows. In a resumed scheduler
    /// what is there now is seen without being reconciled.
    pub fn add(&mut self, plane: &Plane, controller: Arc<dyn Controller>) {
        self.observe();
        let index = self.controllers.len();
        self.controllers.push((plane.index, controller));
        let present = match self.planes.get(plane.index) {
            Some(plane) => plane.server.present(),
            None => Vec::new(),
        };
        for event in &present {
            if self.resumed {
                self.interested(index, event);
            } else {
                self.tell(index, event);
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
        self.activity.clear();
        loop {
            self.observe();
            if let Some(work) = self.queue.pop() {
                steps += 1;
                if steps > limits.steps {
                    return Err(self.unsettled(Limit::Steps(limits.steps)));
                }
                give_way(steps).await;
                self.run(work).await;
                continue;
            }
            let Some(at) = self.timers.next_unfired() else {
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
        let end = self.clock.after(by);
        let mut steps = 0;
        self.activity.clear();
        loop {
            self.observe();
            if let Some(work) = self.queue.pop() {
                steps += 1;
                if steps > limits.steps {
                    return Err(self.unsettled(Limit::Steps(limits.steps)));
                }
                give_way(steps).await;
                self.run(work).await;
                continue;
            }
            let Some(at) = self.timers.next().filter(|at| *at <= end) else {
                break;
            };
            self.pass_until(at, Timers::due);
        }
        self.clock.advance_to(end);
        self.settle(limits).await
    }

    /// Sets the clock forward and queues what falls `due`.
    fn pass_until(&mut self, at: Timestamp, due: fn(&mut Timers, Timestamp) -> Vec<Work>) {
        self.clock.advance_to(at);
        for work in due(&mut self.timers, self.clock.now()) {
            self.queue.push(work);
        }
    }

    /// Takes up what has happened on the planes since the last look; returns what may bring something about.
    fn observe(&mut self) -> Vec<Arc<Event>> {
        let mut changes = Vec::new();
        for plane in 0..self.planes.len() {
            for event in self.planes[plane].news() {
                if is_movement(&event) {
                    changes.push(Arc::clone(&event));
                }
                for controller in 0..self.controllers.len() {
                    if self.controllers[controller].0 == plane {
                        self.tell(controller, &event);
                    }
                }
            }
        }
        if !changes.is_empty() {
            self.timers.rearm();
        }
        changes
    }

    fn tell(&mut self, index: usize, event: &Event) {
        let late = self
            .controllers
            .get(index)
            .is_some_and(|(_, controller)| controller.looks_at_many());
        for key in self.interested(index, event) {
            let work = Work {
                controller: index,
                key,
            };
            if late {
                self.queue.push_late(work);
            } else {
                self.queue.push(work);
            }
        }
    }

    /// Lets a controller see an event; answers the keys that the event concerns.
    fn interested(&self, index: usize, event: &Event) -> Vec<Key> {
        match self.controllers.get(index) {
            Some((_, controller)) => controller.interested(event),
            None => Vec::new(),
        }
    }

    async fn run(&mut self, work: Work) {
        let Some((plane, controller)) = self.controllers.get(work.controller) else {
            return;
        };
        let controller = Arc::clone(controller);
        let context = self.planes[*plane].context.clone();
        self.timers.cancel(&work);
        let what = work.key.told_by(controller.name());
        self.activity.begins(what.clone());
        let outcome = controller.reconcile(&context, &work.key).await;
        self.activity.has_ended();
        let changes = self.observe();
        if !changes.is_empty() {
            self.activity.moved(&what, changes);
        }
        match outcome {
            Ok(after) => {
                self.failures.remove(&work);
                if let After::In(delay) = after {
                    self.timers.set(work, self.clock.after(delay));
                }
            }
            Err(error) => self.back_off(work, error.to_string()),
        }
    }

    fn back_off(&mut self, work: Work, message: String) {
        let times = self.failures.get(&work).map_or(0, |failure| failure.times);
        let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
        let delay = BACK_OFF.0.saturating_mul(factor).min(BACK_OFF.1);
        self.timers.set(work.clone(), self.clock.after(delay));
        let times = times.saturating_add(1).min(16);
        self.failures.insert(work, Failure { times, message });
    }

    fn settled(&self, steps: u64, start: Timestamp) -> Settled {
        Settled {
            steps,
            virtual_time: duration(start, self.clock.now()),
            failing: self.failing(),
        }
    }

    fn unsettled(&self, limit: Limit) -> Unsettled {
        Unsettled {
            limit,
            moving: self.activity.most(),
            failing: self.failing(),
        }
    }

    fn failing(&self) -> Vec<Failing> {
        self.failures
            .iter()
            .map(|(work, failure)| Failing {
                controller: self.name(work.controller),
                key: work.key.clone(),
                message: failure.message.clone(),
            })
            .collect()
    }

    fn name(&self, controller: usize) -> String {
        self.controllers
            .get(controller)
            .map_or_else(String::new, |(_, controller)| controller.name().to_owned())
    }
}

/// Lets the caller look at its clock every few reconciles: those that wait for nothing would never end otherwise.
async fn give_way(steps: u64) {
    if steps.is_multiple_of(GIVE_WAY) {
        tokio::task::yield_now().await;
    }
}

/// Whether something may come of an event.
pub(crate) fn is_movement(event: &Event) -> bool {
    is_lasting(&event.resource.group, &event.resource.kind)
}

/// Whether objects of a kind say what a cluster came to. Events are said again and again, and leases renewed, without
/// anything coming of it.
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

/// For reports and tests: which key, of which controller.
impl Key {
    pub(crate) fn told_by(&self, controller: &str) -> String {
        format!("{controller} {self}")
    }
}
