//! A driver that runs controllers over views in real time, until they have settled.
//!
//! A few reconciles run at the same time, as in a provider. Events of the planes are processed after all of them have
//! ended, so a controller's `map_to_keys` never runs beside its own reconcile.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crosscut_client::Connection;
use crosscut_objects::Clock;
use futures::future::{join_all, select_all};
use jiff::Timestamp;
use tokio::time::Instant;

use super::limits::LiveLimits;
use super::pending::{Pending, PendingWork, QuietPeriod};
use super::view::View;
use crosscut_controller::engine::{Engine, Moment, Work};
use crosscut_controller::{Activity, Controller, Failing, Limit, Settled, Unsettled, is_movement};
use crosscut_objects::Key;

/// The longest delay of a timer that a change may shorten. Longer delays wait for time to pass.
const MOMENT: Duration = Duration::from_secs(10);

/// The first delay before a failed reconcile is retried after a change, and the longest. The delay doubles with each
/// failure.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(800));

/// The number of reconciles that run at the same time, as in a provider. The sooner all have ended, the less often the
/// controllers that watch their objects reconcile meanwhile.
const AT_ONCE: usize = 10;

/// The time between two checks if a watch has caught up.
const AGAIN: Duration = Duration::from_millis(20);

/// The index of a plane of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LivePlane(usize);

/// A driver of controllers over the views of one trial.
pub struct Driver {
    clock: Arc<dyn Clock>,
    engine: Engine<Now>,
    planes: Vec<PlaneState>,
    /// The time of the last change.
    changed: Instant,
    /// The number of changes so far.
    changes: u64,
    /// The required time without any change since then, if it is known. It is cached because its computation visits all
    /// objects.
    window: Option<Duration>,
    /// The callback for long waits.
    told: Option<Reported>,
}

/// A callback for long waits, with the texts reported since settling began. Of equally long waits, sometimes one and
/// sometimes the other is the longest, so each is reported once.
struct Reported {
    tell: Arc<dyn Fn(&str) + Send + Sync>,
    known: BTreeSet<String>,
}

impl Reported {
    /// Reports `what` once per settle; later calls with the same text are ignored, even if `seconds` differs.
    fn once(&mut self, seconds: u64, what: String) {
        if !self.known.contains(&what) {
            (self.tell)(&format!("waiting for up to {seconds} s, {what}"));
            self.known.insert(what);
        }
    }
}

struct PlaneState {
    view: View,
    rules: Vec<Arc<dyn PendingWork>>,
}

/// An instant of the machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Now(Instant);

impl Moment for Now {
    fn after(self, delay: Duration) -> Now {
        Now(self.0 + delay)
    }
}

/// Returns the delay until a key with this number of failures is retried after a change.
fn retry(times: u32) -> Duration {
    let doublings = times.saturating_sub(1).min(16);
    RETRY.0.saturating_mul(1 << doublings).min(RETRY.1)
}

impl Driver {
    /// Creates a driver without planes and controllers. Must be called within a tokio runtime.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Driver {
        Driver {
            clock,
            engine: Engine::new(0),
            planes: Vec::new(),
            changed: Instant::now(),
            changes: 0,
            window: None,
            told: None,
        }
    }

    /// Returns the missing features of controllers that reconciles needed, in the order of their first use.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        self.engine.lacks()
    }

    /// Reports long waits to `tell`.
    pub fn tell_of_waiting(&mut self, tell: Arc<dyn Fn(&str) + Send + Sync>) {
        let known = BTreeSet::new();
        self.told = Some(Reported { tell, known });
    }

    /// Adds a plane that is read through `view` and written to through `connection`.
    pub fn add_plane(
        &mut self,
        name: &str,
        connection: Connection,
        view: View,
        rules: Vec<Arc<dyn PendingWork>>,
    ) -> LivePlane {
        let index = self
            .engine
            .add_plane(name, connection, Arc::clone(&self.clock));
        self.planes.push(PlaneState { view, rules });
        LivePlane(index)
    }

    /// Adds a controller. All must be added before the first [`Driver::settle`], which sends them the existing objects.
    pub fn add(&mut self, plane: LivePlane, controller: Arc<dyn Controller>) {
        self.engine.add(plane.0, controller);
    }

    /// Returns the view of a plane, as it was when the last call returned.
    #[must_use]
    pub fn view(&self, plane: LivePlane) -> Option<&View> {
        self.planes.get(plane.0).map(|plane| &plane.view)
    }

    /// Processes the events so far, so that [`Driver::view`] is current. Runs no reconcile.
    pub fn look(&mut self) {
        self.observe();
    }

    /// Returns a handle for observing the controllers' work and waits from outside.
    #[must_use]
    pub fn activity(&self) -> Activity {
        self.engine.activity().clone()
    }

    /// Returns the number of changes that any call has processed. Events and leases do not count.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Runs controllers until all planes have settled. Work that is still pending then is among the failures.
    ///
    /// # Errors
    /// [`Unsettled`] if changes continue after the time limit. Dropping the future loses the running reconciles until
    /// their objects change.
    pub async fn settle(&mut self, limits: &LiveLimits) -> Result<Settled, Unsettled> {
        let start = Instant::now();
        self.engine.activity().clear();
        if let Some(told) = &mut self.told {
            told.known.clear();
        }
        // Writes just before this call may not have arrived yet, so the quiet period starts now at the earliest.
        let quiet_at = start + limits.quiet;
        let mut steps = 0;
        loop {
            self.observe();
            self.engine
                .queue_due(|timers| timers.due(Now(Instant::now())));
            if start.elapsed() > limits.longest {
                return Err(self.unsettled(limits));
            }
            let reconciled = self.reconcile().await;
            if reconciled > 0 {
                steps += reconciled;
                continue;
            }
            if self.is_behind() {
                self.wait(Instant::now() + AGAIN).await;
                continue;
            }
            let quiet_at = quiet_at.max(self.changed + limits.quiet);
            if Instant::now() < quiet_at {
                self.wait(quiet_at).await;
                continue;
            }
            let rest_at = self.changed + self.window(limits);
            if Instant::now() >= rest_at {
                return Ok(self.settled(steps, start));
            }
            self.say_what_is_owed(limits);
            self.wait(rest_at).await;
        }
    }

    /// Runs controllers for the time `by`, and settles.
    ///
    /// # Errors
    /// As [`Driver::settle`].
    pub async fn advance(
        &mut self,
        by: Duration,
        limits: &LiveLimits,
    ) -> Result<Settled, Unsettled> {
        let end = Instant::now() + by;
        while Instant::now() < end {
            self.observe();
            self.engine
                .queue_due(|timers| timers.due(Now(Instant::now())));
            if self.reconcile().await == 0 {
                self.wait(end).await;
            }
        }
        self.settle(limits).await
    }

    /// Returns true if changes may be missing in a view: of a new kind, or while a watch was interrupted.
    fn is_behind(&self) -> bool {
        self.planes.iter().any(|plane| plane.view.is_behind())
    }

    /// Returns the required time without any change. A wait without a result is not repeated before the next change.
    fn window(&mut self, limits: &LiveLimits) -> Duration {
        let known = self.window.unwrap_or_else(|| self.quiet_period(limits));
        self.window = Some(known);
        known
    }

    fn quiet_period(&self, limits: &LiveLimits) -> Duration {
        let deserved = |(.., pending): (_, _, Pending)| self.deserved(pending.quiet_period, limits);
        self.pending().map(deserved).max().unwrap_or(limits.quiet)
    }

    fn deserved(&self, quiet_period: QuietPeriod, limits: &LiveLimits) -> Duration {
        match quiet_period {
            QuietPeriod::None => limits.quiet,
            QuietPeriod::Usual => limits.quiet_period,
            QuietPeriod::Doubling { since } => self.doubled(since, limits),
            QuietPeriod::Long => limits.long_patience,
        }
    }

    /// Reports the longest pending work once, if it needs more than the usual quiet period.
    fn say_what_is_owed(&mut self, limits: &LiveLimits) {
        if self.window <= Some(limits.quiet_period) {
            return;
        }
        let longest = self
            .pending()
            .max_by_key(|(.., pending)| self.deserved(pending.quiet_period, limits));
        let Some((index, key, pending)) = longest else {
            return;
        };
        let seconds = self.deserved(pending.quiet_period, limits).as_secs();
        let what = format!("{} {key}: {}", self.engine.plane(index), pending.what);
        self.engine.activity().owes(Some(what.clone()));
        if let Some(told) = &mut self.told {
            told.once(seconds, what);
        }
    }

    /// Returns how long the work had been failing at the last change, which may have brought what was missing. The
    /// result is between the usual and the long quiet period.
    fn doubled(&self, since: Timestamp, limits: &LiveLimits) -> Duration {
        let until_now = self.clock.now().duration_since(since);
        let until_now = Duration::try_from(until_now).unwrap_or_default();
        let failed = until_now.saturating_sub(self.changed.elapsed());
        // Times of objects are in whole seconds.
        (failed + Duration::from_secs(2)).clamp(limits.quiet_period, limits.long_patience)
    }

    /// Returns the pending work on each object, with the index of its plane and the object's key.
    fn pending(&self) -> impl Iterator<Item = (usize, &Key, Pending)> {
        self.planes.iter().enumerate().flat_map(|(index, plane)| {
            plane.view.objects().flat_map(move |(key, object)| {
                plane.rules.iter().filter_map(move |rules| {
                    let pending = rules.pending(&plane.view, key, object)?;
                    Some((index, key, pending))
                })
            })
        })
    }

    /// Returns the pending work as failures.
    fn still_pending(&self) -> impl Iterator<Item = Failing> {
        self.pending().map(|(index, key, pending)| Failing {
            controller: self.engine.plane(index).to_owned(),
            key: key.clone(),
            message: pending.what,
        })
    }

    /// Processes the events of the planes since the last call. Returns true if one of them was a change.
    fn observe(&mut self) -> bool {
        let mut moved = false;
        for index in 0..self.planes.len() {
            for event in self.planes[index].view.take() {
                self.window = None;
                self.engine.activity().owes(None);
                if is_movement(&event) {
                    moved = true;
                    self.changes += 1;
                    let what = Key::of(&event).of_controller(self.engine.plane(index));
                    self.engine
                        .activity()
                        .moved(&what, vec![Arc::clone(&event)]);
                }
                self.engine.tell(index, &event);
            }
        }
        if moved {
            self.changed = Instant::now();
            self.engine.timers().rearm();
            self.try_again_soon();
        }
        moved
    }

    /// Shortens the delays of failed reconciles and of short timers, because the change may be what they wait for.
    fn try_again_soon(&mut self) {
        let now = Instant::now();
        self.engine.hasten(|Now(at), failed| {
            let waits = (at <= now + MOMENT).then_some(RETRY.0);
            let soon = failed.map(retry).or(waits);
            Now(soon.map_or(at, |soon| now + soon))
        });
    }

    /// Runs queued reconciles, as many as may run at the same time. Returns their number.
    async fn reconcile(&mut self) -> u64 {
        let works: Vec<Work> = std::iter::from_fn(|| self.engine.pop())
            .take(AT_ONCE)
            .collect();
        let reconciles = works.into_iter().filter_map(|work| self.engine.start(work));
        let ended = join_all(reconciles.collect::<Vec<_>>()).await;
        let count = u64::try_from(ended.len()).unwrap_or(u64::MAX);
        for ended in ended {
            self.engine.end(ended, Now(Instant::now()));
        }
        count
    }

    /// Waits for the next watch event, the next timer or `until`, whichever comes first.
    async fn wait(&mut self, until: Instant) {
        let timer = self.engine.timers().next().map_or(until, |Now(at)| at);
        if self.planes.is_empty() {
            return tokio::time::sleep_until(timer.min(until)).await;
        }
        let news = self
            .planes
            .iter_mut()
            .map(|plane| Box::pin(plane.view.wait()));
        tokio::select! {
            _ = select_all(news) => {}
            () = tokio::time::sleep_until(timer.min(until)) => {}
        }
    }

    fn settled(&self, steps: u64, start: Instant) -> Settled {
        Settled {
            steps,
            virtual_time: start.elapsed(),
            failing: self.failing(),
        }
    }

    fn unsettled(&self, limits: &LiveLimits) -> Unsettled {
        Unsettled {
            limit: Limit::RealTime(limits.longest),
            moving: self.engine.activity().most(),
            failing: self.failing(),
        }
    }

    fn failing(&self) -> Vec<Failing> {
        let mut failing = self.engine.failing();
        failing.extend(self.still_pending());
        failing
    }
}

#[cfg(test)]
mod tests;
