//! One API server under a scheduler.

use std::sync::Arc;

use crosscut_apiserver::{ApiServer, Event};
use crosscut_client::Connection;

use crate::context::Context;

/// A plane of a scheduler.
#[derive(Clone)]
pub struct Plane {
    pub(super) index: usize,
    pub(super) connection: Connection,
}

impl Plane {
    /// The way to the plane's API server.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

pub(super) struct PlaneState {
    pub(super) server: ApiServer,
    pub(super) context: Context,
    /// All events up to here have been told.
    pub(super) seen: u64,
}

impl PlaneState {
    /// What has happened since the last call.
    pub(super) fn news(&mut self) -> Vec<Arc<Event>> {
        let events = self.server.events_after(self.seen);
        if let Some(last) = events.last() {
            self.seen = last.revision;
        }
        events
    }
}
