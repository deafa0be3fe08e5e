//! Judging at rest, and judging again if an object changed meanwhile.
//!
//! On a real control plane, rest is observed and not proven: after a while without changes, a late controller may still
//! write. Crossplane, for example, first writes the conditions that it read and then its new ones. A ready composite
//! resource is therefore not ready for a moment, and that moment must not decide a verdict. The embedded control plane
//! changes only while it settles, so every assertion is judged once.

use crosscut_cluster::SettleError;
use crosscut_events::Verdict;

use crate::session::Session;
use crate::stop::Stop;

/// The largest number of times that a changing object is judged, each time after the clusters settled again.
const LOOKS: usize = 8;

/// The remaining tries to judge at rest.
pub(crate) struct Rejudge {
    left: usize,
    /// The number of changes that had been seen when the clusters were last at rest.
    changes: u64,
}

impl Rejudge {
    /// Starts at clusters that are at rest.
    pub(crate) fn at_rest(session: &Session) -> Rejudge {
        Rejudge {
            left: LOOKS,
            changes: session.changes_at_rest(),
        }
    }

    /// Returns true if the assertion must be judged again, because the clusters changed meanwhile and have settled
    /// since. `failed` is the result of the last judgement; `None` if the assertion held. A failed assertion is judged
    /// again only after another quiet period: the objects read may be newer than the changes seen.
    ///
    /// # Errors
    /// [`SettleError`] if the clusters do not settle again.
    pub(crate) async fn again(
        &mut self,
        failed: Option<&Stop>,
        session: &mut Session,
    ) -> Result<bool, SettleError> {
        self.left = self.left.saturating_sub(1);
        let is_certain = match failed {
            None => !session.has_moved(),
            // Changes of objects do not cause any other verdict.
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
