//! Running controllers over views in real time, until they are at rest.
//!
//! A few reconciles run at the same time, as a provider's do. What happens on the planes meanwhile is taken up when all of
//! them have ended: a controller is never asked whether it is interested in an event while it looks at something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crosscut_apiserver::{Clock, Event};
use crosscut_client::Connection;
use futures::future::{join_all, select_all};
use jiff::Timestamp;
use tokio::time::Instant;

use super::awaited::{Awaits, Owed, Patience};
use super::limits::LiveLimits;
use super::view::View;
use crate::context::{Context, Lacks};
use crate::controller::{After, Controller, Key, ReconcileError};
use crate::scheduler::{
    Activity, BACK_OFF, Failing, Limit, Queue, Settled, Unsettled, Work, is_movement,
};

/// Who waits for longer than this waits for time to pass.
const MOMENT: Duration = Duration::from_secs(10);

/// How soon a failed reconcile is tried again after a change, and at most, doubling with every further failure.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(800));

/// How many reconciles run at the same time, as in a provider: the sooner all are done, the less often who watches what
/// they write reconciles meanwhile.
const AT_ONCE: usize = 10;

/// How soon it is looked again whether a watch has caught up.
const AGAIN: Duration = Duration::from_millis(20);

/// A plane of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LivePlane(usize);

/// Runs controllers over the views of one trial.
pub struct Driver {
    clock: Arc<dyn Clock>,
    planes: Vec<PlaneState>,
    controllers: Vec<(usize, Arc<dyn Controller>)>,
    queue: Queue,
    timers: BTreeMap<Work, Instant>,
    failures: BTreeMap<Work, Failure>,
    activity: Activity,
    /// When something changed last.
    changed: Instant,
    /// How many changes have been seen.
    changes: u64,
    /// How long nothing must have changed since then, while that is known: all objects are looked at to know it.
    window: Option<Duration>,
    /// Told what is waited for where that takes long.
    told: Option<Told>,
    lacks: Lacks,
}

/// Who is told what a user waits for, as a sentence fragment, and has been told since settling began: of what takes as
/// long as something else, now one is the longest and now the other.
struct Told {
    tell: Arc<dyn Fn(&str) + Send + Sync>,
    known: BTreeSet<String>,
}

impl Told {
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
    context: Context,
    awaits: Vec<Arc<dyn Awaits>>,
}

/// A reconcile that has ended, and what it came to.
type Ended = (Work, Result<After, ReconcileError>);

struct Failure {
    times: u32,
    message: String,
}

impl Failure {
    /// How soon it is tried again after a change.
    fn retry(&self) -> Duration {
        let doublings = self.times.saturating_sub(1).min(16);
        RETRY.0.saturating_mul(1 << doublings).min(RETRY.1)
    }
}

impl Driver {
    /// No planes and no controllers yet. Must be called within a tokio runtime.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Driver {
        Driver {
            clock,
            planes: Vec::new(),
            controllers: Vec::new(),
            queue: Queue::new(0),
            timers: BTreeMap::new(),
            failures: BTreeMap::new(),
            activity: Activity::default(),
            changed: Instant::now(),
            changes: 0,
            window: None,
            told: None,
            lacks: Lacks::default(),
        }
    }

    /// Returns what reconciles needed and controllers cannot do, the first first.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        self.lacks.all()
    }

    /// Says what is waited for where that may take long.
    pub fn tell_of_waiting(&mut self, tell: Arc<dyn Fn(&str) + Send + Sync>) {
        let known = BTreeSet::new();
        self.told = Some(Told { tell, known });
    }

    /// Adds a plane that is seen through `view` and written to through `connection`.
    pub fn add_plane(
        &mut self,
        name: &str,
        connection: Connection,
        view: View,
        awaits: Vec<Arc<dyn Awaits>>,
    ) -> LivePlane {
        let context =
            Context::new(connection, Arc::clone(&self.clock), name, 0).with_lacks(&self.lacks);
        self.planes.push(PlaneState {
            view,
            context,
            awaits,
        });
        LivePlane(self.planes.len() - 1)
    }

    /// Adds a controller. All must be added before the first [`Driver::settle`], which tells them what there is.
    pub fn add(&mut self, plane: LivePlane, controller: Arc<dyn Controller>) {
        self.controllers.push((plane.0, controller));
    }

    /// What one plane shows, as it was when the last call returned.
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
        self.activity.clone()
    }

    /// How many changes have been taken up, by whatever call; Events and leases are none.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Runs controllers until everything is at rest. What is still owed then is among what fails.
    ///
    /// # Errors
    /// [`Unsettled`] where something still moves after the longest time. Dropping the future loses the reconciles that
    /// are under way until their objects change.
    pub async fn settle(&mut self, limits: &LiveLimits) -> Result<Settled, Unsettled> {
        let start = Instant::now();
        self.activity.clear();
        if let Some(told) = &mut self.told {
            told.known.clear();
        }
        // What was written just before this call is on its way: it must be quiet from now on.
        let quiet_at = start + limits.quiet;
        let mut steps = 0;
        loop {
            self.observe();
            self.queue_due();
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
            self.queue_due();
            if self.reconcile().await == 0 {
                self.wait(end).await;
            }
        }
        self.settle(limits).await
    }

    /// Whether something may have happened that is not in view yet: of a kind that is new, or while a watch was broken.
    fn is_behind(&self) -> bool {
        self.planes.iter().any(|plane| plane.view.is_behind())
    }

    /// How long nothing must have changed by now. What was waited for in vain once is not waited for again before
    /// something has changed.
    fn window(&mut self, limits: &LiveLimits) -> Duration {
        let known = self.window.unwrap_or_else(|| self.patience(limits));
        self.window = Some(known);
        known
    }

    fn patience(&self, limits: &LiveLimits) -> Duration {
        let deserved = |(.., owed): (_, _, Owed)| self.deserved(owed.patience, limits);
        self.owed().map(deserved).max().unwrap_or(limits.quiet)
    }

    fn deserved(&self, patience: Patience, limits: &LiveLimits) -> Duration {
        match patience {
            Patience::None => limits.quiet,
            Patience::Usual => limits.patience,
            Patience::Doubling { since } => self.doubled(since, limits),
            Patience::Long => limits.long_patience,
        }
    }

    /// Says once what deserves more than the usual patience.
    fn say_what_is_owed(&mut self, limits: &LiveLimits) {
        if self.window <= Some(limits.patience) {
            return;
        }
        let longest = self
            .owed()
            .max_by_key(|(.., owed)| self.deserved(owed.patience, limits));
        let Some((plane, key, owed)) = longest else {
            return;
        };
        let seconds = self.deserved(owed.patience, limits).as_secs();
        let what = format!("{} {key}: {}", plane.context.plane(), owed.what);
        self.activity.owes(Some(what.clone()));
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
        (failed + Duration::from_secs(2)).clamp(limits.patience, limits.long_patience)
    }

    fn owed(&self) -> impl Iterator<Item = (&PlaneState, &Key, Owed)> {
        self.planes.iter().flat_map(|plane| {
            plane.view.objects().flat_map(move |(key, object)| {
                plane.awaits.iter().filter_map(move |awaits| {
                    let owed = awaits.awaited(&plane.view, key, object)?;
                    Some((plane, key, owed))
                })
            })
        })
    }

    /// What somebody owes, as what fails.
    fn unpaid(&self) -> impl Iterator<Item = Failing> {
        self.owed().map(|(plane, key, owed)| Failing {
            controller: plane.context.plane().to_owned(),
            key: key.clone(),
            message: owed.what,
        })
    }

    /// Takes up what has happened on the planes since the last look.
    fn observe(&mut self) -> bool {
        let mut moved = false;
        for index in 0..self.planes.len() {
            for event in self.planes[index].view.take() {
                self.window = None;
                self.activity.owes(None);
                if is_movement(&event) {
                    moved = true;
                    self.changes += 1;
                    let plane = self.planes[index].context.plane();
                    let what = Key::of(&event).told_by(plane);
                    self.activity.moved(&what, vec![Arc::clone(&event)]);
                }
                self.tell(index, &event);
            }
        }
        if moved {
            self.changed = Instant::now();
            self.try_again_soon();
        }
        moved
    }

    /// What failed may succeed now that something has changed: it need not wait for the end of its back-off. Nor need
    /// what waits for a moment, mostly for what others are about to make.
    fn try_again_soon(&mut self) {
        let now = Instant::now();
        for (work, at) in &mut self.timers {
            let retry = self.failures.get(work).map(Failure::retry);
            let waits = (*at <= now + MOMENT).then_some(RETRY.0);
            if let Some(soon) = retry.or(waits) {
                *at = (*at).min(now + soon);
            }
        }
    }

    fn tell(&mut self, plane: usize, event: &Event) {
        for (index, (of, controller)) in self.controllers.iter().enumerate() {
            if *of != plane {
                continue;
            }
            for key in controller.interested(event) {
                self.queue.push(Work {
                    controller: index,
                    key,
                });
            }
        }
    }

    fn queue_due(&mut self) {
        let now = Instant::now();
        let due: Vec<Work> = self
            .timers
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(work, _)| work.clone())
            .collect();
        for work in due {
            self.timers.remove(&work);
            self.queue.push(work);
        }
    }

    /// Reconciles what is queued, as much of it as may run at the same time; how many reconciles that were.
    async fn reconcile(&mut self) -> u64 {
        let works: Vec<Work> = std::iter::from_fn(|| self.queue.pop())
            .take(AT_ONCE)
            .collect();
        let reconciles = works.into_iter().filter_map(|work| self.started(work));
        let ended = join_all(reconciles.collect::<Vec<_>>()).await;
        let count = u64::try_from(ended.len()).unwrap_or(u64::MAX);
        for (work, result) in ended {
            self.note(work, result);
        }
        count
    }

    /// One reconcile, which begins when it is waited for; nothing for a controller that there is not.
    fn started(&mut self, work: Work) -> Option<impl Future<Output = Ended> + use<>> {
        let (plane, controller) = self.controllers.get(work.controller)?;
        let controller = Arc::clone(controller);
        let context = self.planes.get(*plane)?.context.clone();
        self.timers.remove(&work);
        Some(async move {
            let result = controller.reconcile(&context, &work.key).await;
            (work, result)
        })
    }

    /// What comes of a reconcile that has ended.
    fn note(&mut self, work: Work, result: Result<After, ReconcileError>) {
        match result {
            Ok(after) => {
                self.failures.remove(&work);
                if let After::In(delay) = after {
                    self.timers.insert(work, Instant::now() + delay);
                }
            }
            Err(error) => self.back_off(work, error.to_string()),
        }
    }

    fn back_off(&mut self, work: Work, message: String) {
        let times = self.failures.get(&work).map_or(0, |failure| failure.times);
        let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
        let delay = BACK_OFF.0.saturating_mul(factor).min(BACK_OFF.1);
        self.timers.insert(work.clone(), Instant::now() + delay);
        let times = times.saturating_add(1).min(16);
        self.failures.insert(work, Failure { times, message });
    }

    /// Until news come, a timer is due, or it is `until`.
    async fn wait(&mut self, until: Instant) {
        let timer = self.timers.values().min().copied().unwrap_or(until);
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
            failing: self.failing().chain(self.unpaid()).collect(),
        }
    }

    fn unsettled(&self, limits: &LiveLimits) -> Unsettled {
        Unsettled {
            limit: Limit::RealTime(limits.longest),
            moving: self.activity.most(),
            failing: self.failing().chain(self.unpaid()).collect(),
        }
    }

    fn failing(&self) -> impl Iterator<Item = Failing> {
        self.failures.iter().map(|(work, failure)| Failing {
            controller: self
                .controllers
                .get(work.controller)
                .map_or_else(String::new, |(_, controller)| controller.name().to_owned()),
            key: work.key.clone(),
            message: failure.message.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
