//! The events of a run, in the order in which they happen.

use serde::{Deserialize, Serialize};

use crate::{Failure, Location, Seeds, Summary, Verdict};

/// The label of all objects that a run creates on shared clusters outside its trials' own namespaces. Its value is the
/// run's name. Final objects may include other objects with the label.
pub const RUN_LABEL: &str = "crosscut.dev/run";

/// An event in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// The kind of control plane, such as `embedded`.
        cluster: String,
        /// The seeds that order what is concurrent.
        seeds: Seeds,
        /// The number of trials.
        trials: usize,
    },
    /// A preparation that the user waits for, such as the build of a function.
    Preparing {
        /// The current work, as a sentence fragment.
        what: String,
    },
    /// A function of the suite wrote a line.
    FunctionOutput {
        /// The function's name.
        function: String,
        /// The line, without its end.
        line: String,
    },
    /// A trial begins.
    TrialStarted {
        /// The trial.
        trial: TrialId,
    },
    /// A step of a trial begins.
    StepStarted {
        /// The trial.
        trial: TrialId,
        /// The step's name.
        step: String,
    },
    /// A trial takes long; reported again each time that its time has doubled.
    TrialSlow {
        /// The trial.
        trial: TrialId,
        /// The current step; empty before the first.
        step: String,
        /// The current action; empty between two actions.
        action: String,
        /// The time of the trial so far, in milliseconds of real time.
        elapsed_ms: u64,
        /// The current reconcile, the awaited object and the busiest movers, one line each; often empty.
        waits_for: Vec<String>,
    },
    /// The objects that a trial left on one of its clusters, if the run's options ask for them.
    FinalObjects {
        /// The trial.
        trial: TrialId,
        /// `control` or `target`.
        side: String,
        /// The trial's namespace.
        namespace: String,
        /// The objects that are new, or different from their state before the trial.
        objects: Vec<serde_json::Value>,
    },
    /// A trial was judged.
    TrialFinished(TrialReport),
    /// The run ended after all its trials.
    RunFinished {
        /// The counts of verdicts.
        summary: Summary,
        /// The real time of the whole run in milliseconds.
        duration_ms: u64,
    },
    /// The run ended before all trials were judged: the control plane could not be started, or a user ended the run.
    RunEndedEarly {
        /// The kind of control plane.
        cluster: String,
        /// The seeds.
        seeds: Seeds,
        /// The reason, with its causes.
        reason: String,
    },
}

/// The identity of a trial: one scenario on one provider on one kind of control plane.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrialId {
    /// The scenario's name.
    pub scenario: String,
    /// The provider's name.
    pub provider: String,
    /// The kind of control plane, such as `embedded`.
    pub cluster: String,
}

impl std::fmt::Display for TrialId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}::{}", self.scenario, self.provider)
    }
}

/// The report of a judged trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialReport {
    /// The trial.
    #[serde(flatten)]
    pub trial: TrialId,
    /// The verdict.
    pub verdict: Verdict,
    /// The seed with which the trial did not pass, if the run has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The place of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The real time in milliseconds from the trial's lease to the end of its cleanup, summed over the seeds tried.
    pub duration_ms: u64,
    /// The real time in milliseconds before the lease: the wait for clusters, and possibly the build of functions and
    /// the installation of a base.
    #[serde(default)]
    pub preparation_ms: u64,
    /// The started steps, in order; with several seeds, those of the last seed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// The reasons why the trial did not pass; empty if it passed.
    pub failures: Vec<Failure>,
    /// The reason why the trial was skipped or is unsupported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Warnings, which did not decide the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

impl TrialReport {
    /// Creates a report with only a verdict.
    #[must_use]
    pub fn of(trial: TrialId, verdict: Verdict) -> TrialReport {
        TrialReport {
            trial,
            verdict,
            seed: None,
            location: None,
            duration_ms: 0,
            preparation_ms: 0,
            steps: Vec::new(),
            failures: Vec::new(),
            reason: None,
            warnings: Vec::new(),
        }
    }
}

/// The time that a step of a trial took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// The step's name.
    pub name: String,
    /// The real time in milliseconds.
    pub duration_ms: u64,
}

/// A problem that did not decide the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The object or document of the warning.
    pub about: String,
    /// The warning in one sentence.
    pub message: String,
}
