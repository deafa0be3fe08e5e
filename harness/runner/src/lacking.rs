//! Trials that need what their kind of control plane does not have: `unsupported`, whatever their actions came to.

use crosscut_events::{Failure, Verdict};

use crate::session::Session;
use crate::stop::Stop;

/// Returns the outcome of an action, unless the control plane came upon something that it does not have: then nothing
/// that the action saw is a verdict, and the trial is unsupported.
///
/// # Errors
/// The action's own [`Stop`], or an unsupported one in its place. A control plane that broke stays the first reason.
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
