//! Objects that a trial must leave alone.

use crosscut_objects::object;
use serde_json::Value;

/// A change of an object that the run did not make, which was not sent. On a cluster that others use, a trial leaves alone
/// what is theirs, unless the scenario says `notMine: true`.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct NotMine {
    what: String,
    /// True if `notMine: true` allows it.
    may_be_allowed: bool,
}

impl NotMine {
    /// Returns the error for an object that was there before.
    #[must_use]
    pub fn of(found: &Value) -> NotMine {
        NotMine {
            what: format!("{} was there before, and is not of this run", name(found)),
            may_be_allowed: true,
        }
    }

    /// Returns the error for a deletion that takes more with it than can be put back.
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

    /// Returns the error for a request that is about more than one object.
    #[must_use]
    pub fn all(path: &str) -> NotMine {
        NotMine {
            what: format!("{path} is not one object, and some may not be of this run"),
            may_be_allowed: false,
        }
    }

    /// Returns what a user can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self.may_be_allowed {
            true => {
                "\"notMine: true\" beside the action allows it, and changes are put back at the end of the trial"
            }
            false => "let the scenario make one of its own",
        }
    }

    /// Returns what is behind an error, if it is this.
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
