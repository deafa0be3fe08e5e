//! The graph of owners and dependents, which the garbage collector builds from events.

use std::collections::{BTreeMap, BTreeSet};

use crosscut_objects::object;
use crosscut_objects::{Change, Event};

use crosscut_objects::Key;

/// Objects and their dependents, by uid.
#[derive(Default)]
pub(super) struct Graph {
    /// The objects that exist.
    present: BTreeMap<String, Key>,
    /// The dependents of each owner, even of a missing one.
    dependents: BTreeMap<String, BTreeSet<String>>,
    /// The owners of each dependent.
    owners: BTreeMap<String, BTreeSet<String>>,
    /// The objects that are being deleted.
    going: BTreeSet<String>,
}

impl Graph {
    /// Applies an event; returns the keys to check.
    pub(super) fn take(&mut self, event: &Event) -> Vec<Key> {
        let uid = object::uid(&event.object).to_owned();
        if uid.is_empty() {
            return Vec::new();
        }
        let mut keys = Vec::new();
        let owners: BTreeSet<String> = object::owners(&event.object)
            .iter()
            .map(|owner| object::text(owner, &["uid"]).to_owned())
            .collect();
        if event.change == Change::Deleted {
            self.forget(&uid);
            keys.extend(self.dependents_of(&uid));
            // The owner may wait for the deletion of this object.
            keys.extend(
                owners
                    .iter()
                    .filter_map(|owner| self.present.get(owner).cloned()),
            );
            return keys;
        }
        let own = Key::of(event);
        let deleting = object::is_being_deleted(&event.object);
        let told = self.owners.get(&uid) == Some(&owners) && self.are_held_by(&owners);
        let has_owners = !owners.is_empty();
        self.present.insert(uid.clone(), own.clone());
        self.relate(&uid, owners);
        if deleting {
            self.going.insert(uid.clone());
            keys.extend(self.dependents_of(&uid));
        }
        if has_owners && !told || deleting {
            keys.push(own);
        }
        keys
    }

    /// Returns true if all these owners exist and none is being deleted. An object with unchanged owners then needs
    /// no further check: objects change far more often than their owners.
    fn are_held_by(&self, owners: &BTreeSet<String>) -> bool {
        owners
            .iter()
            .all(|owner| self.present.contains_key(owner) && !self.going.contains(owner))
    }

    pub(super) fn dependents_of(&self, uid: &str) -> Vec<Key> {
        let dependents = self.dependents.get(uid).into_iter().flatten();
        dependents
            .filter_map(|uid| self.present.get(uid).cloned())
            .collect()
    }

    fn relate(&mut self, uid: &str, owners: BTreeSet<String>) {
        let before = self.owners.remove(uid).unwrap_or_default();
        for gone in before.difference(&owners) {
            self.unrelate(gone, uid);
        }
        for owner in &owners {
            self.dependents
                .entry(owner.clone())
                .or_default()
                .insert(uid.to_owned());
        }
        if !owners.is_empty() {
            self.owners.insert(uid.to_owned(), owners);
        }
    }

    fn forget(&mut self, uid: &str) {
        self.present.remove(uid);
        self.going.remove(uid);
        for owner in self.owners.remove(uid).unwrap_or_default() {
            self.unrelate(&owner, uid);
        }
    }

    fn unrelate(&mut self, owner: &str, uid: &str) {
        if let Some(dependents) = self.dependents.get_mut(owner) {
            dependents.remove(uid);
            if dependents.is_empty() {
                self.dependents.remove(owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosscut_objects::Resource;
    use serde_json::{Value, json};

    use super::*;

    fn event(change: Change, object: Value) -> Event {
        Event {
            revision: 1,
            change,
            resource: Arc::new(Resource {
                group: String::new(),
                version: "v1".to_owned(),
                plural: "configmaps".to_owned(),
                kind: "ConfigMap".to_owned(),
                namespaced: true,
            }),
            object: Arc::new(object),
            previous: None,
        }
    }

    fn object(name: &str, owners: &[&str]) -> Value {
        let owners: Vec<Value> = owners.iter().map(|owner| json!({"uid": owner})).collect();
        json!({"metadata": {"name": name, "uid": name, "ownerReferences": owners}})
    }

    fn names(keys: &[Key]) -> Vec<&str> {
        keys.iter().map(|key| key.name.as_str()).collect()
    }

    #[test]
    fn a_change_is_worth_a_look_where_owners_are_others_or_do_not_stay() {
        let mut graph = Graph::default();
        let mut take = |change, object| names(&graph.take(&event(change, object))).join(" ");
        assert_eq!(take(Change::Added, object("owner", &[])), "");
        assert_eq!(take(Change::Added, object("a", &["owner"])), "a");
        assert_eq!(take(Change::Modified, object("a", &["owner"])), "");
        assert_eq!(take(Change::Modified, object("a", &["owner", "gone"])), "a");
        assert_eq!(take(Change::Modified, object("a", &["owner", "gone"])), "a");
        assert_eq!(take(Change::Modified, object("a", &["owner"])), "a");
        let mut going = object("owner", &[]);
        going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(take(Change::Modified, going), "a owner");
        assert_eq!(take(Change::Modified, object("a", &["owner"])), "a");
        assert_eq!(take(Change::Deleted, object("owner", &[])), "a");
        assert_eq!(take(Change::Modified, object("a", &["owner"])), "a");
    }
}
