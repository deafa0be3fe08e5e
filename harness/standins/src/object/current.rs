//! Which of the target's objects are known to be as they should be.
//!
//! provider-kubernetes compares what it owns of an object with what a dry run of the same apply would give, and applies
//! only where they differ. Here it is enough that neither the manifest nor the object has changed since the last apply.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crosscut_client::object;
use serde_json::Value;

use crate::lifecycle::Managed;

/// By the Object's uid: its manifest, and uid and resourceVersion of what came of it.
#[derive(Default)]
pub(super) struct Current(Mutex<HashMap<String, (Value, String)>>);

impl Current {
    /// Whether applying the manifest would change nothing.
    pub(super) fn is(&self, managed: &Managed, manifest: &Value, live: Option<&Value>) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(object::uid(&managed.object));
        known
            .zip(live)
            .is_some_and(|((of, version), live)| of == manifest && *version == state(live))
    }

    /// The manifest was applied, and this came of it.
    pub(super) fn remember(&self, managed: &Managed, manifest: &Value, live: &Value) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = object::uid(&managed.object).to_owned();
        known.insert(uid, (manifest.clone(), state(live)));
    }

    /// The Object is gone.
    pub(super) fn forget(&self, managed: &Managed) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(object::uid(&managed.object));
    }
}

fn state(live: &Value) -> String {
    let version = object::text(live, &["metadata", "resourceVersion"]);
    format!("{}/{version}", object::uid(live))
}
