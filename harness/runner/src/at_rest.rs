//! Judging what is at rest, and judging again what moved meanwhile.
//!
//! On real control planes rest is observed and not proven: nothing has changed for a while, and then a controller that was
//! late takes something up. Crossplane, for example, writes the conditions that it had read before it writes those that it
//! comes to, so that a composite resource that is ready is not ready for a moment. What is seen at such a moment is no
//! verdict. On the embedded control plane nothing moves unless it is waited for, and everything is judged once.

use crosscut_cluster::SettleError;
use crosscut_events::Verdict;

use crate::session::Session;
use crate::stop::Stop;

/// The number of times that is looked at what keeps moving, each time after it was at rest again.
const LOOKS: usize = 8;

/// Rejudge at clusters that are at rest.
pub(crate) struct Rejudge {
    left: usize,
    /// How many changes had been seen when they were.
    changes: u64,
}

impl Rejudge {
    /// The clusters are at rest now.
    pub(crate) fn at_rest(session: &Session) -> Rejudge {
        Rejudge {
            left: LOOKS,
            changes: session.changes_at_rest(),
        }
    }

    /// Returns true if what was looked at was not at rest, and is now, so that it is to be looked at again. Whoever
    /// judged says
    /// why something `failed`, if it did. What did not hold is judged once the clusters have been quiet for a while more: what was read may be newer than what had been seen.
    ///
    /// # Errors
    /// Where they do not come to rest again.
    pub(crate) async fn again(
        &mut self,
        failed: Option<&Stop>,
        session: &mut Session,
    ) -> Result<bool, SettleError> {
        self.left = self.left.saturating_sub(1);
        let is_certain = match failed {
            None => !session.has_moved(),
            // With any other verdict nothing that moves has to do.
            Some(stop) => stop.verdict != Verdict::Failed,
        };
        if is_certain || self.left == 0 {
            return Ok(false);
        }
        session.settle_again().await?;
        let before = std::mem::replace(&mut self.changes, session.changes_at_rest());
        Ok(self.changes != before)
    }
}
