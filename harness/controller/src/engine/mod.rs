//! Controllers with their queue, timers and failures, for any clock and any source of events.
//!
//! The engine depends neither on a clock nor on a source of events. [`Scheduler`](crate::Scheduler) drives it in
//! virtual time with API servers in this process; a driver in real time uses watches.

mod activity;
mod changed;
mod limits;
mod timers;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crosscut_client::Connection;
use crosscut_objects::{Clock, Event, Key};

use crate::context::{Context, Lacks};
use crate::controller::{Action, Controller, ReconcileError};

pub use activity::{Activity, Moving};
pub use limits::{Failing, Limit, SettleLimits, Settled, Unsettled};
pub use timers::{Moment, Timers};
pub use work::Work;

use work::Queue;

/// The first and the longest back-off after failures.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// The number of failures after which the back-off stops growing.
const COUNTED: u32 = 16;

/// The controllers of one trial, with times `T` of a clock.
pub struct Engine<T> {
    planes: Vec<Context>,
    controllers: Vec<(usize, Arc<dyn Controller>)>,
    queue: Queue,
    timers: Timers<T>,
    failures: BTreeMap<Work, Failure>,
    activity: Activity,
    lacks: Lacks,
}

/// The timers and failures of an engine at rest. Controllers are identified by the order in which they were added.
#[derive(Clone)]
pub struct AtRest<T> {
    timers: Timers<T>,
    failures: BTreeMap<Work, Failure>,
}

#[derive(Clone)]
struct Failure {
    times: u32,
    message: String,
}

/// A finished reconcile, with its result.
pub type Ended = (Work, Result<Action, ReconcileError>);

impl<T: Moment> Engine<T> {
    /// Returns an engine without planes and controllers. The seed decides the order of waiting keys; 0 is first in,
    /// first out.
    #[must_use]
    pub fn new(seed: u64) -> Engine<T> {
        Engine {
            planes: Vec::new(),
            controllers: Vec::new(),
            queue: Queue::new(seed),
            timers: Timers::default(),
            failures: BTreeMap::new(),
            activity: Activity::default(),
            lacks: Lacks::default(),
        }
    }

    /// Returns an engine that continues where another came to rest. The same planes and controllers must be added in
    /// the same order.
    #[must_use]
    pub fn resume(seed: u64, at_rest: AtRest<T>) -> Engine<T> {
        Engine {
            timers: at_rest.timers,
            failures: at_rest.failures,
            ..Engine::new(seed)
        }
    }

    /// Returns the state from which [`Engine::resume`] continues.
    #[must_use]
    pub fn at_rest(&self) -> AtRest<T> {
        AtRest {
            timers: self.timers.clone(),
            failures: self.failures.clone(),
        }
    }

    /// Adds a plane and returns its index.
    pub fn add_plane(
        &mut self,
        name: &str,
        connection: Connection,
        clock: Arc<dyn Clock>,
    ) -> usize {
        let context = Context::new(connection, clock, name, self.queue.seed());
        self.planes.push(context.with_lacks(&self.lacks));
        self.planes.len() - 1
    }

    /// Adds a controller of a plane and returns the controller's index.
    pub fn add(&mut self, plane: usize, controller: Arc<dyn Controller>) -> usize {
        self.controllers.push((plane, controller));
        self.controllers.len() - 1
    }

    /// Returns the name of a plane; empty if there is none with this index.
    #[must_use]
    pub fn plane(&self, index: usize) -> &str {
        self.planes.get(index).map_or("", Context::plane)
    }

    /// Delivers an event to all controllers of a plane, and queues the affected keys.
    pub fn tell(&mut self, plane: usize, event: &Event) {
        for index in 0..self.controllers.len() {
            if self
                .controllers
                .get(index)
                .is_some_and(|(of, _)| *of == plane)
            {
                self.tell_one(index, event);
            }
        }
    }

    /// Delivers an event to one controller, and queues the affected keys.
    pub fn tell_one(&mut self, index: usize, event: &Event) {
        let controller = self.controllers.get(index);
        let late = controller.is_some_and(|(_, controller)| controller.is_low_priority());
        for key in self.map_to_keys(index, event) {
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

    /// Delivers an event to one controller and returns the affected keys, without queueing them.
    pub fn map_to_keys(&self, index: usize, event: &Event) -> Vec<Key> {
        match self.controllers.get(index) {
            Some((_, controller)) => controller.map_to_keys(event),
            None => Vec::new(),
        }
    }

    /// Queues a key.
    pub fn push(&mut self, work: Work) {
        self.queue.push(work);
    }

    /// Removes and returns the next key of the queue.
    pub fn pop(&mut self) -> Option<Work> {
        self.queue.pop()
    }

    /// Returns the timers.
    pub fn timers(&mut self) -> &mut Timers<T> {
        &mut self.timers
    }

    /// Queues the keys of the timers that `due` removes.
    pub fn queue_due(&mut self, due: impl FnOnce(&mut Timers<T>) -> Vec<Work>) {
        for work in due(&mut self.timers) {
            self.queue.push(work);
        }
    }

    /// Returns a reconcile, which begins when it is awaited; `None` for an unknown controller. Removes the key's timer.
    pub fn start(&mut self, work: Work) -> Option<impl Future<Output = Ended> + use<T>> {
        let (plane, controller) = self.controllers.get(work.controller)?;
        let controller = Arc::clone(controller);
        let context = self.planes.get(*plane)?.clone();
        self.timers.cancel(&work);
        Some(async move {
            let result = controller.reconcile(&context, &work.key).await;
            (work, result)
        })
    }

    /// Records the result of a reconcile that ended at `now`: its failure, and the time of its next run.
    pub fn end(&mut self, (work, result): Ended, now: T) {
        match result {
            Ok(after) => {
                self.failures.remove(&work);
                if let Action::RequeueAfter(delay) = after {
                    self.timers.set(work, now.after(delay));
                }
            }
            Err(error) => self.back_off(work, error.to_string(), now),
        }
    }

    fn back_off(&mut self, work: Work, message: String, now: T) {
        let times = self.failures.get(&work).map_or(0, |failure| failure.times);
        let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
        let delay = BACK_OFF.0.saturating_mul(factor).min(BACK_OFF.1);
        self.timers.set(work.clone(), now.after(delay));
        let times = times.saturating_add(1).min(COUNTED);
        self.failures.insert(work, Failure { times, message });
    }

    /// Moves timers to earlier times: `sooner` returns a timer's new time from its time and the key's number of
    /// failures. A later time is ignored.
    pub fn hasten(&mut self, sooner: impl Fn(T, Option<u32>) -> T) {
        let failures = &self.failures;
        self.timers.change(|work, at| {
            let failed = failures.get(work).map(|failure| failure.times);
            at.min(sooner(at, failed))
        });
    }

    /// Returns the record of the controllers' work.
    #[must_use]
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Returns the features that reconciles needed and controllers lack, in the order of the reconciles.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        self.lacks.all()
    }

    /// Returns the reconciles that failed at their last attempt.
    #[must_use]
    pub fn failing(&self) -> Vec<Failing> {
        let failing = self.failures.iter().map(|(work, failure)| Failing {
            controller: self.name(work.controller).to_owned(),
            key: work.key.clone(),
            message: failure.message.clone(),
        });
        failing.collect()
    }

    /// Returns the name of a controller; empty if there is none with this index.
    #[must_use]
    pub fn name(&self, controller: usize) -> &str {
        let controller = self.controllers.get(controller);
        controller.map_or("", |(_, controller)| controller.name())
    }
}
