//! Running controllers over views in real time, until they are at rest.
//!
//! A few reconciles run at the same time, as a provider's do. What happens on the planes meanwhile is taken up when all of
//! them have ended: a controller is never asked whether it is interested in an event while it looks at something.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crosscut_client::Connection;
use crosscut_objects::Clock;
use futures::future::{join_all, select_all};
use jiff::Timestamp;
use tokio::time::Instant;

use super::limits::LiveLimits;
use super::pending::{PendingWork, Pending, QuietPeriod};
use super::view::View;
use crosscut_controller::engine::{Engine, Moment, Work};
use crosscut_controller::{Activity, Controller, Failing, Limit, Settled, Unsettled, is_movement};
use crosscut_objects::Key;

/// Who waits for longer than this waits for time to pass.
const MOMENT: Duration = Duration::from_secs(10);

/// The time after which a failed reconcile is tried again after a change, and at most, doubling with every further
/// failure.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(800));

/// The number of reconciles that run at the same time, as in a provider: the sooner all are done, the less often who
/// watches what they write reconciles meanwhile.
const AT_ONCE: usize = 10;

/// The time after which it is looked again whether a watch has caught up.
const AGAIN: Duration = Duration::from_millis(20);

/// A plane of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LivePlane(usize);

/// Runs controllers over the views of one trial.
pub struct Driver {
    clock: Arc<dyn Clock>,
    engine: Engine<Now>,
    planes: Vec<PlaneState>,
    /// The time at which something changed last.
    changed: Instant,
    /// The number of changes that have been seen.
    changes: u64,
    /// The time that nothing must have changed since then, while that is known: all objects are looked at to know it.
    window: Option<Duration>,
    /// Reported what is waited for where that takes long.
    told: Option<Reported>,
}

/// Who is told what a user waits for, as a sentence fragment, and has been told since settling began: of what takes as
/// long as something else, now one is the longest and now the other.
struct Reported {
    tell: Arc<dyn Fn(&str) + Send + Sync>,
    known: BTreeSet<String>,
}

impl Reported {
    /// Tells it unless it is known, however long it may take now.
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

/// A moment of the machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Now(Instant);

impl Moment for Now {
    fn after(self, delay: Duration) -> Now {
        Now(self.0 + delay)
    }
}

/// Returns how soon a key that has failed so often is tried again after a change.
fn retry(times: u32) -> Duration {
    let doublings = times.saturating_sub(1).min(16);
    RETRY.0.saturating_mul(1 << doublings).min(RETRY.1)
}

impl Driver {
    /// No planes and no controllers yet. Must be called within a tokio runtime.
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

    /// Returns what reconciles needed and controllers cannot do, the first first.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        self.engine.lacks()
    }

    /// Says what is waited for where that may take long.
    pub fn tell_of_waiting(&mut self, tell: Arc<dyn Fn(&str) + Send + Sync>) {
        let known = BTreeSet::new();
        self.told = Some(Reported { tell, known });
    }

    /// Adds a plane that is seen through `view` and written to through `connection`.
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

    /// Adds a controller. All must be added before the first [`Driver::settle`], which tells them what there is.
    pub fn add(&mut self, plane: LivePlane, controller: Arc<dyn Controller>) {
        self.engine.add(plane.0, controller);
    }

    /// Returns what one plane shows, as it was when the last call returned.
    #[must_use]
    pub fn view(&self, plane: LivePlane) -> Option<&View> {
        self.planes.get(plane.0).map(|plane| &plane.view)
    }

    /// Takes up what there is now, so that [`Driver::view`] shows it; runs nothing.
    pub fn look(&mut self) {
        self.observe();
    }

    /// Returns what tells from outside what the controllers do and wait for.
    #[must_use]
    pub fn activity(&self) -> Activity {
        self.engine.activity().clone()
    }

    /// Returns the number of changes that have been taken up, by whatever call; Events and leases are none.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Runs controllers until everything is at rest. What is still pending then is among what fails.
    ///
    /// # Errors
    /// [`Unsettled`] where something still moves after the longest time. Dropping the future loses the reconciles that
    /// are under way until their objects change.
    pub async fn settle(&mut self, limits: &LiveLimits) -> Result<Settled, Unsettled> {
        let start = Instant::now();
        self.engine.activity().clear();
        if let Some(told) = &mut self.told {
            told.known.clear();
        }
        // What was written just before this call is on its way: it must be quiet from now on.
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

    /// Lets time pass, with what controllers do meanwhile, and settles.
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

    /// Returns true if something may have happened that is not in view yet: of a kind that is new, or while a watch was
    /// broken.
    fn is_behind(&self) -> bool {
        self.planes.iter().any(|plane| plane.view.is_behind())
    }

    /// Returns the time that nothing must have changed by now. What was waited for in vain once is not waited for again
    /// before something has changed.
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

    /// Says once what deserves more than the usual quiet_period.
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

    /// As long as something had failed when the last change came, which may have been what it lacked.
    fn doubled(&self, since: Timestamp, limits: &LiveLimits) -> Duration {
        let until_now = self.clock.now().duration_since(since);
        let until_now = Duration::try_from(until_now).unwrap_or_default();
        let failed = until_now.saturating_sub(self.changed.elapsed());
        // Times are told in whole seconds.
        (failed + Duration::from_secs(2)).clamp(limits.quiet_period, limits.long_patience)
    }

    /// Returns each expected change with the index of its plane and the object's key.
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

    /// Returns what somebody owes, as what fails.
    fn still_pending(&self) -> impl Iterator<Item = Failing> {
        self.pending().map(|(index, key, pending)| Failing {
            controller: self.engine.plane(index).to_owned(),
            key: key.clone(),
            message: pending.what,
        })
    }

    /// Takes up what has happened on the planes since the last look.
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

    /// What failed may succeed now that something has changed: it need not wait for the end of its back-off. Nor need
    /// what waits for a moment, mostly for what others are about to make.
    fn try_again_soon(&mut self) {
        let now = Instant::now();
        self.engine.hasten(|Now(at), failed| {
            let waits = (at <= now + MOMENT).then_some(RETRY.0);
            let soon = failed.map(retry).or(waits);
            Now(soon.map_or(at, |soon| now + soon))
        });
    }

    /// Reconciles what is queued, as much of it as may run at the same time; how many reconciles that were.
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

    /// Until news come, a timer is due, or it is `until`.
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
