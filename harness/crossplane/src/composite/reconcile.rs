//! One reconcile of a composite resource, in Crossplane's order (composite/reconciler.go).

use std::sync::Arc;
use std::time::Duration;

use crosscut_controller::Action;

use crosscut_objects::Key;
use serde_json::Value;

use super::Session;
use super::compose::{Composition, Partial, compose};
use super::select;
use super::stop::{Because, COMPOSE, Stop};
use super::xr::Xr;
use crate::condition::{self, Condition};
use crate::error::{Error, Wrap, optional};
use crate::recorder::{NewEvent, Severity};
use crate::{names, object};
use crosscut_objects::ObjectRef;

const FINALIZER: &str = "composite.apiextensions.crossplane.io";

pub(super) async fn reconcile(session: &Session<'_>, key: &Key) -> Result<Action, Error> {
    let api_version = format!("{}/{}", key.group, key.version);
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let address = ObjectRef {
        api_version: &api_version,
        kind: &key.kind,
        namespace,
        name: &key.name,
    };
    let found =
        optional(session.work.api.get(address).await).context("cannot get composite resource");
    let Some(object) = found? else {
        return Ok(Action::AwaitChange);
    };
    let stored = object.get("status").cloned();
    let mut xr = Xr {
        object,
        layout: session.defined.layout,
    };
    session.mark(&mut xr, &Condition::watch_circuit_closed());
    if object::is_paused(&xr.object) {
        let message = "Reconciliation is paused via the pause annotation";
        session
            .record(
                &xr.object,
                &NewEvent::normal("ReconciliationPaused", message),
            )
            .await;
        session.mark(&mut xr, &Condition::reconcile_paused());
        session.update_status(&xr, stored.as_ref()).await?;
        return Ok(Action::AwaitChange);
    }
    if object::is_being_deleted(&xr.object) {
        return finalize(session, xr).await;
    }
    if let Some(secret) = xr.connection_secret() {
        session.work.lacks(format!(
            "connection Secrets of legacy composite resources ({} {} wants {secret})",
            key.kind, key.name
        ));
    }
    let revision = match prepare(session, &mut xr).await {
        Ok(revision) => revision,
        Err(stop) => return stopped(session, xr, *stop).await,
    };
    match compose(session, &mut xr, &revision).await {
        Ok(composition) => finish(session, xr, composition).await,
        Err(partial) => aborted(session, xr, *partial).await,
    }
}

impl Session<'_> {
    pub(super) fn mark(&self, xr: &mut Xr, condition: &Condition) {
        condition::mark(&mut xr.object, condition, &self.work.now);
    }

    /// Writes the status if it differs from the stored one.
    async fn update_status(&self, xr: &Xr, stored: Option<&Value>) -> Result<(), Error> {
        if xr.object.get("status") == stored {
            return Ok(());
        }
        let updated = self.work.api.update_status(&xr.object).await;
        updated
            .map(drop)
            .context("cannot update composite resource status")
    }
}

/// Ends a composite resource that is being deleted; the garbage collector deletes its composed resources.
async fn finalize(session: &Session<'_>, mut xr: Xr) -> Result<Action, Error> {
    session.mark(&mut xr, &Condition::deleting());
    if object::has_finalizer(&xr.object, FINALIZER) {
        let before = xr.clone();
        object::remove_finalizer(&mut xr.object, FINALIZER);
        let last = object::at(&xr.object, &["metadata", "finalizers"])
            .and_then(Value::as_array)
            .is_none_or(Vec::is_empty);
        let updated = optional(session.work.api.update(&xr.object).await);
        match updated
            .context("cannot update object")
            .context("cannot remove composite resource finalizer")
        {
            Ok(_) if last => return Ok(Action::AwaitChange),
            Ok(updated) => xr.object = updated.map_or(xr.object, Arc::unwrap_or_clone),
            Err(error) => {
                return stopped(
                    session,
                    before,
                    Stop {
                        reason: "DeleteCompositeResource",
                        error,
                    },
                )
                .await;
            }
        }
    }
    let stored = xr.object.get("status").cloned();
    session.mark(&mut xr, &Condition::reconcile_success());
    session.update_status(&xr, stored.as_ref()).await?;
    Ok(Action::AwaitChange)
}

/// Adds the finalizer and the label, and selects the revision; returns the revision.
async fn prepare(session: &Session<'_>, xr: &mut Xr) -> Result<Arc<Value>, Box<Stop>> {
    if !object::has_finalizer(&xr.object, FINALIZER) {
        object::add_finalizer(&mut xr.object, FINALIZER);
        let updated = session
            .work
            .api
            .update(&xr.object)
            .await
            .context("cannot update object");
        let updated = updated
            .context("cannot add composite resource finalizer")
            .because("InitializeCompositeResource")?;
        xr.object = Arc::unwrap_or_clone(updated);
    }
    select::composition(session, xr).await?;
    select::revision_selector(session, xr).await?;
    let revision = select::revision(session, xr).await?;
    valid_pipeline(&revision).because(COMPOSE)?;
    select::configure(session, xr, &revision)
        .await
        .context("cannot configure composite resource")
        .because(COMPOSE)?;
    Ok(revision)
}

/// Checks that a revision's pipeline was found valid: others are not run.
fn valid_pipeline(revision: &Value) -> Result<(), Error> {
    let judged = condition::get(revision, "ValidPipeline");
    if judged.is_some_and(|judged| object::text(judged, &["status"]) == "True") {
        return Ok(());
    }
    let message = match judged.map(|judged| object::text(judged, &["message"])) {
        None | Some("") => "pipeline status unknown",
        Some(message) => message,
    };
    let name = object::name(revision);
    Err(Error::new(format!(
        "selected CompositionRevision {name} does not have a valid function pipeline: {message}"
    )))
}

/// Ends a reconcile that failed before composing. A conflict with another writer is not reported.
async fn stopped(session: &Session<'_>, mut xr: Xr, stop: Stop) -> Result<Action, Error> {
    if stop.error.is_conflict() {
        return Err(stop.error);
    }
    session
        .record(&xr.object, &NewEvent::warning(stop.reason, &stop.error))
        .await;
    session.mark(&mut xr, &Condition::reconcile_error(stop.error.to_string()));
    let _ = session.work.api.update_status(&xr.object).await;
    Err(stop.error)
}

/// Ends a reconcile whose composing failed. Events and conditions of functions before that are kept; their
/// conditions that were not set again become unknown.
async fn aborted(session: &Session<'_>, mut xr: Xr, partial: Partial) -> Result<Action, Error> {
    if partial.error.is_conflict() {
        return Err(partial.error);
    }
    let invalid = partial.error.is_invalid();
    let error = Err::<Action, _>(partial.error).context("cannot compose resources");
    let text = error
        .as_ref()
        .err()
        .map(ToString::to_string)
        .unwrap_or_default();
    session
        .record(&xr.object, &NewEvent::warning(COMPOSE, &text))
        .await;
    // The API server's texts about invalid objects vary; in a condition they would change the object each time,
    // without settling.
    let stable = if invalid {
        "cannot compose resources: some resources were invalid, check events".to_owned()
    } else {
        text
    };
    session.mark(&mut xr, &Condition::reconcile_error(stable));
    let seen = publish(session, &mut xr, &partial.events, &partial.conditions).await;
    forget_others(session, &mut xr, &seen);
    let _ = session.work.api.update_status(&xr.object).await;
    error
}

/// Records events and sets functions' conditions; returns the types that were set.
async fn publish(
    session: &Session<'_>,
    xr: &mut Xr,
    events: &[NewEvent],
    conditions: &[Condition],
) -> Vec<String> {
    for event in events {
        session.record(&xr.object, event).await;
    }
    let mut seen = Vec::new();
    for condition in conditions
        .iter()
        .filter(|condition| !condition::is_system(&condition.kind))
    {
        condition::set(&mut xr.object, condition, &session.work.now);
        seen.push(condition.kind.clone());
    }
    seen
}

fn forget_others(session: &Session<'_>, xr: &mut Xr, seen: &[String]) {
    let types: Vec<String> = condition::all(&xr.object)
        .iter()
        .map(|one| object::text(one, &["type"]).to_owned())
        .collect();
    for kind in types
        .iter()
        .filter(|kind| !condition::is_system(kind) && !seen.contains(kind))
    {
        let unknown = Condition::new(kind, "Unknown", "FatalError").message(
            "A fatal error occurred before the status of this condition could be determined.",
        );
        session.mark(xr, &unknown);
    }
}

/// Ends a successful reconcile: sets events, conditions and readiness.
async fn finish(
    session: &Session<'_>,
    mut xr: Xr,
    composition: Composition,
) -> Result<Action, Error> {
    let stored = xr.object.get("status").cloned();
    publish(
        session,
        &mut xr,
        &composition.events,
        &composition.conditions,
    )
    .await;
    let warnings = composition
        .events
        .iter()
        .filter(|event| event.severity == Severity::Warning)
        .count();
    tracing::debug!(
        composite = object::name(&xr.object),
        warnings,
        "composed resources"
    );
    let unsynced = report(session, &xr, &composition, "valid", |one| one.synced).await;
    let unready = report(session, &xr, &composition, "ready", |one| one.ready).await;
    let synced = if unsynced.is_empty() {
        Condition::reconcile_success()
    } else {
        Condition::reconcile_error(format!(
            "Unsynced resources: {}",
            names::some_and_more(&unsynced)
        ))
    };
    session.mark(&mut xr, &synced);
    session.mark(&mut xr, &readiness(composition.ready, &unready));
    session.update_status(&xr, stored.as_ref()).await?;
    Ok(composition
        .ttl
        .filter(|ttl| *ttl > Duration::ZERO)
        .map_or(Action::AwaitChange, Action::RequeueAfter))
}

/// Records an event for every composed resource that is not yet `what`, as `has_it` decides; returns their names.
async fn report(
    session: &Session<'_>,
    xr: &Xr,
    composition: &Composition,
    what: &str,
    has_it: impl Fn(&super::composed::Composed) -> bool,
) -> Vec<String> {
    let mut lacking = Vec::new();
    for composed in composition
        .composed
        .iter()
        .filter(|composed| !has_it(composed))
    {
        let message = format!("Composed resource {:?} is not yet {what}", composed.name);
        session
            .record(&xr.object, &NewEvent::normal(COMPOSE, message))
            .await;
        lacking.push(composed.name.clone());
    }
    lacking
}

/// Returns the readiness of the composite: set by the functions, or else derived from the composed resources.
fn readiness(said: Option<bool>, unready: &[String]) -> Condition {
    match said {
        Some(true) => Condition::available(),
        Some(false) => Condition::creating(),
        None if unready.is_empty() => Condition::available(),
        None => Condition::creating().message(format!(
            "Unready resources: {}",
            names::some_and_more(unready)
        )),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::nothing_unready(None, &[], "True", "Available", "")]
    #[case::some_unready(None, &["b", "a"], "False", "Creating", "Unready resources: a, b")]
    #[case::many_unready(None, &["d", "c", "b", "a"], "False", "Creating", "Unready resources: a, b, c, and 1 more")]
    #[case::said_to_be_ready(Some(true), &["a"], "True", "Available", "")]
    #[case::said_not_to_be_ready(Some(false), &[], "False", "Creating", "")]
    fn ready(
        #[case] said: Option<bool>,
        #[case] unready: &[&str],
        #[case] status: &str,
        #[case] reason: &str,
        #[case] message: &str,
    ) {
        let unready: Vec<String> = unready.iter().map(ToString::to_string).collect();
        assert_eq!(
            readiness(said, &unready),
            Condition::new("Ready", status, reason).message(message)
        );
    }

    #[rstest]
    #[case::none(json!({}), "pipeline status unknown")]
    #[case::false_with_text(json!({"status": {"conditions": [{"type": "ValidPipeline", "status": "False", "message": "m"}]}}), "m")]
    fn pipelines_that_are_not_valid(#[case] revision: Value, #[case] text: &str) {
        let error = valid_pipeline(&revision)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(error.ends_with(text), "{error}");
    }
}
