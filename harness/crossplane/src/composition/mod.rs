//! Compositions and their revisions: every state of a Composition is kept as a CompositionRevision.
//!
//! Source: Crossplane 2.2.0 (internal/controller/apiextensions/composition and revision).

mod revision;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::Event;

use crosscut_objects::Key;
use serde_json::{Value, json};

pub(crate) use revision::Revisions;

use crate::error::{Error, Wrap, optional};
use crate::recorder::{NewEvent, Recorder};
use crate::work::{Work, is_about, key_of, outcome, owner_key};
use crate::{names, object};
use crosscut_client::Api;

use crosscut_objects::ObjectRef;

pub(crate) const API_VERSION: &str = "apiextensions.crossplane.io/v1";
pub(crate) const KIND: &str = "Composition";
pub(crate) const REVISION_KIND: &str = "CompositionRevision";
/// The label of a revision with the name of its Composition.
pub(crate) const LABEL_NAME: &str = "crossplane.io/composition-name";
const LABEL_HASH: &str = "crossplane.io/composition-hash";
/// The longest value of a label; the hash is cut to it.
const LONGEST_LABEL: usize = 63;
const NAME: &str = "revisions/composition.apiextensions.crossplane.io";

/// The controller that keeps a revision of every state of every Composition.
pub(crate) struct Compositions {
    recorder: Recorder,
}

impl Compositions {
    pub(crate) fn new() -> Self {
        Self {
            recorder: Recorder::new(NAME),
        }
    }
}

#[async_trait]
impl Controller for Compositions {
    fn name(&self) -> &str {
        NAME
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        if is_about(event, API_VERSION, KIND) {
            return vec![key_of(event)];
        }
        if is_about(event, API_VERSION, REVISION_KIND) {
            return owner_key(event, API_VERSION, KIND).into_iter().collect();
        }
        Vec::new()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let work = Work::new(context, &self.recorder);
        outcome(
            reconcile(&work, &key.name)
                .await
                .map(|()| Action::AwaitChange),
        )
    }
}

async fn reconcile(work: &Work<'_>, name: &str) -> Result<(), Error> {
    let found = optional(
        work.api
            .get(ObjectRef::cluster(API_VERSION, KIND, name))
            .await,
    );
    let Some(composition) = found.context("cannot get Composition")? else {
        return Ok(());
    };
    if object::is_being_deleted(&composition) {
        return Ok(());
    }
    let hash = names::composition_hash(&composition);
    let revisions = revisions_of(&work.api, &composition, BTreeMap::new())
        .await
        .context("cannot list CompositionRevisions")?;
    let latest = latest_of(&composition, &revisions).map_or(0, |revision| number(revision));
    let mut exists = false;
    for revision in revisions {
        let mut revision = Arc::unwrap_or_clone(revision);
        adopt(work, &composition, &mut revision).await?;
        if *object::label(&revision, LABEL_HASH) != hash[..LONGEST_LABEL] {
            continue;
        }
        exists = true;
        if number(&revision) != latest {
            renumber(work, &composition, revision, latest + 1).await?;
        }
    }
    if exists {
        return Ok(());
    }
    create(work, &composition, &hash, latest + 1).await
}

/// Returns all revisions with the Composition's name and these labels.
pub(crate) async fn revisions_of(
    api: &Api,
    composition: &Value,
    mut labels: BTreeMap<String, String>,
) -> Result<Vec<Arc<Value>>, Error> {
    labels.insert(LABEL_NAME.to_owned(), object::name(composition).to_owned());
    Ok(api.list(API_VERSION, REVISION_KIND, "", &labels).await?)
}

/// Returns the revision with the highest number among those that the Composition controls.
pub(crate) fn latest_of<'a>(
    composition: &Value,
    revisions: &'a [Arc<Value>],
) -> Option<&'a Arc<Value>> {
    let uid = object::uid(composition);
    revisions
        .iter()
        .filter(|revision| number(revision) > 0 && object::is_controlled_by(revision, uid))
        .reduce(|latest, next| {
            if number(next) > number(latest) {
                next
            } else {
                latest
            }
        })
}

fn number(revision: &Value) -> i64 {
    object::at(revision, &["spec", "revision"])
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// Makes the Composition the controller of a revision that lost its controller, for example in a move
/// between clusters.
async fn adopt(work: &Work<'_>, composition: &Value, revision: &mut Value) -> Result<(), Error> {
    let uid = object::uid(composition);
    if object::is_controlled_by(revision, uid) {
        return Ok(());
    }
    let adopted = match object::controller_of(revision) {
        Some(other) => Err(Error::new(format!(
            "{} is already controlled by {} {} (UID {})",
            object::name(revision),
            object::kind(other),
            object::text(other, &["name"]),
            object::text(other, &["uid"])
        ))),
        None => {
            object::add_owner(revision, object::controller_reference(composition));
            work.api.update(revision).await.map_err(Error::from)
        }
    };
    let adopted = reported(work, composition, adopted)
        .await
        .context("cannot own CompositionRevision")?;
    *revision = Arc::unwrap_or_clone(adopted);
    Ok(())
}

/// Makes the revision of a restored state the latest one.
async fn renumber(
    work: &Work<'_>,
    composition: &Value,
    mut revision: Value,
    number: i64,
) -> Result<(), Error> {
    object::set(&mut revision, &["spec", "revision"], json!(number));
    let updated = work.api.update(&revision).await.map_err(Error::from);
    reported(work, composition, updated)
        .await
        .context("cannot update CompositionRevision spec")?;
    Ok(())
}

async fn reported<T>(work: &Work<'_>, about: &Value, result: Result<T, Error>) -> Result<T, Error> {
    if let Err(error) = &result
        && !error.is_conflict()
    {
        work.record(about, &NewEvent::warning("UpdateRevision", error))
            .await;
    }
    result
}

async fn create(
    work: &Work<'_>,
    composition: &Value,
    hash: &str,
    number: i64,
) -> Result<(), Error> {
    let revision = revision_of(composition, hash, number);
    if let Err(error) = work.api.create(&revision).await {
        work.record(composition, &NewEvent::warning("CreateRevision", &error))
            .await;
        return Err(error).context("cannot create CompositionRevision");
    }
    let new_event = NewEvent::normal("CreateRevision", "Created new revision");
    work.record_with(
        composition,
        &new_event,
        json!({"revision": number.to_string()}),
    )
    .await;
    Ok(())
}

/// Returns a new revision: the Composition's spec, with a name and label from its hash.
fn revision_of(composition: &Value, hash: &str, number: i64) -> Value {
    let mut labels =
        json!({LABEL_NAME: object::name(composition), LABEL_HASH: hash[..LONGEST_LABEL]});
    for (key, value) in object::at(composition, &["metadata", "labels"])
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        labels[key] = value.clone();
    }
    let mut spec = composition.get("spec").cloned().unwrap_or_default();
    object::set(&mut spec, &["revision"], json!(number));
    json!({
        "apiVersion": API_VERSION,
        "kind": REVISION_KIND,
        "metadata": {
            "name": format!("{}-{}", object::name(composition), &hash[..7]),
            "labels": labels,
            "ownerReferences": [object::controller_reference(composition)],
        },
        "spec": spec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composition() -> Value {
        json!({
            "apiVersion": API_VERSION, "kind": KIND,
            "metadata": {"name": "c", "uid": "1", "labels": {"provider": "azure"}, "annotations": {"a": "b"}},
            "spec": {"compositeTypeRef": {"apiVersion": "example.org/v1", "kind": "XR"}, "mode": "Pipeline"},
        })
    }

    #[test]
    fn a_revision_has_name_labels_and_owner_of_its_composition_but_not_its_annotations() {
        let hash = names::composition_hash(&composition());
        let revision = revision_of(&composition(), &hash, 3);
        assert_eq!(object::name(&revision), format!("c-{}", &hash[..7]));
        assert_eq!(object::label(&revision, "provider"), "azure");
        assert_eq!(object::label(&revision, LABEL_NAME), "c");
        assert_eq!(object::label(&revision, LABEL_HASH).len(), 63);
        assert!(object::is_controlled_by(&revision, "1"));
        assert_eq!(revision["spec"]["revision"], 3);
        assert!(object::at(&revision, &["metadata", "annotations"]).is_none());
    }

    #[test]
    fn labels_annotations_and_spec_make_the_hash_and_nothing_else_does() {
        let original = names::composition_hash(&composition());
        let changed = |path: &[&str]| {
            let mut other = composition();
            object::set(&mut other, path, json!("x"));
            names::composition_hash(&other)
        };
        assert_eq!(changed(&["metadata", "uid"]), original);
        assert_eq!(changed(&["status"]), original);
        for path in [
            &["metadata", "labels", "x"],
            &["metadata", "annotations", "x"],
            &["spec", "mode", ""],
        ] {
            assert_ne!(
                changed(&path[..path.len() - usize::from(path[2].is_empty())]),
                original,
                "{path:?}"
            );
        }
    }

    #[test]
    fn the_latest_revision_is_one_that_the_composition_controls() {
        let controlled = |number: i64, uid: &str| {
            let owner = json!({"uid": uid, "controller": true});
            Arc::new(
                json!({"spec": {"revision": number}, "metadata": {"ownerReferences": [owner]}}),
            )
        };
        let revisions = [
            controlled(9, "2"),
            controlled(1, "1"),
            controlled(4, "1"),
            controlled(3, "1"),
        ];
        assert_eq!(latest_of(&composition(), &revisions), Some(&revisions[2]));
        assert_eq!(latest_of(&composition(), &revisions[..1]), None);
    }
}
