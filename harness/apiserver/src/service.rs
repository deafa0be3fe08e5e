//! The server as a tower service for HTTP requests.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use crate::body::Body;
use crate::discovery;
use crate::handlers::{self, Answer, Call, Content, Request};
use crate::inner::Inner;
use crate::lack;
use crate::path::{Path, Target};
use crate::payload::Payload;
use crate::query::Query;
use crate::response::{failure, json, text, with_headers};
use crate::served::Served;
use crate::status::{self, Status};
use crate::table::{Form, table};
use crate::watch::Watch;

/// The maximum size of a body in bytes, as in kube-apiserver.
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// An API server as a service for `kube::Client::new`. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

impl Service {
    pub(crate) fn new(server: Arc<Inner>) -> Self {
        Self(server)
    }
}

impl<B> tower::Service<http::Request<B>> for Service
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let server = Arc::clone(&self.0);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let collected = Limited::new(body, BODY_LIMIT).collect().await;
            Ok(match collected {
                Ok(body) => respond(&server, &parts, &body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => {
                    failure(&status::too_large(BODY_LIMIT))
                }
                Err(error) => failure(&status::bad_request(error.to_string())),
            })
        })
    }
}

fn respond(server: &Arc<Inner>, parts: &Parts, body: &[u8]) -> Response<Body> {
    server.requests.fetch_add(1, Ordering::Relaxed);
    let path = Path::parse(parts.uri.path());
    let answer = match path {
        Path::Resource(target) => over_http(server, parts, &target, body),
        Path::Health => return text(200, "ok"),
        Path::Unknown => return text(404, "404 page not found\n"),
        other => return discovery::respond(server, parts, &other),
    };
    answer.unwrap_or_else(|status| failure(&status))
}

fn over_http(
    server: &Arc<Inner>,
    parts: &Parts,
    target: &Target,
    body: &[u8],
) -> Result<Response<Body>, Status> {
    let header = |name| text_of(&parts.headers, name);
    let request = Request {
        media_type: header(header::CONTENT_TYPE),
        user_agent: header(header::USER_AGENT),
        body: Payload::Bytes(body),
    };
    let query = Query::parse(parts.uri.query().unwrap_or_default())?;
    match resource(server, &parts.method, &query, target, request)? {
        Outcome::Answer(answer, warnings) => {
            let table = tabular(server, target, &answer, header(header::ACCEPT))?;
            Ok(success(&answer, table, &warnings))
        }
        Outcome::Watch(watch) => Ok(stream(watch, server)),
    }
}

/// Returns the response as a table if the client accepts one.
fn tabular(
    server: &Arc<Inner>,
    target: &Target,
    answer: &Answer,
    accept: &str,
) -> Result<Option<Value>, Status> {
    let form = Form::of(accept);
    if form == Form::Whole {
        return Ok(None);
    }
    let served = server.store.with(|state| {
        let registry = &state.registry;
        let served = registry.find(&target.group, &target.version, &target.plural);
        served.cloned()
    });
    let Some(served) = served else {
        return Ok(None);
    };
    match table(&served, answer, server.options.clock.now()) {
        Ok(table) => Ok(Some(table)),
        Err(_) if form == Form::TableIfAny => Ok(None),
        Err(status) => Err(status),
    }
}

/// The result of a request for objects.
pub(crate) enum Outcome {
    /// A response, and its warnings.
    Answer(Answer, Vec<String>),
    Watch(Watch),
}

/// Handles a request for objects while it holds the lock of the store.
pub(crate) fn resource(
    server: &Arc<Inner>,
    method: &Method,
    query: &Query,
    target: &Target,
    request: Request<'_>,
) -> Result<Outcome, Status> {
    server.store.with(|state| {
        let found = state
            .registry
            .find(&target.group, &target.version, &target.plural);
        let served = Arc::clone(found.ok_or_else(status::no_route)?);
        let mut call = Call {
            state,
            options: &server.options,
            served: &served,
            target,
            query,
            request,
            warnings: Vec::new(),
        };
        let outcome = outcome(method, &served, &mut call);
        if let Some(lack) = outcome.as_ref().err().and_then(Status::lack) {
            state.note(lack);
        }
        outcome
    })
}

fn outcome(method: &Method, served: &Arc<Served>, call: &mut Call<'_>) -> Result<Outcome, Status> {
    if let Some(lacking) = lack::subresource(served, call.target) {
        return Err(status::not_implemented(&lacking));
    }
    let verb = verb(served, method, call.target, call.query.watch)?;
    if verb == Verb::Watch {
        return Ok(Outcome::Watch(Watch::begin(call, served)?));
    }
    let answer = run(verb, call)?;
    Ok(Outcome::Answer(answer, std::mem::take(&mut call.warnings)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

/// Returns the verb of a method on a path. Fails if the path does not support the method.
fn verb(served: &Served, method: &Method, target: &Target, watch: bool) -> Result<Verb, Status> {
    let has_namespace = target.namespace.is_some();
    if has_namespace && !served.resource.namespaced {
        return Err(status::no_route());
    }
    let one = target.name.is_some();
    if one && served.resource.namespaced && !has_namespace {
        return Err(status::no_route());
    }
    let everywhere = served.resource.namespaced && !has_namespace;
    match target.subresource.as_deref() {
        None => {}
        Some("status") if served.status => return subresource_verb(method),
        Some("finalize") if served.is_namespace() && *method == Method::PUT => {
            return Ok(Verb::Update);
        }
        Some(_) => return Err(status::no_route()),
    }
    Ok(match (method.as_str(), one) {
        ("GET", _) if watch || target.watch => Verb::Watch,
        ("GET", true) => Verb::Get,
        ("GET", false) => Verb::List,
        ("POST", false) if !everywhere => Verb::Create,
        ("PUT", true) => Verb::Update,
        ("PATCH", true) => Verb::Patch,
        ("DELETE", true) => Verb::Delete,
        ("DELETE", false) if !everywhere && !served.is_namespace() => Verb::DeleteCollection,
        _ => return Err(status::method_not_allowed()),
    })
}

fn subresource_verb(method: &Method) -> Result<Verb, Status> {
    match method.as_str() {
        "GET" => Ok(Verb::Get),
        "PUT" => Ok(Verb::Update),
        "PATCH" => Ok(Verb::Patch),
        _ => Err(status::method_not_allowed()),
    }
}

fn run(verb: Verb, call: &mut Call<'_>) -> Result<Answer, Status> {
    match verb {
        Verb::Get => handlers::get(call),
        Verb::List => handlers::list(call),
        Verb::Create => handlers::create(call),
        Verb::Update => handlers::update(call),
        Verb::Patch => handlers::patch(call),
        Verb::Delete => handlers::delete(call),
        Verb::DeleteCollection => handlers::delete_collection(call),
        Verb::Watch => Err(status::method_not_allowed()),
    }
}

fn success(answer: &Answer, table: Option<Value>, warnings: &[String]) -> Response<Body> {
    let written = match (&answer.content, table) {
        (_, Some(table)) => serde_json::to_vec(&table),
        (Content::Object(object), None) => serde_json::to_vec(&**object),
        (Content::List(listing), None) => serde_json::to_vec(listing),
    };
    let mut response = match written {
        Ok(bytes) => json(answer.code, bytes),
        Err(error) => return failure(&status::internal(error.to_string())),
    };
    for warning in warnings {
        let quoted = format!("299 - {}", Value::from(warning.as_str()));
        if let Ok(value) = HeaderValue::from_str(&quoted) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
    response
}

fn stream(watch: Watch, server: &Arc<Inner>) -> Response<Body> {
    let lines = watch.run(Arc::clone(&server.store));
    with_headers(200, "application/json", Body::stream(lines))
}

pub(crate) fn text_of(headers: &HeaderMap, name: header::HeaderName) -> &str {
    let value = headers.get(name).map(HeaderValue::to_str);
    value.and_then(Result::ok).unwrap_or_default()
}
