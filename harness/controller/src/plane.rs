//! One API server under a scheduler.

use std::sync::Arc;

use crosscut_client::Connection;
use crosscut_objects::{Event, EventLog};

/// A plane of a scheduler.
#[derive(Clone)]
pub struct Plane {
    pub(crate) index: usize,
    pub(crate) connection: Connection,
}

impl Plane {
    /// Returns the connection to the plane's API server.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

pub(crate) struct PlaneState {
    pub(crate) log: Arc<dyn EventLog>,
    /// The revision of the last event that was delivered.
    pub(crate) seen: u64,
}

impl PlaneState {
    /// Returns the events since the last call.
    pub(crate) fn news(&mut self) -> Vec<Arc<Event>> {
        let events = self.log.events_after(self.seen);
        if let Some(last) = events.last() {
            self.seen = last.revision;
        }
        events
    }
}
