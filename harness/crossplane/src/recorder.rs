//! Kubernetes Events about the actions of a controller.
//!
//! Repetitions of an event about an object are one Event with a count, as in client-go, which also combines and drops
//! events ([`Correlation`]).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::correlation::Correlation;
use crate::error::{Error, optional};
use crate::{names, object};
use crosscut_client::Api;

use crosscut_objects::ObjectRef;

/// The severity of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Normal,
    Warning,
}

/// An event that is not yet about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewEvent {
    pub(crate) severity: Severity,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl NewEvent {
    pub(crate) fn normal(reason: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Normal,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    pub(crate) fn warning(reason: &str, message: impl ToString) -> Self {
        Self {
            severity: Severity::Warning,
            reason: reason.to_owned(),
            message: message.to_string(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self.severity {
            Severity::Normal => "Normal",
            Severity::Warning => "Warning",
        }
    }
}

/// A writer of Events in the name of one controller.
pub(crate) struct Recorder {
    component: &'static str,
    counts: Mutex<HashMap<String, u64>>,
    correlation: Mutex<Correlation>,
}

/// The data of an Event besides the event itself.
pub(crate) struct EventContext<'a> {
    pub(crate) api: &'a Api,
    /// The current time in RFC 3339.
    pub(crate) now: &'a str,
    /// The annotations of the Event: an object or null.
    pub(crate) annotations: Value,
}

impl Recorder {
    pub(crate) fn new(component: &'static str) -> Self {
        Self {
            component,
            counts: Mutex::default(),
            correlation: Mutex::default(),
        }
    }

    /// Records an event about an object. A failed write is only logged: it must not stop the reconcile.
    pub(crate) async fn record(
        &self,
        context: &EventContext<'_>,
        about: &Value,
        new_event: &NewEvent,
    ) {
        let (folded, may_write) = self.correlate(context, about, new_event);
        let name = match &folded {
            // All similar events share one name, whatever their messages.
            Some(all) => event_name(
                about,
                &NewEvent {
                    message: String::new(),
                    ..all.clone()
                },
            ),
            None => event_name(about, new_event),
        };
        let count = self.next(&name);
        if !may_write {
            return;
        }
        let new_event = folded.as_ref().unwrap_or(new_event);
        let written = match count {
            1 => self.create(context, about, new_event, &name).await,
            count => self.count(context, about, new_event, &name, count).await,
        };
        if let Err(error) = written {
            tracing::debug!(%error, reason = new_event.reason, "cannot record an event");
        }
    }

    /// Returns the combined event, if the event is one of many similar ones, and true if the event may be written.
    fn correlate(
        &self,
        context: &EventContext<'_>,
        about: &Value,
        new_event: &NewEvent,
    ) -> (Option<NewEvent>, bool) {
        let now = context.now.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let mut correlation = self
            .correlation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let folded = correlation.fold(about, new_event, now);
        (folded, correlation.may_write(about, new_event, now))
    }

    fn next(&self, name: &str) -> u64 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count
    }

    async fn create(
        &self,
        context: &EventContext<'_>,
        about: &Value,
        new_event: &NewEvent,
        name: &str,
    ) -> Result<(), Error> {
        let event = self.event(context, about, new_event, name);
        match context.api.create(&event).await {
            Err(error) if error.is_already_exists() => {
                self.count_existing(context, about, new_event, name).await
            }
            other => Ok(other.map(drop)?),
        }
    }

    /// Continues the count of an Event that an earlier run of this controller wrote.
    async fn count_existing(
        &self,
        context: &EventContext<'_>,
        about: &Value,
        new_event: &NewEvent,
        name: &str,
    ) -> Result<(), Error> {
        let existing = context.api.get(event_address(about, name)).await?;
        let count = existing
            .get("count")
            .and_then(Value::as_u64)
            .unwrap_or(1)
            .saturating_add(1);
        self.counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), count);
        self.count(context, about, new_event, name, count).await
    }

    async fn count(
        &self,
        context: &EventContext<'_>,
        about: &Value,
        new_event: &NewEvent,
        name: &str,
        count: u64,
    ) -> Result<(), Error> {
        let patch = json!({
            "count": count,
            "lastTimestamp": context.now,
            "message": new_event.message,
        });
        let patched = context
            .api
            .merge_patch(event_address(about, name), &patch)
            .await;
        if optional(patched)?.is_none() {
            context
                .api
                .create(&self.event(context, about, new_event, name))
                .await?;
        }
        Ok(())
    }

    fn event(
        &self,
        context: &EventContext<'_>,
        about: &Value,
        new_event: &NewEvent,
        name: &str,
    ) -> Value {
        let mut event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": event_namespace(about)},
            "involvedObject": {
                "apiVersion": object::api_version(about),
                "kind": object::kind(about),
                "name": object::name(about),
                "uid": object::uid(about),
                "resourceVersion": object::text(about, &["metadata", "resourceVersion"]),
            },
            "type": new_event.kind(),
            "reason": new_event.reason,
            "message": new_event.message,
            "count": 1,
            "firstTimestamp": context.now,
            "lastTimestamp": context.now,
            "source": {"component": self.component},
            "reportingComponent": self.component,
            "reportingInstance": "",
        });
        if !object::namespace(about).is_empty() {
            object::set(
                &mut event,
                &["involvedObject", "namespace"],
                json!(object::namespace(about)),
            );
        }
        if !context.annotations.is_null() {
            object::set(
                &mut event,
                &["metadata", "annotations"],
                context.annotations.clone(),
            );
        }
        event
    }
}

fn event_namespace(about: &Value) -> &str {
    match object::namespace(about) {
        "" => "default",
        namespace => namespace,
    }
}

fn event_address<'a>(about: &'a Value, name: &'a str) -> ObjectRef<'a> {
    ObjectRef {
        api_version: "v1",
        kind: "Event",
        namespace: event_namespace(about),
        name,
    }
}

/// Returns the same name for the same event about the same object, in the form of client-go's names.
fn event_name(about: &Value, new_event: &NewEvent) -> String {
    let identity = [
        object::uid(about),
        object::kind(about),
        new_event.kind(),
        &new_event.reason,
        &new_event.message,
    ]
    .join("\n");
    format!(
        "{}.{}",
        object::name(about),
        &names::sha256_hex(identity.as_bytes())[..16]
    )
}
