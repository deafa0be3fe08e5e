//! The counts of verdicts, and the exit status that follows from them.

use serde::{Deserialize, Serialize};

use crate::Verdict;

/// The numbers of trials by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Trials that passed.
    pub passed: usize,
    /// Trials that failed.
    pub failed: usize,
    /// Trials whose control plane never settled.
    pub unsettled: usize,
    /// Trials whose environment broke.
    pub errored: usize,
    /// Trials that need a feature that the control plane lacks.
    pub unsupported: usize,
    /// Trials whose scenario does not apply to the provider.
    pub skipped: usize,
}

impl Summary {
    /// Counts one more verdict.
    ///
    /// ```
    /// use crosscut_events::{Summary, Verdict};
    ///
    /// let mut summary = Summary::default();
    /// summary.count(Verdict::Passed);
    /// summary.count(Verdict::Failed);
    /// assert_eq!((summary.total(), summary.of(Verdict::Failed)), (2, 1));
    /// ```
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Unsettled => self.unsettled += 1,
            Verdict::Errored => self.errored += 1,
            Verdict::Unsupported => self.unsupported += 1,
            Verdict::Skipped => self.skipped += 1,
        }
    }

    /// Returns the number of counted trials.
    pub fn total(&self) -> usize {
        Verdict::ALL.iter().map(|verdict| self.of(*verdict)).sum()
    }

    /// Returns the number of trials with this verdict.
    ///
    /// ```
    /// use crosscut_events::{Summary, Verdict};
    ///
    /// assert_eq!(Summary::default().of(Verdict::Skipped), 0);
    /// ```
    pub fn of(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Passed => self.passed,
            Verdict::Failed => self.failed,
            Verdict::Unsettled => self.unsettled,
            Verdict::Errored => self.errored,
            Verdict::Unsupported => self.unsupported,
            Verdict::Skipped => self.skipped,
        }
    }

    /// Returns true if no trial was judged: there was none, or all were skipped.
    pub fn is_empty(&self) -> bool {
        self.total() == self.skipped
    }

    /// Returns the exit status of a run with these counts. The first matching rule decides: errored
    /// trials, then failed or unsettled ones, then unsupported ones or no judged trial at all.
    pub fn exit_status(&self) -> ExitStatus {
        if self.errored > 0 {
            ExitStatus::EnvironmentFailed
        } else if self.failed + self.unsettled > 0 {
            ExitStatus::Failed
        } else if self.unsupported > 0 || self.is_empty() {
            ExitStatus::Unsupported
        } else {
            ExitStatus::Passed
        }
    }
}

/// The process's exit status. The numbers are part of the interface and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Every trial passed or was skipped for a reason.
    Passed = 0,
    /// Some trial failed or was unsettled.
    Failed = 1,
    /// The command line or the documents are wrong; nothing ran.
    Usage = 2,
    /// The environment failed: a function that does not start, a control plane that breaks.
    EnvironmentFailed = 3,
    /// No trial failed, but some were unsupported, or no trial was judged at all.
    Unsupported = 4,
}

impl ExitStatus {
    /// Returns the exit code of the process.
    pub fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{ExitStatus, Summary};
    use crate::Verdict::{self, Errored, Failed, Passed, Skipped, Unsettled, Unsupported};

    #[rstest]
    #[case::nothing_ran(&[], ExitStatus::Unsupported)]
    #[case::nothing_but_skipped(&[Skipped, Skipped], ExitStatus::Unsupported)]
    #[case::a_broken_environment_beside_skipped(&[Skipped, Errored], ExitStatus::EnvironmentFailed)]
    #[case::all_passed(&[Passed, Passed], ExitStatus::Passed)]
    #[case::skipped_is_no_failure(&[Passed, Skipped], ExitStatus::Passed)]
    #[case::one_failed(&[Passed, Failed], ExitStatus::Failed)]
    #[case::one_unsettled(&[Passed, Unsettled], ExitStatus::Failed)]
    #[case::failure_outweighs_unsupported(&[Unsupported, Failed], ExitStatus::Failed)]
    #[case::only_unsupported(&[Passed, Unsupported], ExitStatus::Unsupported)]
    #[case::a_broken_environment_decides(&[Failed, Errored], ExitStatus::EnvironmentFailed)]
    fn exit_status_follows_the_counts(#[case] verdicts: &[Verdict], #[case] expected: ExitStatus) {
        let mut summary = Summary::default();
        for verdict in verdicts {
            summary.count(*verdict);
        }
        assert_eq!(summary.exit_status(), expected);
        assert_eq!(summary.total(), verdicts.len());
    }

    #[test]
    fn exit_codes_are_the_documented_numbers() {
        let codes = [
            ExitStatus::Passed,
            ExitStatus::Failed,
            ExitStatus::Usage,
            ExitStatus::EnvironmentFailed,
            ExitStatus::Unsupported,
        ]
        .map(ExitStatus::code);
        assert_eq!(codes, [0, 1, 2, 3, 4]);
    }
}
