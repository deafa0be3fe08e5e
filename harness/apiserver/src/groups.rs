//! The served API groups.

use serde_json::{Value, json};

use crate::registry::Registry;

/// A group's name and its versions, the preferred one first.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) versions: Vec<String>,
}

/// Returns all groups but the core group: the built-in ones by priority, then those of definitions by name.
pub(crate) fn listed(registry: &Registry) -> Vec<Group> {
    let custom = registry.custom_resources();
    let mut groups: Vec<Group> = Vec::new();
    for served in registry.built_in_resources().iter().chain(&custom) {
        let resource = &served.resource;
        if resource.group.is_empty() {
            continue;
        }
        let known = groups.iter_mut().find(|group| group.name == resource.group);
        match known {
            Some(group) if group.versions.contains(&resource.version) => {}
            Some(group) => group.versions.push(resource.version.clone()),
            None => groups.push(Group {
                name: resource.group.clone(),
                versions: vec![resource.version.clone()],
            }),
        }
    }
    groups
}

impl Group {
    pub(crate) fn body(&self) -> Value {
        let version = |version: &String| json!({ "groupVersion": format!("{}/{version}", self.name), "version": version });
        let versions: Vec<Value> = self.versions.iter().map(version).collect();
        json!({
            "name": self.name,
            "preferredVersion": versions.first(),
            "versions": versions,
        })
    }

    pub(crate) fn api_versions(&self) -> impl Iterator<Item = String> {
        self.versions
            .iter()
            .map(|version| format!("{}/{version}", self.name))
    }
}
