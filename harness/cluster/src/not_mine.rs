//! The error for a change to an object of others.

use crosscut_objects::object;
use serde_json::Value;

/// A refused change of an object that the run did not create. On a cluster that others use, a trial does not change
/// their objects, unless the scenario has `notMine: true`.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct NotMine {
    what: String,
    /// True if `notMine: true` allows the change.
    may_be_allowed: bool,
}

impl NotMine {
    /// Returns the error for an object that existed before the run.
    #[must_use]
    pub fn of(found: &Value) -> NotMine {
        NotMine {
            what: format!("{} was there before, and is not of this run", name(found)),
            may_be_allowed: true,
        }
    }

    /// Returns the error for a deletion that also deletes objects which cannot be restored.
    #[must_use]
    pub fn with_more(found: &Value) -> NotMine {
        NotMine {
            what: format!(
                "{} is not of this run, and what is deleted with it cannot be put back",
                name(found)
            ),
            may_be_allowed: false,
        }
    }

    /// Returns the error for a request for more than one object.
    #[must_use]
    pub fn all(path: &str) -> NotMine {
        NotMine {
            what: format!("{path} is not one object, and some may not be of this run"),
            may_be_allowed: false,
        }
    }

    /// Returns advice for the user.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self.may_be_allowed {
            true => {
                "\"notMine: true\" beside the action allows it, and changes are put back at the end of the trial"
            }
            false => "let the scenario make one of its own",
        }
    }

    /// Returns the first `NotMine` among an error and its causes, if there is one.
    pub fn behind<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a NotMine> {
        let mut error = Some(error);
        while let Some(one) = error {
            if let Some(found) = one.downcast_ref() {
                return Some(found);
            }
            error = one.source();
        }
        None
    }
}

fn name(found: &Value) -> String {
    let (kind, name) = (object::kind(found), object::name(found));
    match object::namespace(found) {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    }
}
