//! Preparation of HTTP requests from documents.

use std::collections::BTreeMap;

use bytes::Bytes;
use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_suite::model::{Body, Place, Request};
use crosscut_traffic::{HttpCall, HttpClient, Tls, json_of_size, sha256, text_of_size};

use crosscut_messages::{add_header, http_url, values_of, with_path};
use crosscut_yaml::Node;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use serde_json::{Value, json};

use super::batch::Prepared;
use super::tls;
use crate::scope::evaluate;
use crate::stop::{Stop, location};

/// Returns the requests of an action, each with its own `$index`. Requests to one address share their
/// connections.
///
/// # Errors
/// [`Stop`] if a template cannot be evaluated, or if its value cannot be sent.
pub(super) fn prepare(
    request: &Request,
    place: &Place,
    scope: &Scope,
) -> Result<Vec<Prepared<HttpClient, HttpCall>>, Stop> {
    let settings = tls::settings(request.common.tls.as_ref(), place, scope)?;
    let mut clients = BTreeMap::new();
    let mut prepared = Vec::with_capacity(request.common.times);
    for index in 0..request.common.times {
        let scope = scope.clone().bind("index", json!(index));
        let call = call(request, place, &scope)?;
        let client = client(request, &call.url, &settings, &mut clients)
            .map_err(|error| tls::unusable(&error, place))?;
        prepared.push(Prepared {
            client,
            title: format!("{} {}", call.method, call.url),
            request: view(&call),
            call,
        });
    }
    Ok(prepared)
}

fn client(
    request: &Request,
    url: &Uri,
    settings: &Tls,
    clients: &mut BTreeMap<String, HttpClient>,
) -> Result<HttpClient, crosscut_traffic::TlsError> {
    let key = format!("{:?} {:?}", url.scheme(), url.authority());
    if let Some(client) = clients.get(&key) {
        return Ok(client.clone());
    }
    let client = HttpClient::new(url, request.protocol, settings)?;
    clients.insert(key, client.clone());
    Ok(client)
}

/// Returns the value of `$request` in assertions.
fn view(call: &HttpCall) -> Value {
    json!({
        "method": call.method.as_str(),
        "url": call.url.to_string(),
        "headers": values_of(&call.headers),
        "bytes": call.body.len(),
        "sha256": sha256(&call.body),
    })
}

fn call(request: &Request, place: &Place, scope: &Scope) -> Result<HttpCall, Stop> {
    let mut headers = headers(request.headers.as_ref(), place, scope)?;
    let body = body(request, place, scope)?;
    if matches!(request.body, Body::Json(..)) && !headers.contains_key(header::CONTENT_TYPE) {
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
    }
    let url = text(&request.url, place, scope)?;
    let mut url = http_url(&url).map_err(|error| unsendable(&error, &request.url, place))?;
    if let Some(node) = &request.path {
        let path = text(node, place, scope)?;
        url = with_path(&url, &path).map_err(|error| unsendable(&error, node, place))?;
    }
    let method = match (&request.method, &request.body) {
        (Some(node), _) => {
            let method = text(node, place, scope)?;
            Method::from_bytes(method.as_bytes())
                .map_err(|_| wrong(format!("\"{method}\" is no method"), node, place))?
        }
        (None, Body::None) => Method::GET,
        (None, _) => Method::POST,
    };
    Ok(HttpCall {
        method,
        url,
        headers,
        body,
    })
}

fn body(request: &Request, place: &Place, scope: &Scope) -> Result<Bytes, Stop> {
    Ok(match &request.body {
        Body::None => Bytes::new(),
        Body::Text(node) => text(node, place, scope)?.into(),
        Body::Json(node, None) => evaluate(node, place, scope)?.to_string().into(),
        Body::Json(node, Some(size)) => {
            let object = evaluate(node, place, scope)?;
            let text = json_of_size(&object, *size).ok_or_else(|| {
                let message = format!(
                    "the body cannot be filled up to {size} bytes: only an object that is shorter and has no field padding can"
                );
                wrong(message, node, place)
            })?;
            text.into()
        }
        Body::Size(size) => text_of_size(*size).into(),
        Body::File(bytes) => Bytes::copy_from_slice(bytes),
    })
}

/// Returns headers or metadata, with their templates evaluated.
pub(super) fn headers(
    node: Option<&Node>,
    place: &Place,
    scope: &Scope,
) -> Result<HeaderMap, Stop> {
    let mut headers = HeaderMap::new();
    for entry in node.and_then(Node::entries).unwrap_or_default() {
        let value = evaluate(&entry.value, place, scope)?;
        add_header(&mut headers, &entry.key.text, &value)
            .map_err(|error| wrong(error.to_string(), &entry.value, place))?;
    }
    Ok(headers)
}

/// Returns a text, with its template evaluated.
pub(super) fn text(node: &Node, place: &Place, scope: &Scope) -> Result<String, Stop> {
    match evaluate(node, place, scope)? {
        Value::String(text) => Ok(text),
        other => Err(wrong(
            format!("this gives {other}, which is no text"),
            node,
            place,
        )),
    }
}

/// Returns the failure for an invalid URL or address.
pub(super) fn unsendable(error: &crosscut_messages::UrlError, node: &Node, place: &Place) -> Stop {
    wrong(error.to_string(), node, place)
}

/// Returns the failure for a template value that cannot be sent.
pub(super) fn wrong(message: String, node: &Node, place: &Place) -> Stop {
    let mut failure = Failure::new("traffic::invalid", message);
    failure.location = Some(location(&place.with_span(node.span)));
    Stop::failed(failure)
}
