//! Changes of a trial to objects that the run did not create, and their restoration.

use std::sync::{Mutex, PoisonError};

use crosscut_client::{Api, ApiError};

use crosscut_objects::{ObjectRef, object};
use serde_json::Value;

/// The fields of metadata that the API server alone writes.
const SERVERS: [&str; 6] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
];

/// Objects of others, each as it was before the trial and as the trial left it, in the order of the first change.
#[derive(Debug, Default)]
pub(super) struct Changes {
    all: Mutex<Vec<Change>>,
}

#[derive(Debug)]
struct Change {
    before: Value,
    /// The object after the trial's last change; `None` if the trial deleted it.
    after: Option<Value>,
    /// True if the trial changed the status, too.
    has_status: bool,
}

impl Changes {
    /// Records that the trial changed `before` to `after`.
    pub(super) fn note(&self, before: Value, after: Option<Value>, is_status: bool) {
        let mut all = self.locked();
        let known = all
            .iter_mut()
            .find(|change| object::uid(&change.before) == object::uid(&before));
        match known {
            Some(change) => {
                change.after = after;
                change.has_status |= is_status;
            }
            None => all.push(Change {
                before,
                after,
                has_status: is_status,
            }),
        }
    }

    /// Restores all objects, the latest change first, and clears the record. Returns a line for each object that was
    /// not restored, with the reason.
    pub(super) async fn put_back(&self, api: &Api) -> Vec<String> {
        let changes = std::mem::take(&mut *self.locked());
        let mut left = Vec::new();
        for change in changes.into_iter().rev() {
            if let Err(why) = change.put_back(api).await {
                let before = &change.before;
                let name = match object::namespace(before) {
                    "" => object::name(before).to_owned(),
                    namespace => format!("{namespace}/{}", object::name(before)),
                };
                left.push(format!("{} {name}: {why}", object::kind(before)));
            }
        }
        left
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Change>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Change {
    async fn put_back(&self, api: &Api) -> Result<(), String> {
        let refused = |error: ApiError| format!("it cannot be put back: {error}");
        let there = match api.get(ObjectRef::of(&self.before)).await {
            Ok(there) => Some(there),
            Err(error) if error.is_not_found() || error.is_no_match() => None,
            Err(error) => return Err(refused(error)),
        };
        let Some(after) = &self.after else {
            return match there {
                None => {
                    let made = api.create(&without(&self.before, &SERVERS)).await;
                    made.map(drop).map_err(refused)
                }
                Some(there) if object::uid(&there) == object::uid(&self.before) => {
                    Err("its deletion is not done yet, so that it is not made again".to_owned())
                }
                Some(_) => Err("somebody made another one since".to_owned()),
            };
        };
        let Some(there) = there else {
            return Err("somebody deleted it since".to_owned());
        };
        if self.compared(&there) != self.compared(after) {
            return Err("somebody changed it since, so that it stays as it is".to_owned());
        }
        let put = api.update(&as_before(&self.before, &there)).await;
        let put = put.map_err(refused)?;
        if self.has_status {
            let status = api.update_status(&as_before(&self.before, &put)).await;
            status.map_err(refused)?;
        }
        Ok(())
    }

    /// Returns the parts of an object that must be unchanged since the trial's last change. The status counts only if
    /// the trial changed it, because controllers write the status of objects that others change.
    fn compared(&self, object: &Value) -> Value {
        let mut compared = without(object, &["resourceVersion", "generation", "managedFields"]);
        if !self.has_status {
            object::remove(&mut compared, &["status"]);
        }
        compared
    }
}

/// Returns the object as it was, with the `resourceVersion` of `there`, so that it can replace `there`.
fn as_before(before: &Value, there: &Value) -> Value {
    let mut object = without(before, &["generation", "managedFields"]);
    let version = object::at(there, &["metadata", "resourceVersion"]);
    let version = version.cloned().unwrap_or_default();
    object::set(&mut object, &["metadata", "resourceVersion"], version);
    object
}

fn without(object: &Value, fields: &[&str]) -> Value {
    let mut object = object.clone();
    for field in fields {
        object::remove(&mut object, &["metadata", field]);
    }
    object
}
