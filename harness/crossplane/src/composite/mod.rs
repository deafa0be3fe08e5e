//! Composite resources: each is composed by the pipeline of functions of its Composition.
//!
//! Source: Crossplane 2.2.0 (internal/controller/apiextensions/composite), with realtime compositions as by default:
//! composed resources are watched, not polled. The circuit breaker is always closed here. Two differences are
//! deliberate:
//!
//! - The time until the next reconcile of a composite (a function's TTL) is exact instead of ±10 %.
//! - The seed decides what is unordered in Crossplane: the choice among several compositions, and the order in which
//!   resources are applied.

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

/// The controller of the objects of every CompositeResourceDefinition.
pub(crate) struct Composites {
    recorder: Recorder,
    functions: Arc<Functions>,
    index: Mutex<Index>,
    encodings: Encodings,
}

impl Composites {
    pub(crate) fn new(functions: Arc<Functions>) -> Self {
        // In Crossplane, the controller of definitions starts the one of composite resources, and Events have the
        // former's name.
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
    /// Reads an object as Crossplane's cached client does: from the cache, or else from the server.
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
