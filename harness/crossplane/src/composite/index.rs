//! The cache of the controller of composite resources: composite kinds, composed resources with their composites, and
//! objects.
//!
//! The cache replaces Crossplane's informers: dynamic watches on every composed kind, an index of composite resources
//! by their references, and the cache that reconciles read. The cache is filled from events only and sends no request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crosscut_objects::Key;
use crosscut_objects::{Change, Event};
use serde_json::Value;

use super::xr::{Layout, resource_references};
use crate::definition::{self, Scope};
use crate::work::is_about;
use crate::{composition, condition, object};

/// An object's identity, whatever its version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    group: String,
    kind: String,
    namespace: String,
    name: String,
}

impl Place {
    pub(super) fn new(group: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    fn of(event: &Event) -> Self {
        let object = &event.object;
        Self::new(
            &event.resource.group,
            &event.resource.kind,
            object::namespace(object),
            object::name(object),
        )
    }
}

/// A kind of composite resource whose definition is established.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Defined {
    /// The CompositeResourceDefinition.
    pub(super) definition: String,
    pub(super) version: String,
    pub(super) layout: Layout,
    /// The generation of the definition at the start of the controller.
    generation: i64,
}

/// The data of a composite resource that events are matched with.
#[derive(Clone, Debug, Default)]
struct Composite {
    composes: Vec<Place>,
    composition: String,
    manual: bool,
}

#[derive(Debug, Default)]
pub(super) struct Index {
    kinds: BTreeMap<(String, String), Defined>,
    objects: HashMap<Place, Arc<Value>>,
    composites: BTreeMap<Place, Composite>,
    composers: HashMap<Place, BTreeSet<Place>>,
}

impl Index {
    /// Applies an event to the cache, and returns the affected composite resources.
    pub(super) fn observe(&mut self, event: &Event) -> Vec<Key> {
        if matches!(event.resource.kind.as_str(), "Event" | "Lease") {
            return Vec::new();
        }
        let place = Place::of(event);
        let deleted = event.change == Change::Deleted;
        self.keep(&place, event, deleted);
        let mut concerned: BTreeSet<Place> =
            self.composers.get(&place).cloned().unwrap_or_default();
        if is_about(event, definition::API_VERSION, definition::KIND) {
            concerned.extend(self.define(&event.object, deleted));
        }
        if is_about(event, composition::API_VERSION, composition::REVISION_KIND) {
            concerned.extend(self.users_of(&event.object));
        }
        if self.is_composite(&place) {
            self.relate(&place, if deleted { None } else { Some(&event.object) });
            concerned.insert(place);
        }
        concerned
            .iter()
            .filter_map(|place| self.key(place))
            .collect()
    }

    fn keep(&mut self, place: &Place, event: &Event, deleted: bool) {
        if deleted {
            self.objects.remove(place);
        } else {
            self.objects
                .insert(place.clone(), Arc::clone(&event.object));
        }
    }

    /// Starts, restarts or stops the reconciling of a kind; returns the affected objects.
    fn define(&mut self, definition: &Value, deleted: bool) -> Vec<Place> {
        let group = object::text(definition, &["spec", "group"]).to_owned();
        let kind = object::text(definition, &["spec", "names", "kind"]).to_owned();
        let key = (group, kind);
        if deleted {
            self.kinds.remove(&key);
            return Vec::new();
        }
        let Some(established) = condition::get(definition, "Established") else {
            return Vec::new();
        };
        if object::text(established, &["reason"]) != "WatchingCompositeResource" {
            return Vec::new();
        }
        let defined = Defined {
            definition: object::name(definition).to_owned(),
            version: definition::referenceable_version(definition).to_owned(),
            layout: Layout::of(Scope::of(definition)),
            generation: object::at(established, &["observedGeneration"])
                .and_then(Value::as_i64)
                .unwrap_or_default(),
        };
        if self.kinds.get(&key) == Some(&defined) {
            return Vec::new();
        }
        self.kinds.insert(key.clone(), defined);
        self.adopt(&key)
    }

    /// Records the references of all objects of a kind that became composite.
    fn adopt(&mut self, (group, kind): &(String, String)) -> Vec<Place> {
        let of_kind = |place: &&Place| place.group == *group && place.kind == *kind;
        let mut places: Vec<Place> = self.objects.keys().filter(of_kind).cloned().collect();
        places.sort();
        for place in &places {
            let object = self.objects.get(place).cloned();
            self.relate(place, object.as_deref());
        }
        places
    }

    /// Records the composed resources and the Composition of a composite resource; `None` removes them.
    fn relate(&mut self, place: &Place, object: Option<&Value>) {
        for composed in self.composites.remove(place).unwrap_or_default().composes {
            if let Some(composers) = self.composers.get_mut(&composed) {
                composers.remove(place);
                if composers.is_empty() {
                    self.composers.remove(&composed);
                }
            }
        }
        let (Some(object), Some(defined)) = (object, self.defined(place)) else {
            return;
        };
        let layout = defined.layout;
        let composes: Vec<Place> = resource_references(layout, object)
            .iter()
            .map(|one| {
                Place::new(
                    object::group_of(&one.api_version),
                    &one.kind,
                    &one.namespace,
                    &one.name,
                )
            })
            .collect();
        for composed in &composes {
            self.composers
                .entry(composed.clone())
                .or_default()
                .insert(place.clone());
        }
        let composition = layout
            .get(object, "compositionRef")
            .map_or("", |found| object::text(found, &["name"]));
        let manual = layout
            .get(object, "compositionUpdatePolicy")
            .is_some_and(|policy| policy == "Manual");
        let composite = Composite {
            composes,
            composition: composition.to_owned(),
            manual,
        };
        self.composites.insert(place.clone(), composite);
    }

    /// Returns the composite resources that follow the revisions of a Composition.
    fn users_of(&self, revision: &Value) -> Vec<Place> {
        let composition = object::label(revision, composition::LABEL_NAME);
        let api_version = object::text(revision, &["spec", "compositeTypeRef", "apiVersion"]);
        let kind = object::text(revision, &["spec", "compositeTypeRef", "kind"]);
        let follows = |(place, composite): &(&Place, &Composite)| {
            !composite.manual
                && composite.composition == composition
                && place.kind == kind
                && place.group == object::group_of(api_version)
        };
        if composition.is_empty() {
            return Vec::new();
        }
        self.composites
            .iter()
            .filter(follows)
            .map(|(place, _)| place.clone())
            .collect()
    }

    fn defined(&self, place: &Place) -> Option<&Defined> {
        self.kinds.get(&(place.group.clone(), place.kind.clone()))
    }

    fn is_composite(&self, place: &Place) -> bool {
        self.defined(place).is_some()
    }

    fn key(&self, place: &Place) -> Option<Key> {
        let defined = self.defined(place)?;
        Some(Key {
            group: place.group.clone(),
            version: defined.version.clone(),
            kind: place.kind.clone(),
            namespace: (!place.namespace.is_empty()).then(|| place.namespace.clone()),
            name: place.name.clone(),
        })
    }

    /// Returns the definition of a composite kind.
    pub(super) fn kind(&self, group: &str, kind: &str) -> Option<Defined> {
        self.kinds
            .get(&(group.to_owned(), kind.to_owned()))
            .cloned()
    }

    /// Returns the cached object, if its version is the requested one.
    pub(super) fn object(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Value>> {
        let place = Place::new(object::group_of(api_version), kind, namespace, name);
        self.objects
            .get(&place)
            .filter(|found| object::api_version(found) == api_version)
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use crosscut_objects::Resource;
    use serde_json::json;

    use super::*;

    fn event(change: Change, object: Value) -> Event {
        let api_version = object::api_version(&object).to_owned();
        Event {
            revision: 1,
            change,
            resource: Arc::new(Resource {
                group: object::group_of(&api_version).to_owned(),
                version: object::version_of(&api_version).to_owned(),
                plural: format!("{}s", object::kind(&object).to_lowercase()),
                kind: object::kind(&object).to_owned(),
                namespaced: !object::namespace(&object).is_empty(),
            }),
            object: Arc::new(object),
            previous: None,
        }
    }

    fn definition(generation: i64) -> Value {
        json!({
            "apiVersion": definition::API_VERSION, "kind": definition::KIND, "metadata": {"name": "xrs.example.org"},
            "spec": {
                "group": "example.org", "scope": "Namespaced", "names": {"kind": "XR"},
                "versions": [{"name": "v1alpha1", "referenceable": false}, {"name": "v1", "referenceable": true}],
            },
            "status": {"conditions": [{
                "type": "Established", "status": "True", "reason": "WatchingCompositeResource", "observedGeneration": generation,
            }]},
        })
    }

    fn composite(references: Value) -> Value {
        json!({
            "apiVersion": "example.org/v1", "kind": "XR", "metadata": {"name": "x", "namespace": "n"},
            "spec": {"crossplane": {"compositionRef": {"name": "c"}, "resourceRefs": references}},
        })
    }

    fn config_map() -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "n"}})
    }

    fn names(keys: &[Key]) -> Vec<String> {
        keys.iter()
            .map(|key| format!("{}/{}/{}", key.version, key.kind, key.name))
            .collect()
    }

    #[test]
    fn a_composite_is_one_once_its_definition_is_established_and_again_when_that_changes() {
        let mut index = Index::default();
        assert_eq!(
            index.observe(&event(Change::Added, composite(json!([])))),
            []
        );
        assert_eq!(
            names(&index.observe(&event(Change::Modified, definition(1)))),
            ["v1/XR/x"]
        );
        assert_eq!(index.observe(&event(Change::Modified, definition(1))), []);
        assert_eq!(
            names(&index.observe(&event(Change::Modified, definition(2)))),
            ["v1/XR/x"]
        );
        assert_eq!(
            names(&index.observe(&event(Change::Modified, composite(json!([]))))),
            ["v1/XR/x"]
        );
        index.observe(&event(Change::Deleted, definition(2)));
        assert_eq!(
            index.observe(&event(Change::Modified, composite(json!([])))),
            []
        );
    }

    #[test]
    fn what_is_composed_concerns_its_composite_as_long_as_it_is_referred_to() {
        let mut index = Index::default();
        index.observe(&event(Change::Added, definition(1)));
        assert_eq!(index.observe(&event(Change::Added, config_map())), []);
        index.observe(&event(
            Change::Added,
            composite(json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "m"}])),
        ));
        assert_eq!(
            names(&index.observe(&event(Change::Modified, config_map()))),
            ["v1/XR/x"]
        );
        assert_eq!(
            names(&index.observe(&event(Change::Deleted, config_map()))),
            ["v1/XR/x"]
        );
        assert!(index.object("v1", "ConfigMap", "n", "m").is_none());
        index.observe(&event(Change::Modified, composite(json!([]))));
        assert_eq!(index.observe(&event(Change::Added, config_map())), []);
        assert!(index.object("v1", "ConfigMap", "n", "m").is_some());
        assert!(index.object("v2", "ConfigMap", "n", "m").is_none());
    }

    #[test]
    fn a_revision_concerns_those_that_follow_its_composition() {
        let revision = json!({
            "apiVersion": composition::API_VERSION, "kind": composition::REVISION_KIND,
            "metadata": {"name": "c-1", "labels": {"crossplane.io/composition-name": "c"}},
            "spec": {"compositeTypeRef": {"apiVersion": "example.org/v1", "kind": "XR"}},
        });
        let mut index = Index::default();
        index.observe(&event(Change::Added, definition(1)));
        index.observe(&event(Change::Added, composite(json!([]))));
        assert_eq!(
            names(&index.observe(&event(Change::Added, revision.clone()))),
            ["v1/XR/x"]
        );
        let mut manual = composite(json!([]));
        manual["spec"]["crossplane"]["compositionUpdatePolicy"] = json!("Manual");
        index.observe(&event(Change::Modified, manual));
        assert_eq!(index.observe(&event(Change::Added, revision)), []);
    }
}
