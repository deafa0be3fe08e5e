//! Applies that changed nothing, so that the same apply to the same object need not be worked out again.
//!
//! Controllers apply what they want at every reconcile, and nearly always it is there already. An apply is a function
//! of the live object, the body, the manager and the query; where all are as they were when it changed nothing, it
//! changes nothing again. Of each manager and object the last such apply is remembered, where its body was handed over as
//! a value.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

/// How many applies are remembered; past it all are forgotten.
const LIMIT: usize = 10_000;

/// What an apply is made of, but for the body and the live object.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Apply {
    /// The key of the resource in the store, and the object's key there.
    pub(crate) object: (Arc<str>, String),
    /// The version of the request.
    pub(crate) version: String,
    pub(crate) subresource: Option<String>,
    pub(crate) manager: String,
    pub(crate) force: bool,
    /// The revision of the definition whose schema applies; 0 for kinds without one.
    pub(crate) defined: u64,
}

struct Idle {
    body: Value,
    live: Arc<Value>,
}

/// The applies that changed nothing when they were last done, and the object that they were done to.
#[derive(Default)]
pub(crate) struct IdleApplies(HashMap<Apply, Idle>);

impl IdleApplies {
    /// Whether this apply to this very object is known to change nothing.
    pub(crate) fn knows(&self, apply: &Apply, body: &Value, live: &Arc<Value>) -> bool {
        self.0
            .get(apply)
            .is_some_and(|known| Arc::ptr_eq(&known.live, live) && known.body == *body)
    }

    /// Remembers that this apply to this object changed nothing.
    pub(crate) fn remember(&mut self, apply: Apply, body: Value, live: Arc<Value>) {
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        self.0.insert(apply, Idle { body, live });
    }
}
