//! The verdict on one trial.

use serde::{Deserialize, Serialize};

/// What a trial was judged to be.
///
/// The order is the order of severity, mildest first, so that `max` of several verdicts is the one
/// that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every expectation held on a settled control plane.
    Passed,
    /// Not run, for a reason that the scenario gives.
    Skipped,
    /// The control plane cannot do what the scenario needs; nothing was judged.
    Unsupported,
    /// An expectation did not hold.
    Failed,
    /// The control plane never came to rest, so nothing could be judged.
    Unsettled,
    /// The environment broke (a function that does not start, a panic), so nothing could be judged.
    Errored,
}

impl Verdict {
    /// Every verdict, mildest first.
    pub const ALL: [Verdict; 6] = [
        Verdict::Passed,
        Verdict::Skipped,
        Verdict::Unsupported,
        Verdict::Failed,
        Verdict::Unsettled,
        Verdict::Errored,
    ];

    /// Returns whether the verdict counts against the trial: it failed, never settled, or its environment broke.
    #[must_use]
    pub fn is_failure(self) -> bool {
        self >= Verdict::Failed
    }

    /// The verdict as reports write it, in lower case.
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
