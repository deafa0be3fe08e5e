//! One reconcile of a usage (protection/usage/reconciler.go).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crosscut_controller::Action;

use crosscut_objects::Key;
use serde_json::{Value, json};

use super::{
    ANNOTATION_ATTEMPT, API_VERSION, Kind, LABEL_IN_USE, Replay, Usages, is_usage_of, selector,
};
use crate::condition::{self, Condition};
use crate::error::{Error, Wrap, optional};
use crate::object;
use crate::recorder::NewEvent;
use crate::work::Work;
use crosscut_client::Deletion;

use crosscut_objects::ObjectRef;

const FINALIZER: &str = "usage.apiextensions.crossplane.io";
const ANNOTATION_DETAILS: &str = "crossplane.io/usage-details";
/// The label of every object that is part of a composition.
const LABEL_COMPOSITE: &str = "crossplane.io/composite";
/// The interval of reconciles: only usages are watched, not the objects that they relate.
const POLL: Duration = Duration::from_secs(60);
/// The interval in which a usage that is being deleted checks if its user still exists.
const WAIT: Duration = Duration::from_secs(30);
/// The delay between the release of a usage and the repeated deletion.
const REPLAY: Duration = Duration::from_secs(2);

pub(super) async fn reconcile(
    usages: &Usages,
    work: &Work<'_>,
    key: &Key,
) -> Result<Action, Error> {
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let address = ObjectRef {
        api_version: API_VERSION,
        kind: usages.kind.name(),
        namespace,
        name: &key.name,
    };
    let Some(stored) = optional(work.api.read(address).await).context("cannot get usage")? else {
        replay(usages, work, key).await;
        return Ok(Action::AwaitChange);
    };
    let resolved = selector::resolve(&work.api, Value::clone(&stored))
        .await
        .context("cannot resolve selectors");
    let usage = reported(work, &stored, "ResolveSelectors", resolved).await?;
    let used = Side::of(&usage);
    if object::is_being_deleted(&usage) {
        return delete(usages, work, key, usage, &used).await;
    }
    configure(work, &stored, usage, &used).await
}

/// One of the two resources that a usage relates.
struct Side {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
}

impl Side {
    fn read(usage: &Value, side: &str, namespace: &str) -> Self {
        let text = |path: &[&str]| {
            object::at(usage, &["spec", side])
                .map_or("", |side| object::text(side, path))
                .to_owned()
        };
        Self {
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            namespace: namespace.to_owned(),
            name: text(&["resourceRef", "name"]),
        }
    }

    /// Returns the used resource, which may be in another namespace.
    fn of(usage: &Value) -> Self {
        let named = object::text(usage, &["spec", "of", "resourceRef", "namespace"]);
        Self::read(
            usage,
            "of",
            if named.is_empty() {
                object::namespace(usage)
            } else {
                named
            },
        )
    }

    /// Returns the using resource, if the usage has one; in the usage's namespace or cluster-scoped.
    fn by(usage: &Value) -> Option<Self> {
        object::at(usage, &["spec", "by"])?;
        Some(Self::read(usage, "by", object::namespace(usage)))
    }

    fn address(&self) -> ObjectRef<'_> {
        ObjectRef {
            api_version: &self.api_version,
            kind: &self.kind,
            namespace: &self.namespace,
            name: &self.name,
        }
    }
}

async fn reported<T>(
    work: &Work<'_>,
    about: &Value,
    reason: &str,
    result: Result<T, Error>,
) -> Result<T, Error> {
    if let Err(error) = &result
        && !error.is_conflict()
    {
        work.record(about, &NewEvent::warning(reason, error)).await;
    }
    result
}

async fn configure(
    work: &Work<'_>,
    stored: &Value,
    mut usage: Value,
    of: &Side,
) -> Result<Action, Error> {
    if !object::has_finalizer(&usage, FINALIZER) {
        object::add_finalizer(&mut usage, FINALIZER);
        let updated = work
            .api
            .update(&usage)
            .await
            .context("cannot update object")
            .context("cannot add finalizer");
        let updated = reported(work, &usage, "AddFinalizer", updated).await?;
        usage = Arc::unwrap_or_clone(updated);
    }
    let details = details(&usage);
    if object::annotation(&usage, ANNOTATION_DETAILS) != details {
        object::set(
            &mut usage,
            &["metadata", "annotations", ANNOTATION_DETAILS],
            json!(details),
        );
        let updated = work
            .api
            .update(&usage)
            .await
            .context("cannot update usage resource with details annotation");
        let updated = reported(work, &usage, "AddDetailsToUsage", updated).await?;
        usage = Arc::unwrap_or_clone(updated);
    }
    let used = work.api.read(of.address()).await.context("cannot get used");
    let used = reported(work, &usage, "GetUsedResource", used).await?;
    if object::label(&used, LABEL_IN_USE) != "true" {
        let mut used = Arc::unwrap_or_clone(used);
        object::set(
            &mut used,
            &["metadata", "labels", LABEL_IN_USE],
            json!("true"),
        );
        let updated = work
            .api
            .update(&used)
            .await
            .context("cannot add in use label to the used resource");
        reported(work, &usage, "AddInUseLabel", updated).await?;
    }
    if let Some(by) = Side::by(&usage) {
        usage = own(work, usage, &by).await?;
    }
    condition::mark(&mut usage, &Condition::available(), &work.now);
    if usage != *stored {
        work.record(
            &usage,
            &NewEvent::normal("UsageConfigured", "Usage configured successfully."),
        )
        .await;
        work.api
            .update_status(&usage)
            .await
            .context("cannot update status of usage")?;
    }
    Ok(Action::RequeueAfter(POLL))
}

/// Makes the using resource an owner of the usage, so that both are deleted together.
async fn own(work: &Work<'_>, mut usage: Value, by: &Side) -> Result<Value, Error> {
    let using = work
        .api
        .read(by.address())
        .await
        .context("cannot get using");
    let using = reported(work, &usage, "GetUsingResource", using).await?;
    let reference = object::owner_reference(&using);
    if object::owners(&usage).contains(&reference) {
        return Ok(usage);
    }
    object::add_owner(&mut usage, reference);
    let updated = work
        .api
        .update(&usage)
        .await
        .context("cannot update usage resource with owner ref");
    let updated = reported(work, &usage, "AddOwnerRefToUsage", updated).await?;
    Ok(Arc::unwrap_or_clone(updated))
}

async fn delete(
    usages: &Usages,
    work: &Work<'_>,
    key: &Key,
    mut usage: Value,
    of: &Side,
) -> Result<Action, Error> {
    if is_used_still(work, &usage).await? {
        return Ok(Action::RequeueAfter(WAIT));
    }
    let used = optional(work.api.get(of.address()).await).context("cannot get used");
    let used = reported(work, &usage, "GetUsedResource", used).await?;
    let mut again = None;
    if let Some(used) = used {
        let used = release(work, &usage, used).await?;
        again = replay_of(&usage, used);
    }
    let after = if let Some(replay) = again {
        usages.remember(key, replay);
        Action::RequeueAfter(REPLAY)
    } else {
        Action::AwaitChange
    };
    if object::has_finalizer(&usage, FINALIZER) {
        object::remove_finalizer(&mut usage, FINALIZER);
        let updated = optional(work.api.update(&usage).await).context("cannot update object");
        reported(
            work,
            &usage,
            "RemoveFinalizer",
            updated.context("cannot remove finalizer"),
        )
        .await?;
    }
    Ok(after)
}

/// Returns true if a composed usage must wait: its user is deleted with the same composite, and must go
/// first.
async fn is_used_still(work: &Work<'_>, usage: &Value) -> Result<bool, Error> {
    let Some(by) = Side::by(usage).filter(|_| !object::label(usage, LABEL_COMPOSITE).is_empty())
    else {
        return Ok(false);
    };
    let using = optional(work.api.get(by.address()).await).context("cannot get using");
    if reported(work, usage, "GetUsingResource", using)
        .await?
        .is_none()
    {
        return Ok(false);
    }
    let message = format!(
        "Waiting for the using resource (which is a {:?} named {:?}) to be deleted.",
        by.kind, by.name
    );
    work.record(usage, &NewEvent::normal("WaitingUsingDeleted", message))
        .await;
    Ok(true)
}

/// Removes the label from the used object, if no other usage of it is left.
async fn release(work: &Work<'_>, usage: &Value, mut used: Value) -> Result<Value, Error> {
    let mut count = 0;
    for kind in [Kind::Usage, Kind::ClusterUsage] {
        let listed = match work
            .api
            .list(API_VERSION, kind.name(), "", &BTreeMap::new())
            .await
        {
            Err(error) if error.is_no_match() => Ok(Vec::new()),
            other => other.context("cannot find usages"),
        };
        let listed = reported(work, usage, "FindUsages", listed).await?;
        count += listed
            .iter()
            .filter(|other| is_usage_of(other, &used))
            .count();
    }
    if count < 2 && object::remove(&mut used, &["metadata", "labels", LABEL_IN_USE]) {
        let updated = work
            .api
            .update(&used)
            .await
            .context("cannot remove in use label from the used resource");
        let updated = reported(work, usage, "RemoveInUseLabel", updated).await?;
        return Ok(Arc::unwrap_or_clone(updated));
    }
    Ok(used)
}

/// Returns the deletion to repeat, if the usage requests that and a deletion was refused.
fn replay_of(usage: &Value, used: Value) -> Option<Replay> {
    if object::at(usage, &["spec", "replayDeletion"]) != Some(&Value::Bool(true)) {
        return None;
    }
    let policy = object::annotation(&used, ANNOTATION_ATTEMPT).to_owned();
    (!policy.is_empty()).then_some(Replay { used, policy })
}

/// Deletes the object that a deleted usage protected, if its deletion was refused meanwhile.
async fn replay(usages: &Usages, work: &Work<'_>, key: &Key) {
    let Some(replay) = usages.recall(key) else {
        return;
    };
    let how = Deletion {
        propagation: &replay.policy,
        uid: None,
    };
    if let Err(error) = work.api.delete(ObjectRef::of(&replay.used), how).await {
        tracing::debug!(%error, name = object::name(&replay.used), "cannot replay the deletion of a used resource");
    }
}

/// Returns a usage's description for its annotation.
fn details(usage: &Value) -> String {
    let text =
        |path: &[&str]| object::at(usage, &["spec"]).map_or("", |spec| object::text(spec, path));
    let reason = text(&["reason"]);
    if !reason.is_empty() {
        return reason.to_owned();
    }
    if object::at(usage, &["spec", "by"]).is_none() {
        return "undefined".to_owned();
    }
    let relation = format!(
        "{}/{} uses {}/{}",
        text(&["by", "kind"]),
        text(&["by", "resourceRef", "name"]),
        text(&["of", "kind"]),
        text(&["of", "resourceRef", "name"])
    );
    match text(&["of", "resourceRef", "namespace"]) {
        "" => relation,
        namespace => format!("{relation} in namespace {namespace}"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::reason(json!({"reason": "r", "by": {"kind": "B"}}), "r")]
    #[case::by(
        json!({"by": {"kind": "B", "resourceRef": {"name": "b"}}, "of": {"kind": "O", "resourceRef": {"name": "o"}}}),
        "B/b uses O/o"
    )]
    #[case::elsewhere(
        json!({"by": {"kind": "B", "resourceRef": {"name": "b"}}, "of": {"kind": "O", "resourceRef": {"name": "o", "namespace": "n"}}}),
        "B/b uses O/o in namespace n"
    )]
    #[case::neither(json!({"of": {"kind": "O", "resourceRef": {"name": "o"}}}), "undefined")]
    fn usage_details(#[case] spec: Value, #[case] text: &str) {
        assert_eq!(details(&json!({"spec": spec})), text);
    }
}
