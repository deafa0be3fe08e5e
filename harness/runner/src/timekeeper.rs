//! The real time of a trial, and its current activity.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crosscut_cluster::Activity;
use crosscut_events::{Evidence, Failure, Location, StepReport, Verdict};
use tokio::time::{Instant, sleep};

use crate::stop::Stop;

/// A counter of the time of one trial: from its lease on, without the waits that its own document
/// requires.
pub(crate) struct Timekeeper {
    timeout: Duration,
    /// The remaining time of the run, which waits of the trial also use up.
    run: Option<Duration>,
    started: Instant,
    activity: Activity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The time that the document required to wait, without the current pause.
    granted: Duration,
    /// The start of the current pause, if any.
    pause: Option<Instant>,
    /// True while the clusters settle.
    settling: bool,
    doing: Doing,
    /// The current step, and its start.
    step: Option<(String, Instant)>,
    /// The steps that have ended.
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

/// The current activity of a trial.
#[derive(Clone, Default)]
pub(crate) struct Doing {
    /// The step's name.
    pub(crate) step: String,
    /// The action's name; empty between two actions.
    pub(crate) action: &'static str,
    /// The place of the step or the action in its document.
    pub(crate) location: Option<Location>,
}

/// The limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The trial's timeout.
    Trial,
    /// The run's timeout.
    Run,
}

/// Stops the count until it is dropped.
pub(crate) struct Pause<'a>(&'a Timekeeper);

impl Timekeeper {
    /// Starts the count.
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

    /// Adds to the trial's timeout the time that its document requires to pass.
    pub(crate) fn grant(&self, time: Duration) {
        let mut state = self.state();
        state.granted = state.granted.saturating_add(time);
    }

    /// Stops the count during a wait that the document requires.
    pub(crate) fn pause(&self) -> Pause<'_> {
        self.state().pause = Some(Instant::now());
        Pause(self)
    }

    /// Records the start of a step.
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

    /// Records the start of an action.
    pub(crate) fn does(&self, action: &'static str, location: Location) {
        let doing = &mut self.state().doing;
        doing.action = action;
        doing.location = Some(location);
    }

    /// Records the end of the last step.
    pub(crate) fn has_ended_steps(&self) {
        let mut state = self.state();
        state.end_step();
        state.doing = Doing::default();
    }

    /// Takes the reports of all steps so far; ends the current step.
    pub(crate) fn steps(&self) -> Vec<StepReport> {
        let mut state = self.state();
        state.end_step();
        std::mem::take(&mut state.ended)
    }

    /// Records that the clusters start or end to settle.
    pub(crate) fn settles(&self, settling: bool) {
        self.state().settling = settling;
    }

    /// Waits until a limit is reached, and returns that limit.
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

    /// Returns the total time of the trial so far.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the current step and action, and a line for each object that the clusters wait for.
    pub(crate) fn waits_for(&self) -> (Doing, Vec<String>) {
        let state = self.state();
        let lines = match state.settling {
            true => self.activity.described(),
            false => Vec::new(),
        };
        (state.doing.clone(), lines)
    }

    /// Returns the end of a trial that reached a limit.
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

    /// Returns the limit that is reached, and the seconds until then on a clock that jumps.
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
