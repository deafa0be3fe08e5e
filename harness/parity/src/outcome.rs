//! What a run came to, gathered from its events.

use std::collections::BTreeMap;

use crosscut_events::{Event, TrialId, Verdict};
use serde_json::Value;

/// One trial's end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The verdict; `None` while the trial runs.
    pub verdict: Option<Verdict>,
    /// The messages of its failures.
    pub failures: Vec<String>,
    /// What it left on each side, `control` and `target`.
    pub objects: BTreeMap<String, Vec<Value>>,
    /// The namespace that it had.
    pub namespace: String,
}

/// The trials of one run, by scenario and provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    trials: BTreeMap<String, Outcome>,
}

impl Outcomes {
    /// Takes in one event of the run.
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

    /// The trials, by `scenario::provider`.
    pub fn trials(&self) -> impl Iterator<Item = (&str, &Outcome)> {
        self.trials
            .iter()
            .map(|(name, outcome)| (name.as_str(), outcome))
    }

    /// One trial.
    #[must_use]
    pub fn get(&self, trial: &str) -> Option<&Outcome> {
        self.trials.get(trial)
    }
}
