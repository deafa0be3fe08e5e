//! A cache of the encoded objects that composite resources observe, valid until an object changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use crate::object;
use crosscut_functions::to_bytes;

/// The largest number of cached objects; beyond it the cache is cleared.
const LIMIT: usize = 10_000;

/// Encoded objects by their uids.
#[derive(Debug, Default)]
pub(super) struct Encodings(Mutex<HashMap<String, (Arc<Value>, Bytes)>>);

impl Encodings {
    /// Returns the object as an encoded Struct.
    pub(super) fn of(&self, object: &Arc<Value>) -> Bytes {
        let uid = object::uid(object);
        if let Some((_, bytes)) = self
            .lock()
            .get(uid)
            .filter(|(known, _)| Arc::ptr_eq(known, object))
        {
            return bytes.clone();
        }
        let bytes = to_bytes(object);
        let mut known = self.lock();
        if known.len() >= LIMIT {
            known.clear();
        }
        known.insert(uid.to_owned(), (Arc::clone(object), bytes.clone()));
        bytes
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Arc<Value>, Bytes)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
