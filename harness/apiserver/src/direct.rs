//! Requests of clients in this process: the same handlers, with values in place of HTTP bodies.
//!
//! Nothing is serialized, and responses share their objects with the store. A request has a method, a path and a query,
//! as over HTTP. Watches and documents such as discovery exist over HTTP only.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crosscut_objects::{Admission, Answer, Direct, Event, EventLog, Exchange, Reply};
use serde_json::Value;

use crate::handlers::{Content, Request};
use crate::inner::Inner;
use crate::lack;
use crate::path::Path;
use crate::payload::Payload;
use crate::server::ApiServer;
use crate::service::{Outcome, resource};
use crate::status::{self, Status};

impl Direct for ApiServer {
    /// Handles a request for objects without HTTP, and returns the response with its warnings.
    ///
    /// # Errors
    /// The Status, as the body of an HTTP response.
    fn exchange(&self, request: &Exchange<'_>) -> Result<Answer, Value> {
        answer(self.inner(), request).map_err(|status| status.body())
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

fn answer(server: &Arc<Inner>, exchange: &Exchange<'_>) -> Result<Answer, Status> {
    server.requests.fetch_add(1, Ordering::Relaxed);
    let Path::Resource(target) = Path::parse(exchange.path) else {
        return Err(status::no_route());
    };
    let request = Request {
        media_type: exchange.media_type,
        user_agent: "",
        body: exchange.body.map_or(Payload::Bytes(&[]), Payload::Value),
    };
    match resource(server, exchange.method, exchange.query, &target, request)? {
        Outcome::Answer(answer, warnings) => {
            let reply = match answer.content {
                Content::Object(object) => Reply::Object(object),
                Content::List(listing) => Reply::List(listing.items),
            };
            Ok(Answer { reply, warnings })
        }
        Outcome::Watch(_) => Err(status::method_not_allowed()),
    }
}
