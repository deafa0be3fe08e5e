//! Gathers the trials of a run for the reports that are written at its end.

use crosscut_events::{Event, Failure, Seeds, Summary, TrialReport};

use crate::tidy::tidy;

/// A run as far as it has come.
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
    /// Takes in one event; what it says is bounded and made safe to show.
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

    /// The kind of control plane.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The seeds of the run.
    pub fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// Returns the number of trials there that are to be.
    pub fn planned(&self) -> usize {
        self.planned
    }

    /// The counts so far.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// Returns the longest preparation of a trial in milliseconds.
    pub fn preparation_ms(&self) -> u64 {
        let trials = self.trials().into_iter();
        trials.map(|trial| trial.preparation_ms).max().unwrap_or(0)
    }

    /// Real time of the whole run in milliseconds; 0 before it finished.
    pub fn duration_ms(&self) -> u64 {
        self.duration_ms
    }

    /// Returns the reason why not every trial was judged, if the run ended before.
    pub fn ended_early(&self) -> Option<&str> {
        self.ended_early.as_deref()
    }

    /// Returns the first trial that did not pass for the very same reason.
    pub(crate) fn first_with(&self, failure: &Failure) -> Option<&TrialReport> {
        let mut finished = self.trials.iter();
        finished.find(|report| report.failures.contains(failure))
    }

    /// The trials ordered by scenario, then provider, whatever order they finished in.
    pub fn trials(&self) -> Vec<&TrialReport> {
        let mut trials: Vec<&TrialReport> = self.trials.iter().collect();
        trials.sort_by(|left, right| left.trial.cmp(&right.trial));
        trials
    }
}
