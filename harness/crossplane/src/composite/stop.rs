//! The early end of a reconcile, and the reasons of its events.

use crate::error::Error;

/// The reason of events about the selection of a composition.
pub(super) const SELECT: &str = "SelectComposition";
/// The reason of events about composing.
pub(super) const COMPOSE: &str = "ComposeResources";

/// The reason why a reconcile ends early, and the reason of its event.
pub(super) struct Stop {
    pub(super) reason: &'static str,
    pub(super) error: Error,
}

/// Adds the reason of the event to an error.
pub(super) trait Because<T> {
    fn because(self, reason: &'static str) -> Result<T, Box<Stop>>;
}

impl<T> Because<T> for Result<T, Error> {
    fn because(self, reason: &'static str) -> Result<T, Box<Stop>> {
        self.map_err(|error| Box::new(Stop { reason, error }))
    }
}
