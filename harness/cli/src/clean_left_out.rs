//! `crosscut clean` in a program that was built without clusters of the user.

use crosscut_events::ExitStatus;

use crate::CommandError;
use crate::arguments::CleanArguments;

/// Fails: this program reaches no cluster of a user.
pub(crate) fn run(_: &CleanArguments) -> Result<ExitStatus, CommandError> {
    Err(CommandError::LeftOut {
        feature: "kubeconfig",
    })
}
