//! The fields that provider-kubernetes writes into an Object, apart from its status.
//!
//! crossplane-runtime replaces the whole object, as the provider's Go types hold it. They know no readiness that is not
//! there, so that the first write brings an empty one, which the API server completes: a second generation.
//! Annotations say when the target's object was made: for 30 s one that is not found counts as not found yet, also when
//! it is to be deleted and is.

use std::time::Duration;

use crosscut_controller::ReconcileError;
use crosscut_objects::object;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::lifecycle::{EXTERNAL_NAME, FINALIZER, Managed};

pub(super) const PENDING: &str = "crossplane.io/external-create-pending";
pub(super) const SUCCEEDED: &str = "crossplane.io/external-create-succeeded";
pub(super) const FAILED: &str = "crossplane.io/external-create-failed";

/// The time that what was made may be missing.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Names the target's object, unless it is named.
pub(super) async fn name_outside(managed: &mut Managed, name: &str) -> Result<(), ReconcileError> {
    if !managed.external_name().is_empty() {
        return Ok(());
    }
    annotate(managed, EXTERNAL_NAME, name);
    replace(managed).await
}

/// Says that the creation of the target's object is about to begin, or how it ended. Of creations that fail the first is
/// told: provider-kubernetes tells each, but in virtual time, which passes when all is at rest, that would never end.
pub(super) async fn say(managed: &mut Managed, annotation: &str) -> Result<(), ReconcileError> {
    let failed_before = !object::annotation(&managed.object, FAILED).is_empty();
    if failed_before && annotation != SUCCEEDED {
        return Ok(());
    }
    let now = managed.now.clone();
    annotate(managed, annotation, &now);
    replace(managed).await
}

/// Adds the finalizer; says whether it was there.
pub(super) async fn add_finalizer(managed: &mut Managed) -> Result<bool, ReconcileError> {
    if object::has_finalizer(&managed.object, FINALIZER) {
        return Ok(true);
    }
    object::add_finalizer(&mut managed.object, FINALIZER);
    replace(managed).await?;
    Ok(false)
}

pub(super) async fn remove_finalizer(managed: &mut Managed) -> Result<(), ReconcileError> {
    if !object::has_finalizer(&managed.object, FINALIZER) {
        return Ok(());
    }
    object::remove_finalizer(&mut managed.object, FINALIZER);
    replace(managed).await
}

/// Returns the time that the target's object may still be missing; nothing if it has no such time.
pub(super) fn grace(managed: &Managed) -> Option<Duration> {
    left(object::annotation(&managed.object, SUCCEEDED), &managed.now)
}

fn left(made: &str, now: &str) -> Option<Duration> {
    let (made, now): (Timestamp, Timestamp) = (made.parse().ok()?, now.parse().ok()?);
    let age = now.duration_since(made);
    Duration::try_from(GRACE.saturating_sub(age))
        .ok()
        .filter(|left| !left.is_zero())
}

fn annotate(managed: &mut Managed, annotation: &str, value: &str) {
    object::set(
        &mut managed.object,
        &["metadata", "annotations", annotation],
        json!(value),
    );
}

async fn replace(managed: &mut Managed) -> Result<(), ReconcileError> {
    if managed.object["spec"]["readiness"].is_null() {
        managed.object["spec"]["readiness"] = json!({});
    }
    managed.replace().await
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::left;

    /// Source: crossplane-runtime 2.0, the creation grace period of managed resources.
    #[rstest]
    #[case::never_made("", None)]
    #[case::just_now("2026-01-01T00:01:00Z", Some(30))]
    #[case::a_while_ago("2026-01-01T00:00:40Z", Some(10))]
    #[case::long_ago("2026-01-01T00:00:30Z", None)]
    #[case::by_a_clock_that_is_ahead("2026-01-01T00:01:10Z", Some(40))]
    fn what_was_made_may_be_missing_for_a_while(#[case] made: &str, #[case] seconds: Option<u64>) {
        let left = left(made, "2026-01-01T00:01:00Z");
        assert_eq!(left.map(|left| left.as_secs()), seconds);
    }
}
