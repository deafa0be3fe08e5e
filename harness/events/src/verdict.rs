//! The verdict on one trial.

use serde::{Deserialize, Serialize};

/// The result of a trial.
///
/// The order is that of severity, mildest first, so that the maximum of several verdicts decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every expectation held on a settled control plane.
    Passed,
    /// The trial did not run, for a reason in the scenario.
    Skipped,
    /// The control plane lacks a feature that the scenario needs; nothing was judged.
    Unsupported,
    /// An expectation did not hold.
    Failed,
    /// The control plane never settled, so nothing could be judged.
    Unsettled,
    /// The environment broke (a function that does not start, a panic), so nothing could be judged.
    Errored,
}

impl Verdict {
    /// All verdicts, mildest first.
    pub const ALL: [Verdict; 6] = [
        Verdict::Passed,
        Verdict::Skipped,
        Verdict::Unsupported,
        Verdict::Failed,
        Verdict::Unsettled,
        Verdict::Errored,
    ];

    /// Returns true if the verdict counts against the trial: it failed, never settled, or its environment broke.
    #[must_use]
    pub fn is_failure(self) -> bool {
        self >= Verdict::Failed
    }

    /// Returns the verdict in reports, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Skipped => "skipped",
            Verdict::Unsupported => "unsupported",
            Verdict::Failed => "failed",
            Verdict::Unsettled => "unsettled",
            Verdict::Errored => "errored",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.as_str())
    }
}
