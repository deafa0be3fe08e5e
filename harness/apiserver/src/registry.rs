//! The served resources, in each of their versions: built in, or defined by a CustomResourceDefinition.
//!
//! The map is persistent and its entries are shared, so that forks compile nothing again.

use std::sync::Arc;

use rpds::HashTrieMapSync;
use serde_json::Value;

use crate::served::{Served, Versions};
use crate::{builtin, definition, keys};
use crosscut_objects::Resource;

/// All resources. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    kinds: HashTrieMapSync<String, Versions>,
    /// The built-in resources, in the order of discovery.
    built_in: Arc<Vec<Arc<Served>>>,
}

impl Registry {
    /// Returns a registry of the built-in resources.
    pub(crate) fn built_in() -> Self {
        let served: Vec<Arc<Served>> = builtin::served().map(Arc::new).collect();
        let mut kinds = HashTrieMapSync::default();
        for one in &served {
            let name = keys::storage_key(&one.resource.group, &one.resource.plural);
            kinds.insert_mut(name, Arc::from([Arc::clone(one)]));
        }
        Self {
            kinds,
            built_in: Arc::new(served),
        }
    }

    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Served>> {
        let versions = self.kinds.get(&keys::storage_key(group, plural))?;
        versions
            .iter()
            .find(|served| served.resource.version == version)
    }

    /// Returns the resource in the version in which objects under a storage key are stored.
    pub(crate) fn stored_as(&self, storage_key: &str) -> Option<Arc<Resource>> {
        let versions = self.kinds.get(storage_key)?;
        versions.first().map(|served| Arc::clone(&served.storage))
    }

    pub(crate) fn built_in_resources(&self) -> &[Arc<Served>] {
        &self.built_in
    }

    /// Returns the custom resources in discovery, in every version, by group and name.
    pub(crate) fn custom_resources(&self) -> Vec<Arc<Served>> {
        let mut served: Vec<Arc<Served>> = self
            .kinds
            .values()
            .flat_map(|versions| versions.iter())
            .filter(|served| served.custom().is_some_and(|custom| custom.established))
            .cloned()
            .collect();
        served.sort_by(|one, other| {
            let name = |served: &Served| {
                let resource = &served.resource;
                (resource.group.clone(), resource.plural.clone())
            };
            name(one).cmp(&name(other))
        });
        served
    }

    /// Updates the resource of a definition that was written at a revision. `None`: the definition is deleted.
    pub(crate) fn define(&mut self, name: &str, definition: Option<&Value>, revision: u64) {
        let known = self.kinds.get(name);
        if known.is_some_and(|versions| versions.iter().any(|served| served.built_in().is_some())) {
            return;
        }
        let versions = definition.and_then(|definition| {
            definition::compile(definition, known.map(|versions| &**versions), revision)
        });
        match versions {
            Some(versions) => self.kinds.insert_mut(name.to_owned(), versions),
            None => {
                self.kinds.remove_mut(name);
            }
        }
    }
}
