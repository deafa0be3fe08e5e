//! Events of the stand-ins: each said once.

use crosscut_client::{Api, ApiError};

use crosscut_objects::object;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The content of an Event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewEvent<'a> {
    pub(crate) warning: bool,
    pub(crate) reason: &'a str,
    pub(crate) message: &'a str,
}

impl<'a> NewEvent<'a> {
    pub(crate) fn normal(reason: &'a str, message: &'a str) -> NewEvent<'a> {
        NewEvent {
            warning: false,
            reason,
            message,
        }
    }

    pub(crate) fn warning(reason: &'a str, message: &'a str) -> NewEvent<'a> {
        NewEvent {
            warning: true,
            reason,
            message,
        }
    }
}

/// Records an event about an object; one that has been said already is not said again.
///
/// # Errors
/// The API's, other than that it is there.
pub(crate) async fn say(
    api: &Api,
    about: &Value,
    new_event: NewEvent<'_>,
    now: &str,
) -> Result<(), ApiError> {
    match api.create(&event(about, new_event, now)).await {
        Err(error) if !error.is_already_exists() => Err(error),
        _ => Ok(()),
    }
}

fn event(about: &Value, new_event: NewEvent<'_>, now: &str) -> Value {
    let namespace = match object::namespace(about) {
        "" => "default",
        namespace => namespace,
    };
    let said = format!(
        "{}/{}/{}",
        object::uid(about),
        new_event.reason,
        new_event.message
    );
    let digest = Sha256::digest(said.as_bytes());
    let suffix: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": format!("{}.{suffix}", object::name(about)), "namespace": namespace },
        "involvedObject": {
            "apiVersion": object::api_version(about),
            "kind": object::kind(about),
            "name": object::name(about),
            "namespace": object::namespace(about),
            "uid": object::uid(about),
        },
        "type": if new_event.warning { "Warning" } else { "Normal" },
        "reason": new_event.reason,
        "message": new_event.message,
        "source": { "component": format!("managed/{}", object::kind(about).to_lowercase()) },
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    })
}
