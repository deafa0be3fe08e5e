//! Watches: the current objects, then the changes, one line of JSON for each.
//!
//! A watch ends when its reader drops it. The server has no time limit and sends a bookmark only after the initial
//! events.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;

use crate::handlers::{Call, revision, selected, selector};
use crate::selector::Selector;
use crate::served::Served;
use crate::status::{self, Status};
use crate::store::{State, Store};
use crate::{convert, meta, value};
use crosscut_objects::{Change, Event};

const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// A running watch, with the lines to send and the objects that it selects.
pub(crate) struct Watch {
    served: Arc<Served>,
    namespace: Option<String>,
    name: Option<String>,
    selector: Selector,
    /// The last revision whose event was processed.
    seen: u64,
    lines: VecDeque<Bytes>,
    over: bool,
}

impl Watch {
    /// Begins a watch with the parameters of the request.
    pub(crate) fn begin(call: &Call<'_>, served: &Arc<Served>) -> Result<Self, Status> {
        call.query.check_list()?;
        let asked = revision(&call.query.resource_version)?;
        let current = call.state.revision();
        let initial = call.query.send_initial_events;
        if initial.is_some() && asked > current {
            return Err(status::too_large_version(asked, current));
        }
        let mut watch = Self {
            served: Arc::clone(served),
            namespace: call.target.namespace.clone(),
            name: call.target.name.clone(),
            selector: selector(call)?,
            seen: asked,
            lines: VecDeque::new(),
            over: false,
        };
        if initial == Some(true) || (initial.is_none() && asked == 0) {
            watch.send_present(call);
            watch.seen = current;
        } else if asked == 0 {
            watch.seen = current;
        }
        if initial == Some(true) && call.query.allow_bookmarks {
            watch.bookmark(current);
        }
        Ok(watch)
    }

    /// Returns the lines of the watch, until the reader drops the stream.
    pub(crate) fn run(self, server: Arc<Store>) -> impl Stream<Item = Bytes> + Send {
        let head = server.subscribe();
        stream::unfold(
            (self, server, head),
            |(mut watch, server, mut head)| async move {
                loop {
                    if let Some(line) = watch.lines.pop_front() {
                        return Some((line, (watch, server, head)));
                    }
                    if watch.over {
                        return None;
                    }
                    head.borrow_and_update();
                    server.with(|state| watch.look(state));
                    if watch.lines.is_empty() && !watch.over {
                        wait(&mut head).await?;
                    }
                }
            },
        )
    }

    fn send_present(&mut self, call: &Call<'_>) {
        for (_, object) in selected(call, &self.selector) {
            if self.is_of_interest(&object) {
                self.line("ADDED", &object);
            }
        }
    }

    /// Processes the events since the last call.
    fn look(&mut self, state: &State) {
        if self.seen < state.log_start() && self.seen < state.revision() {
            let told = status::expired(self.seen, state.log_start()).body();
            self.line("ERROR", &told);
            self.over = true;
            return;
        }
        for event in state.events_after(self.seen) {
            self.event(event);
        }
        self.seen = self.seen.max(state.revision());
    }

    fn event(&mut self, event: &Event) {
        let storage = &self.served.storage;
        if event.resource.plural != storage.plural || event.resource.group != storage.group {
            return;
        }
        let object = convert::to_request(&self.served, &event.object);
        if !self.is_of_interest(&object) {
            return;
        }
        let was = event.previous.as_ref().is_some_and(|previous| {
            self.selector
                .matches(&convert::to_request(&self.served, previous))
        });
        let is = event.change != Change::Deleted && self.selector.matches(&object);
        match (was, is) {
            (false, true) => self.line("ADDED", &object),
            (true, true) => self.line("MODIFIED", &object),
            (true, false) => self.left(event, &object),
            (false, false) => {}
        }
    }

    /// Sends DELETED for an object that is deleted or no longer selected, with its last selected state and the new
    /// revision.
    fn left(&mut self, event: &Event, object: &Arc<Value>) {
        if event.change == Change::Deleted {
            return self.line("DELETED", object);
        }
        let Some(previous) = &event.previous else {
            return;
        };
        let mut last = (*convert::to_request(&self.served, previous)).clone();
        meta::set_resource_version(&mut last, event.revision);
        self.line("DELETED", &last);
    }

    fn is_of_interest(&self, object: &Value) -> bool {
        let namespace = self.namespace.as_deref();
        namespace.is_none_or(|namespace| namespace == meta::namespace(object))
            && self
                .name
                .as_deref()
                .is_none_or(|name| name == meta::name(object))
    }

    fn bookmark(&mut self, revision: u64) {
        let mut object = json!({
            "kind": self.served.resource.kind,
            "apiVersion": self.served.resource.api_version(),
        });
        value::put(
            &mut object,
            "metadata",
            json!({
                "resourceVersion": revision.to_string(),
                "annotations": { INITIAL_EVENTS_END: "true" },
            }),
        );
        self.line("BOOKMARK", &object);
    }

    fn line(&mut self, kind: &str, object: &Value) {
        let line = format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n");
        self.lines.push_back(line.into());
    }
}

/// Waits for the next revision. Returns `None` if the server is dropped.
async fn wait(head: &mut Receiver<u64>) -> Option<()> {
    head.changed().await.ok()
}
