//! What is served: each resource in each of its versions, built in or defined by a CustomResourceDefinition.
//!
//! The map is persistent and its entries are shared, so that forks compile nothing again.

use std::sync::Arc;

use crosscut_merge::Type;
use crosscut_schema::Structural;
use rpds::HashTrieMapSync;
use serde_json::Value;

use crate::builtin::Builtin;
use crate::table::Column;
use crate::{builtin, definition, store};
use crosscut_objects::Resource;

/// A resource as it is served in one version.
#[derive(Clone)]
pub(crate) struct Served {
    /// In the version of this entry.
    pub(crate) resource: Resource,
    /// In the version in which it is stored.
    pub(crate) storage: Arc<Resource>,
    pub(crate) storage_key: Arc<str>,
    pub(crate) names: Names,
    /// Whether `/status` exists; without it the status is plain content.
    pub(crate) status: bool,
    /// The rules of the fields; built-in kinds may have none.
    pub(crate) structural: Option<Arc<Structural>>,
    /// The rules by which writers share the fields.
    pub(crate) merge: Type,
    pub(crate) origin: Origin,
}

/// The further names of a resource.
#[derive(Clone, Default)]
pub(crate) struct Names {
    pub(crate) singular: String,
    pub(crate) list_kind: String,
    pub(crate) short: Vec<String>,
    pub(crate) categories: Vec<String>,
}

/// Where a resource comes from.
#[derive(Clone)]
pub(crate) enum Origin {
    BuiltIn(&'static Builtin),
    Custom(Custom),
}

/// What only custom resources have.
#[derive(Clone)]
pub(crate) struct Custom {
    /// The revision that last changed the definition's spec: older objects are pruned and defaulted anew when read.
    pub(crate) since: u64,
    /// The generation of the definition that this was made from.
    pub(crate) generation: i64,
    /// Discovery tells of established definitions only.
    pub(crate) established: bool,
    /// No object can be created any more.
    pub(crate) terminating: bool,
    /// The fields that field selectors may name, besides the name and the namespace.
    pub(crate) selectable: Vec<String>,
    /// Whether objects may have been written in another version than the one in which they are stored.
    pub(crate) several: bool,
    /// Whether the version declares the subresource `scale`, which is not served.
    pub(crate) scale: bool,
    /// The schema as the definition has it.
    pub(crate) schema: Arc<Value>,
    /// What is printed of an object, behind its name.
    pub(crate) columns: Arc<[Column]>,
}

impl Served {
    pub(crate) fn custom(&self) -> Option<&Custom> {
        match &self.origin {
            Origin::Custom(custom) => Some(custom),
            Origin::BuiltIn(_) => None,
        }
    }

    pub(crate) fn built_in(&self) -> Option<&'static Builtin> {
        match &self.origin {
            Origin::BuiltIn(builtin) => Some(builtin),
            Origin::Custom(_) => None,
        }
    }

    /// Whether discovery tells of it.
    pub(crate) fn discovered(&self) -> bool {
        self.custom().is_none_or(|custom| custom.established)
    }

    /// Whether it is the resource of that group and name.
    pub(crate) fn is(&self, group: &str, plural: &str) -> bool {
        self.storage.group == group && self.storage.plural == plural
    }

    pub(crate) fn is_definition(&self) -> bool {
        self.is(definition::GROUP, definition::PLURAL)
    }

    pub(crate) fn is_namespace(&self) -> bool {
        self.is("", "namespaces")
    }
}

/// The versions of one resource, the preferred one first.
pub(crate) type Versions = Arc<[Arc<Served>]>;

/// All resources. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    kinds: HashTrieMapSync<String, Versions>,
    /// The built-in ones, in the order in which discovery tells them.
    built_in: Arc<Vec<Arc<Served>>>,
}

impl Registry {
    /// The built-in resources.
    pub(crate) fn built_in() -> Self {
        let served: Vec<Arc<Served>> = builtin::served().map(Arc::new).collect();
        let mut kinds = HashTrieMapSync::default();
        for one in &served {
            let name = store::storage_key(&one.resource.group, &one.resource.plural);
            kinds.insert_mut(name, Arc::from([Arc::clone(one)]));
        }
        Self {
            kinds,
            built_in: Arc::new(served),
        }
    }

    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Served>> {
        let versions = self.kinds.get(&store::storage_key(group, plural))?;
        versions
            .iter()
            .find(|served| served.resource.version == version)
    }

    /// The resource as which objects under a storage key are stored.
    pub(crate) fn stored_as(&self, storage_key: &str) -> Option<Arc<Resource>> {
        let versions = self.kinds.get(storage_key)?;
        versions.first().map(|served| Arc::clone(&served.storage))
    }

    pub(crate) fn built_in_resources(&self) -> &[Arc<Served>] {
        &self.built_in
    }

    /// The custom resources that discovery tells of, in every version, by group and name.
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

    /// Takes up what a definition says since a revision; `None`: it is gone.
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
