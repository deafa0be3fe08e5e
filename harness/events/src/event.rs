//! The events of a run, in the order in which they happen.

use serde::{Deserialize, Serialize};

use crate::{Failure, Location, Seeds, Summary, Verdict};

/// The label of whatever a run makes on clusters that others use too, outside its trials' own namespaces; its value is the
/// run's name. Final objects may hold others that were seen with it.
pub const RUN_LABEL: &str = "crosscut.dev/run";

/// Something that happened in a run.
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
        /// The number of trials there that are.
        trials: usize,
    },
    /// Something that the user waits for, such as a function being built.
    Preparing {
        /// What is being done, as a sentence fragment.
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
        /// Which one.
        trial: TrialId,
    },
    /// A step of a trial begins.
    StepStarted {
        /// Which trial.
        trial: TrialId,
        /// The step's name.
        step: String,
    },
    /// A trial takes long; told again each time that it has taken twice as long.
    TrialSlow {
        /// Which trial.
        trial: TrialId,
        /// The step that is under way; empty before the first.
        step: String,
        /// The action that is under way; empty between two.
        action: String,
        /// The time that the trial has taken so far, in milliseconds of real time.
        elapsed_ms: u64,
        /// What is waited for and what keeps moving, one line each; often empty.
        waits_for: Vec<String>,
    },
    /// What a trial left on one of its clusters, where somebody asked for it.
    FinalObjects {
        /// Which trial.
        trial: TrialId,
        /// `control` or `target`.
        side: String,
        /// The trial's namespace.
        namespace: String,
        /// Every object that was not there before the trial, or was another then.
        objects: Vec<serde_json::Value>,
    },
    /// A trial was judged.
    TrialFinished(TrialReport),
    /// Every trial was judged.
    RunFinished {
        /// The counts.
        summary: Summary,
        /// Real time of the whole run in milliseconds.
        duration_ms: u64,
    },
    /// Not every trial was judged, and none will be: the control plane could not be started, or somebody ended the run.
    RunEndedEarly {
        /// The kind of control plane.
        cluster: String,
        /// The seeds.
        seeds: Seeds,
        /// Why, with its causes.
        reason: String,
    },
}

/// Which trial: one scenario on one provider on one kind of control plane.
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

/// The way in which a trial was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialReport {
    /// Which trial.
    #[serde(flatten)]
    pub trial: TrialId,
    /// The verdict.
    pub verdict: Verdict,
    /// The seed with which it did not pass, where several were to be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The place where its scenario is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Real time in milliseconds from the trial's lease to its verdict and the cleaning; with several seeds, of all that were
    /// tried.
    pub duration_ms: u64,
    /// Real time in milliseconds before the lease: the trial waited for its clusters, and perhaps for functions that were
    /// built and for a base that was installed.
    #[serde(default)]
    pub preparation_ms: u64,
    /// The steps that began, in order; with several seeds, those of the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// The reason why it did not pass; empty if it passed.
    pub failures: Vec<Failure>,
    /// The reason why it was skipped or is unsupported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What did not decide the verdict but should be known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

impl TrialReport {
    /// A verdict, of which nothing else is known yet.
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
    /// Real time in milliseconds.
    pub duration_ms: u64,
}

/// Something that did not decide the verdict but should be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The object or document that it is about.
    pub about: String,
    /// The warning in one sentence.
    pub message: String,
}
