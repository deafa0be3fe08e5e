//! Indexes of the objects in view, so that the cost of a lookup does not depend on their number.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crosscut_objects::{Key, object};
use serde_json::Value;

/// The namespace (empty for cluster-scoped objects) and the name of an object.
type Place = (String, String);

/// The keys of the objects in view, by kind, by UID and by owner.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The keys by kind, then by group, because a kind has few groups.
    kinds: HashMap<String, BTreeMap<String, BTreeMap<Place, Key>>>,
    uids: HashMap<String, Key>,
    /// The keys of dependents, by the UID of an owner.
    dependents: HashMap<String, BTreeSet<Key>>,
}

impl Index {
    /// Adds an object that is not in the index.
    pub(super) fn add(&mut self, key: &Key, object: &Value) {
        let groups = self.kinds.entry(key.kind.clone()).or_default();
        let places = groups.entry(key.group.clone()).or_default();
        places.insert(place(key), key.clone());
        let uid = object::uid(object);
        if !uid.is_empty() {
            self.uids.insert(uid.to_owned(), key.clone());
        }
        for owner in owners(object) {
            let dependents = self.dependents.entry(owner.to_owned()).or_default();
            dependents.insert(key.clone());
        }
    }

    /// Removes an object, given as it was when it was added.
    pub(super) fn remove(&mut self, key: &Key, object: &Value) {
        if let Some(groups) = self.kinds.get_mut(&key.kind) {
            if let Some(places) = groups.get_mut(&key.group) {
                places.remove(&place(key));
                if places.is_empty() {
                    groups.remove(&key.group);
                }
            }
            if groups.is_empty() {
                self.kinds.remove(&key.kind);
            }
        }
        let uid = object::uid(object);
        if self.uids.get(uid) == Some(key) {
            self.uids.remove(uid);
        }
        for owner in owners(object) {
            if let Some(dependents) = self.dependents.get_mut(owner) {
                dependents.remove(key);
                if dependents.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
    }

    /// Returns the key of an object, in the version that is watched. An empty namespace means a cluster-scoped object.
    pub(super) fn find(
        &self,
        group: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&Key> {
        let places = self.kinds.get(kind)?.get(group)?;
        places.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Returns true if there is an object of this group and kind.
    pub(super) fn has_kind(&self, group: &str, kind: &str) -> bool {
        self.kinds
            .get(kind)
            .is_some_and(|groups| groups.contains_key(group))
    }

    /// Returns the objects of a kind, of any group.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Key> {
        let groups = self.kinds.get(kind).into_iter();
        groups.flat_map(BTreeMap::values).flat_map(BTreeMap::values)
    }

    /// Returns true if there is an object with this UID.
    pub(super) fn has_uid(&self, uid: &str) -> bool {
        self.uids.contains_key(uid)
    }

    /// Returns the objects that name this UID among their owners.
    pub(super) fn dependents(&self, uid: &str) -> impl Iterator<Item = &Key> {
        self.dependents.get(uid).into_iter().flatten()
    }
}

fn place(key: &Key) -> Place {
    (key.namespace.clone().unwrap_or_default(), key.name.clone())
}

fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let owners = object["metadata"]["ownerReferences"].as_array();
    let owners = owners.into_iter().flatten();
    owners.filter_map(|owner| owner["uid"].as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn key(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> Key {
        Key {
            group: group.to_owned(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    proptest! {
        // A lookup in the index must have the result of a search through all objects.
        #[test]
        fn an_index_finds_what_a_scan_finds(
            writes in prop::collection::vec((0..3usize, 0..2usize, 0..3usize, 0..4u8, 0..4u8, any::<bool>()), 0..40)
        ) {
            let mut index = Index::default();
            let mut objects: BTreeMap<Key, Value> = BTreeMap::new();
            for (kind, group, name, uid, owner, is_deleted) in writes {
                let namespace = [None, Some("a"), Some("b")][name];
                let key = key(["", "g"][group], ["A", "B", "C"][kind], namespace, &format!("n{name}"));
                // An object keeps its UID while it exists.
                let uid = format!("{key}{uid}");
                let object = json!({"metadata": {"uid": uid, "ownerReferences": [{"uid": format!("o{owner}")}]}});
                if let Some(old) = objects.remove(&key) {
                    index.remove(&key, &old);
                }
                if !is_deleted {
                    index.add(&key, &object);
                    objects.insert(key, object);
                }
            }
            for kind in ["A", "B", "C"] {
                let scanned: BTreeSet<&Key> = objects.keys().filter(|key| key.kind == kind).collect();
                prop_assert_eq!(index.of_kind(kind).collect::<BTreeSet<_>>(), scanned);
                for group in ["", "g"] {
                    let scanned = objects.keys().any(|key| key.kind == kind && key.group == group);
                    prop_assert_eq!(index.has_kind(group, kind), scanned);
                }
            }
            for (key, object) in &objects {
                let namespace = key.namespace.as_deref().unwrap_or_default();
                prop_assert_eq!(index.find(&key.group, &key.kind, namespace, &key.name), Some(key));
                prop_assert!(index.has_uid(object::uid(object)));
            }
            prop_assert_eq!(index.uids.len(), objects.len());
            for owner in 0..4 {
                let uid = format!("o{owner}");
                let is_dependent = |object: &Value| owners(object).any(|owner| owner == uid);
                let scanned: BTreeSet<&Key> =
                    objects.iter().filter(|(_, object)| is_dependent(object)).map(|(key, _)| key).collect();
                prop_assert_eq!(index.dependents(&uid).collect::<BTreeSet<_>>(), scanned);
            }
        }
    }
}
