//! Requests of clients in this process: the same handlers, with values in place of HTTP bodies.
//!
//! Nothing is written as text and parsed again, and responses share their objects with the store. Watches and documents such
//! as discovery exist over HTTP only.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crosscut_objects::{Admission, Direct, Event, EventLog, Response};
use serde_json::Value;

use crate::handlers::{Content, Request};
use crate::inner::Inner;
use crate::lack;
use crate::path::Target;
use crate::payload::Payload;
use crate::query::Query;
use crate::server::ApiServer;
use crate::service::{Outcome, resource};
use crate::status::{self, Status};

impl Direct for ApiServer {
    /// Returns the response to a request for objects, without HTTP.
    ///
    /// # Errors
    /// The Status, as the body that it would have over HTTP.
    fn request(&self, request: &crosscut_objects::Request<'_>) -> Result<Response, Value> {
        response(self.inner(), request).map_err(|status| status.body())
    }

    /// Adds a kind that a full control plane would serve to the [lacks](ApiServer::lacks).
    fn no_such_kind(&self, api_version: &str, kind: &str) {
        let inner = self.inner();
        inner.store.with(|state| {
            let known = |check: &Arc<dyn Admission>| check.lack(api_version, kind, &*state);
            let found = lack::of_kubernetes(api_version, kind)
                .or_else(|| inner.options.admission.iter().find_map(known));
            if let Some(lack) = found {
                state.note(lack);
            }
        });
    }
}

impl EventLog for ApiServer {
    fn head(&self) -> u64 {
        ApiServer::head(self)
    }

    fn present(&self) -> Vec<Event> {
        ApiServer::present(self)
    }

    fn events_after(&self, revision: u64) -> Vec<Arc<Event>> {
        ApiServer::events_after(self, revision)
    }
}

fn response(
    server: &Arc<Inner>,
    asked: &crosscut_objects::Request<'_>,
) -> Result<Response, Status> {
    server.requests.fetch_add(1, Ordering::Relaxed);
    let target = Target::from(asked.place);
    let query = Query::from(asked.options);
    let request = Request {
        media_type: asked.body.map_or("", |body| body.media_type),
        user_agent: "",
        body: asked
            .body
            .map_or(Payload::Bytes(&[]), |body| Payload::Value(body.value)),
    };
    match resource(server, asked.method, &query, &target, request)? {
        Outcome::Answer(answer, warnings) => {
            let content = match answer.content {
                Content::Object(object) => crosscut_objects::Content::Object(object),
                Content::List(listing) => crosscut_objects::Content::List(listing.items),
            };
            Ok(Response { content, warnings })
        }
        Outcome::Watch(_) => Err(status::method_not_allowed()),
    }
}
