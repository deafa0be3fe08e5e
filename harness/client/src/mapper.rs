//! The resources of kinds, from discovery.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crosscut_objects::object;

/// The resource of a kind.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) plural: String,
    pub(crate) namespaced: bool,
}

/// The cached resources of kinds.
#[derive(Debug, Default)]
pub(crate) struct Mapper {
    known: Mutex<HashMap<(String, String), Arc<Resource>>>,
}

impl Mapper {
    pub(crate) fn get(&self, api_version: &str, kind: &str) -> Option<Arc<Resource>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&(api_version.to_owned(), kind.to_owned()))
            .cloned()
    }

    pub(crate) fn learn(&self, api_version: &str, list: &Value) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in list
            .get("resources")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let plural = object::text(resource, &["name"]);
            if plural.contains('/') {
                continue;
            }
            let namespaced = resource.get("namespaced") == Some(&Value::Bool(true));
            let key = (api_version.to_owned(), object::kind(resource).to_owned());
            known.insert(
                key,
                Arc::new(Resource {
                    plural: plural.to_owned(),
                    namespaced,
                }),
            );
        }
    }

    pub(crate) fn forget(&self, api_version: &str, kind: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&(api_version.to_owned(), kind.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    pub(crate) fn subresources_do_not_hide_the_resource() {
        let mapper = Mapper::default();
        mapper.learn(
            "example.org/v1",
            &json!({"resources": [
                {"name": "things", "kind": "Thing", "namespaced": true},
                {"name": "things/status", "kind": "Thing", "namespaced": true},
            ]}),
        );
        assert_eq!(
            mapper
                .get("example.org/v1", "Thing")
                .map(|found| found.plural.clone()),
            Some("things".to_owned())
        );
        mapper.forget("example.org/v1", "Thing");
        assert!(mapper.get("example.org/v1", "Thing").is_none());
    }
}
