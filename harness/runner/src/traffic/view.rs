//! The form of responses in assertions.

use std::collections::BTreeMap;
use std::time::Duration;

use crosscut_traffic::{CallError, GrpcAnswer, HttpAnswer, NAME_HEADER, sha256};

use crosscut_messages::values_of;
use serde_json::{Map, Value, json};

use super::batch::Outcome;

/// Returns the view of an HTTP response.
pub(super) fn http(answer: &HttpAnswer, elapsed: Duration) -> Value {
    let mut view = json!({
        "status": answer.status.as_u16(),
        "protocol": format!("{:?}", answer.version),
        "headers": values_of(&answer.headers),
        "trailers": values_of(&answer.trailers),
        "bytes": answer.body.len(),
        "sha256": sha256(&answer.body),
        "time_ms": milliseconds(elapsed),
    });
    if let Ok(text) = std::str::from_utf8(&answer.body) {
        view["body"] = json!(text);
        if let Ok(json) = serde_json::from_str::<Value>(text) {
            view["json"] = json;
        }
    }
    if let Some(name) = answer.headers.get(NAME_HEADER) {
        view["upstream"] = json!(String::from_utf8_lossy(name.as_bytes()));
    }
    view
}

/// Returns the view of the status and the messages of a finished gRPC call.
pub(super) fn grpc(answer: GrpcAnswer, elapsed: Duration) -> Value {
    let mut view = json!({
        "headers": values_of(&answer.headers),
        "messages": answer.messages,
        "trailers": values_of(&answer.trailers),
        "time_ms": milliseconds(elapsed),
    });
    if let Some(status) = answer.status {
        view["status"] = json!(status.name);
        view["code"] = json!(status.code);
        view["message"] = json!(status.message);
    }
    view
}

/// Returns the view of a call without a response.
pub(super) fn broken(error: &CallError, elapsed: Duration) -> Value {
    json!({
        "error": error.kind.as_str(),
        "message": error.message,
        "time_ms": milliseconds(elapsed),
    })
}

/// Returns the view of a gRPC call that broke, with the messages received before.
pub(super) fn grpc_broken(so_far: GrpcAnswer, error: &CallError, elapsed: Duration) -> Value {
    let mut view = grpc(so_far, elapsed);
    view["error"] = json!(error.kind.as_str());
    view["message"] = json!(error.message);
    view
}

/// Returns the view of all responses of an action together.
pub(super) fn all(outcomes: &[Outcome]) -> Value {
    let views = || outcomes.iter().map(|outcome| &outcome.view);
    let slowest = views().filter_map(|view| view["time_ms"].as_u64()).max();
    json!({
        "count": outcomes.len(),
        "answered": outcomes.iter().filter(|outcome| outcome.broken.is_none()).count(),
        "statuses": counted(views(), "status"),
        "upstreams": counted(views(), "upstream"),
        "errors": counted(views(), "error"),
        "slowest_ms": slowest,
        "answers": views().collect::<Vec<_>>(),
    })
}

/// Returns the number of occurrences of each value of a field.
fn counted<'a>(views: impl Iterator<Item = &'a Value>, field: &str) -> Value {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in views.filter_map(|view| view.get(field)) {
        let key = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        *counts.entry(key).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(key, count)| (key, json!(count)));
    Value::Object(counts.collect::<Map<_, _>>())
}

fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
