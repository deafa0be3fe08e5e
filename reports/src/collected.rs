//! The collection of a run's trials, for the reports at the end of the run.

use crosscut_events::{Event, Failure, Seeds, Summary, TrialReport};

use crate::tidy::tidy;

/// The state of a run, from the events so far.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    cluster: String,
    seeds: Seeds,
    planned: usize,
    trials: Vec<TrialReport>,
    summary: Summary,
    duration_ms: u64,
    ended_early: Option<String>,
}

impl Collected {
    /// Adds one event, bounded and with safe texts.
    pub fn take(&mut self, event: &Event) {
        match tidy(event).as_ref() {
            Event::RunStarted {
                cluster,
                seeds,
                trials,
            } => {
                self.cluster.clone_from(cluster);
                self.seeds = *seeds;
                self.planned = *trials;
            }
            Event::TrialFinished(report) => {
                self.summary.count(report.verdict);
                self.trials.push(report.clone());
            }
            Event::RunFinished { duration_ms, .. } => self.duration_ms = *duration_ms,
            Event::RunEndedEarly {
                cluster,
                seeds,
                reason,
            } => {
                self.cluster.clone_from(cluster);
                self.seeds = *seeds;
                self.ended_early = Some(reason.clone());
            }
            _ => {}
        }
    }

    /// Returns the kind of control plane.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Returns the seeds of the run.
    pub fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// Returns the number of planned trials.
    pub fn planned(&self) -> usize {
        self.planned
    }

    /// Returns the counts so far.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// Returns the longest preparation of a trial in milliseconds.
    pub fn preparation_ms(&self) -> u64 {
        let trials = self.trials().into_iter();
        trials.map(|trial| trial.preparation_ms).max().unwrap_or(0)
    }

    /// Returns the real time of the whole run in milliseconds, or 0 before the run has finished.
    pub fn duration_ms(&self) -> u64 {
        self.duration_ms
    }

    /// Returns the reason why the run ended before every trial was judged, if it did.
    pub fn ended_early(&self) -> Option<&str> {
        self.ended_early.as_deref()
    }

    /// Returns the first trial with an equal failure.
    pub(crate) fn first_with(&self, failure: &Failure) -> Option<&TrialReport> {
        let mut finished = self.trials.iter();
        finished.find(|report| report.failures.contains(failure))
    }

    /// Returns the trials ordered by scenario and provider.
    pub fn trials(&self) -> Vec<&TrialReport> {
        let mut trials: Vec<&TrialReport> = self.trials.iter().collect();
        trials.sort_by(|left, right| left.trial.cmp(&right.trial));
        trials
    }
}
