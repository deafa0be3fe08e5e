//! The outcome of a run, collected from its events.

use std::collections::BTreeMap;

use crosscut_events::{Event, TrialId, Verdict};
use serde_json::Value;

/// The outcome of one trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The verdict; `None` while the trial runs.
    pub verdict: Option<Verdict>,
    /// The messages of the failures.
    pub failures: Vec<String>,
    /// The final objects on each side, `control` and `target`.
    pub objects: BTreeMap<String, Vec<Value>>,
    /// The trial's namespace.
    pub namespace: String,
}

/// The trials of one run, by scenario and provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    trials: BTreeMap<String, Outcome>,
}

impl Outcomes {
    /// Adds one event of the run.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::FinalObjects {
                trial,
                side,
                namespace,
                objects,
            } => {
                let outcome = self.outcome(trial);
                outcome.namespace.clone_from(namespace);
                outcome.objects.insert(side.clone(), objects.clone());
            }
            Event::TrialFinished(report) => {
                let outcome = self.outcome(&report.trial);
                outcome.verdict = Some(report.verdict);
                outcome.failures = report
                    .failures
                    .iter()
                    .map(|failure| failure.message.clone())
                    .collect();
            }
            _ => {}
        }
    }

    fn outcome(&mut self, trial: &TrialId) -> &mut Outcome {
        self.trials.entry(trial.to_string()).or_default()
    }

    /// Returns the trials, by `scenario::provider`.
    pub fn trials(&self) -> impl Iterator<Item = (&str, &Outcome)> {
        self.trials
            .iter()
            .map(|(name, outcome)| (name.as_str(), outcome))
    }

    /// Returns one trial, by `scenario::provider`.
    #[must_use]
    pub fn get(&self, trial: &str) -> Option<&Outcome> {
        self.trials.get(trial)
    }
}
