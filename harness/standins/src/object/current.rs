//! The objects of the target that are known to equal their manifests.
//!
//! As provider-kubernetes does, what it owns of an object is compared with what a dry run of the same apply would give,
//! and applied only where they differ. Where neither the manifest nor the object has changed since, that is not asked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crosscut_client::{Api, ApiError};

use crosscut_objects::object;
use serde_json::Value;

use crate::lifecycle::Managed;

/// By the Object's uid: its manifest, and uid and resourceVersion of what came of it.
#[derive(Default)]
pub(super) struct Current(Mutex<HashMap<String, (Value, String)>>);

impl Current {
    fn is(&self, managed: &Managed, manifest: &Value, live: &Value) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(object::uid(&managed.object));
        known.is_some_and(|(of, version)| of == manifest && *version == state(live))
    }

    /// The manifest was applied, and this came of it.
    pub(super) fn remember(&self, managed: &Managed, manifest: &Value, live: &Value) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = object::uid(&managed.object).to_owned();
        known.insert(uid, (manifest.clone(), state(live)));
    }

    /// Returns true if applying the manifest would change nothing, by a dry run where it is not known.
    ///
    /// # Errors
    /// The API's.
    pub(super) async fn ask(
        &self,
        managed: &Managed,
        target: &Api,
        manifest: &Value,
        live: &Value,
        manager: &str,
    ) -> Result<bool, ApiError> {
        if self.is(managed, manifest, live) {
            return Ok(true);
        }
        let wanted = target.dry_apply(manifest, manager).await?;
        let same = owned(live, manager) == owned(&wanted, manager) && rest(live) == rest(&wanted);
        if same {
            self.remember(managed, manifest, live);
        }
        Ok(same)
    }

    /// The Object is gone.
    pub(super) fn forget(&self, managed: &Managed) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(object::uid(&managed.object));
    }
}

/// The fields that a manager has applied.
fn owned<'a>(live: &'a Value, manager: &str) -> Option<&'a Value> {
    let entries = live["metadata"]["managedFields"].as_array()?;
    let entry = entries
        .iter()
        .find(|entry| entry["manager"] == manager && entry["operation"] == "Apply")?;
    entry.get("fieldsV1")
}

/// The object without what says who wrote it, and when.
fn rest(live: &Value) -> Value {
    let mut rest = live.clone();
    for field in ["managedFields", "resourceVersion", "generation"] {
        object::remove(&mut rest, &["metadata", field]);
    }
    rest
}

fn state(live: &Value) -> String {
    let version = object::text(live, &["metadata", "resourceVersion"]);
    format!("{}/{version}", object::uid(live))
}
