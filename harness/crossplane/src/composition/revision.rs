//! CompositionRevisions and the validity of their pipelines.
//!
//! Crossplane checks that no active FunctionRevision of a named function lacks the capability `composition`. Crosscut
//! has no FunctionRevisions, since functions are started outside. So every pipeline is valid, as in Crossplane without
//! any FunctionRevision, and an unknown function is detected when it is called.

use async_trait::async_trait;
use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::Event;

use crosscut_objects::Key;

use super::{API_VERSION, REVISION_KIND};
use crate::condition::{self, Condition};
use crate::error::{Error, Wrap, optional};
use crate::object;
use crate::recorder::{NewEvent, Recorder};
use crate::work::{Work, is_about, key_of, outcome};
use crosscut_objects::ObjectRef;

const NAME: &str = "revision/compositionrevision.apiextensions.crossplane.io";

/// The controller that validates the pipelines of CompositionRevisions.
pub(crate) struct Revisions {
    recorder: Recorder,
}

impl Revisions {
    pub(crate) fn new() -> Self {
        Self {
            recorder: Recorder::new(NAME),
        }
    }
}

#[async_trait]
impl Controller for Revisions {
    fn name(&self) -> &str {
        NAME
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        if is_about(event, API_VERSION, REVISION_KIND) {
            vec![key_of(event)]
        } else {
            Vec::new()
        }
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
            .get(ObjectRef::cluster(API_VERSION, REVISION_KIND, name))
            .await,
    );
    let Some(mut revision) = found.context("cannot get CompositionRevision")? else {
        return Ok(());
    };
    if object::is_being_deleted(&revision) {
        return Ok(());
    }
    let message = "All functions have required composition capability";
    work.record(&revision, &NewEvent::normal("CheckCapabilities", message))
        .await;
    let before = revision.get("status").cloned();
    condition::mark(&mut revision, &Condition::reconcile_success(), &work.now);
    condition::mark(
        &mut revision,
        &Condition::new("ValidPipeline", "True", "ValidPipeline"),
        &work.now,
    );
    if revision.get("status") == before.as_ref() {
        return Ok(());
    }
    work.api
        .update_status(&revision)
        .await
        .map(drop)
        .context("cannot update CompositionRevision status")
}
