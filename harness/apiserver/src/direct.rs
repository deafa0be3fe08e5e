//! Requests of clients in this process: the same handlers, with values where HTTP has bytes.
//!
//! Nothing is written out and read again, and answers are shared with the store. What is asked is said as over HTTP, by
//! method, path and query, so that there is one way to ask. Watches and documents such as discovery are for HTTP alone.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::Method;
use serde_json::Value;

use crate::handlers::{Content, Request};
use crate::path::Path;
use crate::payload::Payload;
use crate::server::{ApiServer, Inner};
use crate::service::{Outcome, resource};
use crate::status::{self, Status};

/// A request for objects.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The HTTP method.
    pub method: &'a Method,
    /// The path, such as `/api/v1/namespaces/default/configmaps/a`.
    pub path: &'a str,
    /// The query without its question mark; may be empty.
    pub query: &'a str,
    /// The Content-Type of the body.
    pub media_type: &'a str,
    /// The object, the patch or the options.
    pub body: Option<&'a Value>,
}

/// What a request is answered with.
#[derive(Clone, Debug)]
pub enum Reply {
    /// One object.
    Object(Arc<Value>),
    /// The items of a list, each with its apiVersion and kind.
    List(Vec<Arc<Value>>),
}

impl ApiServer {
    /// Answers a request for objects without HTTP, and returns what is warned of beside it.
    ///
    /// # Errors
    /// The Status, as the body that it would have over HTTP.
    pub fn exchange(&self, request: &Exchange<'_>) -> Result<(Reply, Vec<String>), Value> {
        answer(self.inner(), request).map_err(|status| status.body())
    }
}

fn answer(server: &Arc<Inner>, exchange: &Exchange<'_>) -> Result<(Reply, Vec<String>), Status> {
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
            Ok((reply, warnings))
        }
        Outcome::Watch(_) => Err(status::method_not_allowed()),
    }
}
