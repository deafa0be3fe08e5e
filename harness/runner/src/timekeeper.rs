//! The time that a trial takes in real time, and what it does at the moment.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crosscut_cluster::Activity;
use crosscut_events::{Evidence, Failure, Location, StepReport, Verdict};
use tokio::time::{Instant, sleep};

use crate::stop::Stop;

/// Counts the time of one trial, from its lease on and without what its own document asks it to wait.
pub(crate) struct Timekeeper {
    timeout: Duration,
    /// How much time the run has left, whatever the trial waits for.
    run: Option<Duration>,
    started: Instant,
    activity: Activity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What the document asked to wait, but for the pause that lasts.
    granted: Duration,
    /// The time at which the document's own wait began, if one lasts.
    pause: Option<Instant>,
    /// True if the clusters are waited for.
    settling: bool,
    doing: Doing,
    /// The step that is under way, and when it began.
    step: Option<(String, Instant)>,
    /// The steps before it.
    ended: Vec<StepReport>,
}

impl State {
    fn end_step(&mut self) {
        if let Some((name, began)) = self.step.take() {
            let duration_ms = milliseconds(began.elapsed());
            self.ended.push(StepReport { name, duration_ms });
        }
    }
}

/// Returns whole milliseconds; the largest number if there are more.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What a trial does.
#[derive(Clone, Default)]
pub(crate) struct Doing {
    /// The step's name.
    pub(crate) step: String,
    /// The action's name; empty between two.
    pub(crate) action: &'static str,
    /// The place where the step or the action is written.
    pub(crate) location: Option<Location>,
}

/// What has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The trial's time.
    Trial,
    /// The run's.
    Run,
}

/// Stops the count until it is dropped.
pub(crate) struct Pause<'a>(&'a Timekeeper);

impl Timekeeper {
    /// Begins to count.
    pub(crate) fn start(
        timeout: Duration,
        run: Option<Duration>,
        activity: Activity,
    ) -> Timekeeper {
        Timekeeper {
            timeout,
            run,
            started: Instant::now(),
            activity,
            state: Mutex::default(),
        }
    }

    /// Gives the trial more time, which its document asks it to let pass.
    pub(crate) fn grant(&self, time: Duration) {
        let mut state = self.state();
        state.granted = state.granted.saturating_add(time);
    }

    /// Stops the count while something is waited for as long as the document says.
    pub(crate) fn pause(&self) -> Pause<'_> {
        self.state().pause = Some(Instant::now());
        Pause(self)
    }

    /// Notes a step that begins.
    pub(crate) fn begins(&self, step: &str, location: Location) {
        let mut state = self.state();
        state.end_step();
        state.step = Some((step.to_owned(), Instant::now()));
        state.doing = Doing {
            step: step.to_owned(),
            action: "",
            location: Some(location),
        };
    }

    /// Notes an action that begins.
    pub(crate) fn does(&self, action: &'static str, location: Location) {
        let doing = &mut self.state().doing;
        doing.action = action;
        doing.location = Some(location);
    }

    /// Notes that the last step has ended.
    pub(crate) fn has_ended_steps(&self) {
        let mut state = self.state();
        state.end_step();
        state.doing = Doing::default();
    }

    /// Returns the steps that began; the one that is under way ends now.
    pub(crate) fn steps(&self) -> Vec<StepReport> {
        let mut state = self.state();
        state.end_step();
        std::mem::take(&mut state.ended)
    }

    /// Notes whether the clusters are waited for.
    pub(crate) fn settles(&self, settling: bool) {
        self.state().settling = settling;
    }

    /// Waits until the time has run out; returns which.
    pub(crate) async fn has_run_out(&self) -> Bound {
        loop {
            let of_trial = self.timeout.saturating_sub(self.counted());
            let of_run = self.run.map(|run| run.saturating_sub(self.elapsed()));
            if of_trial.is_zero() {
                return Bound::Trial;
            }
            if of_run == Some(Duration::ZERO) {
                return Bound::Run;
            }
            sleep(of_run.map_or(of_trial, |of_run| of_run.min(of_trial))).await;
        }
    }

    /// Returns how long the trial has taken, all in all.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the step and the action that are under way, and what they wait for, one line each.
    pub(crate) fn waits_for(&self) -> (Doing, Vec<String>) {
        let state = self.state();
        let lines = match state.settling {
            true => self.activity.described(),
            false => Vec::new(),
        };
        (state.doing.clone(), lines)
    }

    /// Returns what ends a trial whose time has run out.
    pub(crate) fn run_out(&self, bound: Bound) -> Stop {
        let (doing, moving) = self.waits_for();
        let (message, more_time) = match bound {
            Bound::Trial => (
                format!(
                    "the trial did not end within its timeout of {:?}",
                    self.timeout
                ),
                "`timeout` of the scenario or --trial-timeout gives it more time",
            ),
            Bound::Run => (
                "the run's timeout was over before the trial ended".to_owned(),
                "--timeout gives the run more time",
            ),
        };
        let mut failure = Failure::new("trial::timeout", message);
        failure.step = doing.step;
        failure.action = doing.action.to_owned();
        failure.location = doing.location;
        failure.help = Some(match moving.is_empty() {
            true => more_time.to_owned(),
            false => format!("the notes name what kept moving; {more_time}"),
        });
        failure.evidence = Evidence {
            notes: moving,
            ..Evidence::default()
        };
        Stop {
            verdict: Verdict::Unsettled,
            failure: Box::new(failure),
        }
    }

    /// Returns the time that counts.
    fn counted(&self) -> Duration {
        let state = self.state();
        let paused = state.pause.map_or(Duration::ZERO, |since| since.elapsed());
        let granted = state.granted.saturating_add(paused);
        self.started.elapsed().saturating_sub(granted)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if let Some(since) = state.pause.take() {
            state.granted = state.granted.saturating_add(since.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Returns the time that runs out, and after how many seconds of a clock that jumps.
    async fn run_out(keeper: &Timekeeper) -> (Bound, u64) {
        let bound = keeper.has_run_out().await;
        (bound, keeper.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_document_waits_for_does_not_count() {
        let keeper = Timekeeper::start(MINUTE, None, Activity::default());
        keeper.grant(Duration::from_secs(5));
        let waiting = async {
            let _pause = keeper.pause();
            sleep(Duration::from_secs(100)).await;
        };
        let ((), ended) = tokio::join!(waiting, run_out(&keeper));
        assert_eq!(ended, (Bound::Trial, 165));
    }

    #[tokio::test(start_paused = true)]
    async fn everything_else_does() {
        let keeper = Timekeeper::start(MINUTE, Some(2 * MINUTE), Activity::default());
        assert_eq!(run_out(&keeper).await, (Bound::Trial, 60));
        let stop = keeper.run_out(Bound::Trial);
        assert_eq!(stop.verdict, Verdict::Unsettled);
        assert_eq!(stop.failure.code, "trial::timeout");
    }

    #[tokio::test(start_paused = true)]
    async fn the_run_ends_whatever_a_document_waits_for() {
        let keeper = Timekeeper::start(MINUTE, Some(2 * MINUTE), Activity::default());
        let _pause = keeper.pause();
        assert_eq!(run_out(&keeper).await, (Bound::Run, 120));
    }
}
