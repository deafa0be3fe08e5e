//! `metadata.managedFields`, read and written.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::compare::Comparison;
use crate::element::Element;
use crate::field_set::FieldSet;
use crate::manager::{ManagerId, Operation};
use crate::reconcile::reconciled;
use crate::types::Type;
use crate::validate::{Duplicates, validate};

/// How many managers that update are told apart (kube-apiserver's DefaultMaxUpdateManagers).
const MOST_UPDATERS: usize = 10;
/// Who stands for the oldest of more.
const ANCIENT: &str = "ancient-changes";

/// What one manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) fields: FieldSet,
    pub(crate) api_version: String,
    pub(crate) time: Option<String>,
}

/// The managers of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Managed(pub(crate) BTreeMap<ManagerId, Entry>);

impl Managed {
    /// The managers of a live object; what cannot be read counts as none.
    pub(crate) fn of(object: &Value) -> Managed {
        read(object).unwrap_or_default()
    }

    /// The managers that hold for an update: the new object's where it brings any, else the live object's.
    ///
    /// An empty list, and a list of one empty entry, take all managers away.
    pub(crate) fn for_update(live: &Value, new: &Value, subresource: bool) -> Managed {
        let written = &new["metadata"]["managedFields"];
        if subresource {
            return Managed::of(live);
        }
        if *written == json!([]) || *written == json!([{}]) {
            return Managed::default();
        }
        match read(new) {
            Some(managed) if !managed.0.is_empty() => managed,
            _ => Managed::of(live),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what all own together that wrote in one version.
    pub(crate) fn of_version(&self, api_version: &str) -> FieldSet {
        let entries = self
            .0
            .values()
            .filter(|entry| entry.api_version == api_version);
        entries.fold(FieldSet::default(), |all, entry| all.union(&entry.fields))
    }

    /// Gives a manager its fields; it keeps its time.
    pub(crate) fn set(&mut self, id: ManagerId, fields: FieldSet, api_version: &str) {
        let time = self.0.get(&id).and_then(|entry| entry.time.clone());
        let api_version = api_version.to_owned();
        self.0.insert(
            id,
            Entry {
                fields,
                api_version,
                time,
            },
        );
    }

    /// Notes when a manager wrote.
    pub(crate) fn touch(&mut self, id: &ManagerId, now: &str) {
        if let Some(entry) = self.0.get_mut(id) {
            entry.time = Some(now.to_owned());
        }
    }

    /// Returns true if anyone wrote in another version.
    pub(crate) fn has_others_than(&self, api_version: &str) -> bool {
        let mut entries = self.0.values();
        entries.any(|entry| entry.api_version != api_version)
    }

    /// Fits what everyone owns of a live object to the type of today.
    ///
    /// # Errors
    /// What keeps the object from being seen in another version, which allows no duplicates.
    pub(crate) fn reconcile(
        &mut self,
        live: &Value,
        api_version: &str,
        kind: &Type,
    ) -> Result<(), String> {
        if self.has_others_than(api_version) {
            validate(live, kind, Duplicates::Refused)?;
        }
        for entry in self.0.values_mut() {
            entry.fields = reconciled(&entry.fields, kind);
        }
        Ok(())
    }

    /// Takes what a write changed from every manager but one. Managers that own nothing any more are gone.
    pub(crate) fn take(&mut self, change: &Change, except: Option<&ManagerId>) {
        for (id, entry) in &mut self.0 {
            if Some(id) != except {
                let seen = change.seen_by(entry);
                let rest = entry.fields.difference(&seen.written());
                entry.fields = rest.difference(&seen.removed);
            }
        }
        self.0.retain(|_, entry| !entry.fields.is_empty());
    }

    /// Returns what others own of what a write changed, in the order of their identities.
    pub(crate) fn conflicts(
        &self,
        change: &Change,
        writer: &ManagerId,
    ) -> Vec<(ManagerId, FieldSet)> {
        let others = self.0.iter().filter(|(id, _)| *id != writer);
        let conflicts = others.map(|(id, entry)| {
            let fields = entry.fields.intersection(&change.seen_by(entry).written());
            (id.clone(), fields)
        });
        let mut conflicts: Vec<_> = conflicts.filter(|(_, fields)| !fields.is_empty()).collect();
        conflicts.sort_by_key(|(id, _)| id.text());
        conflicts
    }

    /// Folds the oldest of too many updating managers into one a version.
    pub(crate) fn cap(&mut self) {
        let updaters = self
            .0
            .iter()
            .filter(|(id, _)| id.operation == Operation::Update);
        let mut updaters: Vec<(Option<String>, String, ManagerId)> = updaters
            .map(|(id, entry)| (entry.time.clone(), id.text(), id.clone()))
            .collect();
        updaters.sort();
        let mut count = updaters.len();
        let mut first_of: BTreeMap<String, ManagerId> = BTreeMap::new();
        for (_, _, id) in updaters {
            let version = self
                .0
                .get(&id)
                .map(|entry| entry.api_version.clone())
                .unwrap_or_default();
            if count <= MOST_UPDATERS {
                return;
            }
            let Some(first) = first_of.get(&version) else {
                first_of.insert(version, id);
                continue;
            };
            self.fold(&id, first, &version);
            count -= 1;
        }
    }

    /// Folds a manager into the bucket of its version; `first` becomes the bucket if there is none.
    fn fold(&mut self, id: &ManagerId, first: &ManagerId, version: &str) {
        let bucket = ManagerId {
            operation: Operation::Update,
            name: ANCIENT.to_owned(),
            api_version: Some(version.to_owned()),
            subresource: None,
        };
        if !self.0.contains_key(&bucket)
            && let Some(oldest) = self.0.remove(first)
        {
            self.0.insert(bucket.clone(), oldest);
        }
        let Some(folded) = self.0.remove(id) else {
            return;
        };
        if let Some(ancient) = self.0.get_mut(&bucket) {
            ancient.fields = ancient.fields.union(&folded.fields);
            ancient.time = folded.time;
        }
    }

    /// Writes the managers into an object.
    pub(crate) fn write(&self, object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        if self.0.is_empty() {
            metadata.remove("managedFields");
            return;
        }
        let mut entries: Vec<(&ManagerId, &Entry)> = self.0.iter().collect();
        entries.sort_by_key(|(id, entry)| {
            let place = (&id.name, &entry.api_version, &id.subresource);
            (id.operation, entry.time.clone(), place)
        });
        let list = entries.into_iter().map(|(id, entry)| encode(id, entry));
        metadata.insert("managedFields".to_owned(), list.collect());
    }
}

/// What a write changed, for managers of the version that it was made in and for others.
pub(crate) struct Change {
    api_version: String,
    /// Without the fields that the endpoint resets; those are known for its own version only.
    pub(crate) own: Comparison,
    all: Comparison,
}

impl Change {
    pub(crate) fn of(all: Comparison, api_version: &str, reset: &[&str]) -> Change {
        Change {
            api_version: api_version.to_owned(),
            own: all.without_fields(reset),
            all,
        }
    }

    fn seen_by(&self, entry: &Entry) -> &Comparison {
        if entry.api_version == self.api_version {
            &self.own
        } else {
            &self.all
        }
    }
}

/// An object without its managed fields, as it is compared.
///
/// They are often the larger part of an object, so they are left out instead of copied and removed.
pub(crate) fn unmanaged(object: &Value) -> Value {
    let Some(fields) = object.as_object() else {
        return object.clone();
    };
    let copied = fields.iter().map(|(name, value)| {
        let value = match value.as_object().filter(|_| name == "metadata") {
            Some(metadata) => unmanaged_metadata(metadata),
            None => value.clone(),
        };
        (name.clone(), value)
    });
    copied.collect()
}

fn unmanaged_metadata(metadata: &Map<String, Value>) -> Value {
    let kept = metadata
        .iter()
        .filter(|(name, _)| *name != "managedFields")
        .map(|(name, value)| (name.clone(), value.clone()));
    kept.collect()
}

/// Takes an object's managed fields away.
pub(crate) fn forget(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
}

/// The fields that nobody owns: identity and bookkeeping.
pub(crate) fn never_owned() -> FieldSet {
    let mut set = FieldSet::default();
    for field in ["apiVersion", "kind", "metadata"] {
        set.insert(&[Element::field(field)]);
    }
    let metadata = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    for field in metadata {
        set.insert(&[Element::field("metadata"), Element::field(field)]);
    }
    set
}

fn read(object: &Value) -> Option<Managed> {
    let list = match object["metadata"].get("managedFields") {
        Some(Value::Array(list)) => list,
        Some(Value::Null) | None => return Some(Managed::default()),
        Some(_) => return None,
    };
    let mut managed = Managed::default();
    for entry in list {
        let (id, entry) = decode(entry)?;
        managed.0.insert(id, entry);
    }
    Some(managed)
}

fn decode(entry: &Value) -> Option<(ManagerId, Entry)> {
    let text = |field: &str| entry[field].as_str().unwrap_or_default();
    let operation = match text("operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    if text("apiVersion").is_empty() || entry["fieldsType"] != "FieldsV1" {
        return None;
    }
    let api_version = text("apiVersion").to_owned();
    let id = ManagerId {
        operation,
        name: text("manager").to_owned(),
        api_version: (operation == Operation::Update).then(|| api_version.clone()),
        subresource: Some(text("subresource").to_owned()).filter(|name| !name.is_empty()),
    };
    let fields = match &entry["fieldsV1"] {
        Value::Null => FieldSet::default(),
        fields => FieldSet::decode(fields).ok()?,
    };
    let entry = Entry {
        fields,
        api_version,
        time: entry["time"].as_str().map(str::to_owned),
    };
    Some((id, entry))
}

fn encode(id: &ManagerId, entry: &Entry) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if !id.name.is_empty() {
        put("manager", json!(id.name));
    }
    put("operation", json!(id.operation.as_str()));
    put("apiVersion", json!(entry.api_version));
    if let Some(time) = &entry.time {
        put("time", json!(time));
    }
    put("fieldsType", json!("FieldsV1"));
    put("fieldsV1", entry.fields.encode());
    if let Some(subresource) = &id.subresource {
        put("subresource", json!(subresource));
    }
    Value::Object(fields)
}
