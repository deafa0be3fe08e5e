//! One API server under a scheduler.

use std::sync::Arc;

use crosscut_apiserver::{ApiServer, Event};

use crate::context::Context;

/// A plane of a scheduler.
#[derive(Clone)]
pub struct Plane {
    pub(super) index: usize,
    pub(super) client: kube::Client,
}

impl Plane {
    /// A client of the plane's API server.
    #[must_use]
    pub fn client(&self) -> &kube::Client {
        &self.client
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
