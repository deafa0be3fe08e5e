//! Trials that need a feature that their kind of control plane lacks: `unsupported`, whatever the results of their
//! actions.

use crosscut_events::{Failure, Verdict};

use crate::session::Session;
use crate::stop::Stop;

/// Returns the outcome of an action, unless the control plane lacks a feature that the trial needed. In that case the
/// results prove nothing, and the trial is unsupported.
///
/// # Errors
/// The action's own [`Stop`], or an unsupported one instead. An `errored` or unsupported [`Stop`] is kept.
pub(crate) fn unless_lacking(outcome: Result<(), Stop>, session: &Session) -> Result<(), Stop> {
    let stays = |stop: &Stop| matches!(stop.verdict, Verdict::Errored | Verdict::Unsupported);
    if outcome.as_ref().is_err_and(stays) {
        return outcome;
    }
    let Some(lack) = session.lack() else {
        return outcome;
    };
    let mut failure = Failure::new("cluster::unsupported", lack.message);
    failure.help = Some(lack.help);
    failure.location = outcome.err().and_then(|stop| stop.failure.location);
    Err(Stop::unsupported(failure))
}
