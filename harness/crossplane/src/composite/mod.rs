//! Composite resources: each is composed by the pipeline of functions of its Composition.
//!
//! Crossplane 2.2.0 (internal/controller/apiextensions/composite), with realtime compositions as by default: nothing is
//! polled, what is composed is watched. Its circuit breaker is always closed here. Two differences are deliberate: the
//! time until a composite is looked at again (a function's TTL) is exact instead of ±10 %, and what is unordered there
//! (which of several compositions is picked, in which order resources are applied) is ordered by the seed.

mod compose;
mod composed;
mod desired;
mod encodings;
mod index;
mod observe;
mod openapi;
mod reconcile;
mod request;
mod requirements;
mod select;
mod stop;
mod write;
mod xr;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::Event;

use crosscut_objects::Key;
use serde_json::Value;

use crate::error::{Error, optional};
use crate::recorder::{NewEvent, Recorder};
use crate::work::{Work, outcome};
use crosscut_functions::Functions;
use crosscut_objects::ObjectRef;
use encodings::Encodings;
use index::{Defined, Index};
pub use observe::ANNOTATION_NAME;

/// Reconciles the objects of every CompositeResourceDefinition.
pub(crate) struct Composites {
    recorder: Recorder,
    functions: Arc<Functions>,
    index: Mutex<Index>,
    encodings: Encodings,
}

impl Composites {
    pub(crate) fn new(functions: Arc<Functions>) -> Self {
        // Composite resources are reconciled by the program's controller of definitions, which is what events name.
        let recorder =
            Recorder::new("defined/compositeresourcedefinition.apiextensions.crossplane.io");
        Self {
            recorder,
            functions,
            index: Mutex::default(),
            encodings: Encodings::default(),
        }
    }

    fn with_index<T>(&self, use_it: impl FnOnce(&mut Index) -> T) -> T {
        use_it(&mut self.index.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Controller for Composites {
    fn name(&self) -> &str {
        "composite"
    }

    fn is_low_priority(&self) -> bool {
        true
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        self.with_index(|index| index.observe(event))
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let Some(defined) = self.with_index(|index| index.kind(&key.group, &key.kind)) else {
            return Ok(Action::AwaitChange);
        };
        let controller = format!("composite/{}", defined.definition);
        let work = Work::new(context, &self.recorder).with_controller(&controller);
        let session = Session {
            work,
            context,
            functions: &self.functions,
            index: &self.index,
            encodings: &self.encodings,
            defined,
        };
        outcome(reconcile::reconcile(&session, key).await)
    }
}

/// One reconcile of one composite resource.
struct Session<'a> {
    work: Work<'a>,
    context: &'a Context,
    functions: &'a Functions,
    index: &'a Mutex<Index>,
    encodings: &'a Encodings,
    defined: Defined,
}

impl Session<'_> {
    /// Reads an object as Crossplane's cached client does: as last seen, from the server only if it was not seen.
    async fn read(&self, address: ObjectRef<'_>) -> Result<Option<Arc<Value>>, Error> {
        let seen = self
            .index
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .object(
                address.api_version,
                address.kind,
                address.namespace,
                address.name,
            );
        if seen.is_some() {
            return Ok(seen);
        }
        optional(self.work.api.read(address).await)
    }

    async fn record(&self, about: &Value, new_event: &NewEvent) {
        self.work.record(about, new_event).await;
    }
}
