//! `metadata.managedFields`, read and written.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::manager::{ManagerId, Operation, Writer};

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
    pub(crate) fn for_update(live: &Value, new: &Value, subresource: bool) -> Managed {
        if subresource {
            return Managed::of(live);
        }
        if new["metadata"]["managedFields"] == json!([{}]) {
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

    /// What a manager owns.
    pub(crate) fn fields(&self, id: &ManagerId) -> FieldSet {
        self.0
            .get(id)
            .map(|entry| entry.fields.clone())
            .unwrap_or_default()
    }

    /// What all own together.
    pub(crate) fn all(&self) -> FieldSet {
        let entries = self.0.values();
        entries.fold(FieldSet::default(), |all, entry| all.union(&entry.fields))
    }

    pub(crate) fn set(&mut self, id: ManagerId, fields: FieldSet, writer: &Writer<'_>) {
        let time = self.0.get(&id).and_then(|entry| entry.time.clone());
        let api_version = writer.api_version.to_owned();
        self.0.insert(
            id,
            Entry {
                fields,
                api_version,
                time,
            },
        );
    }

    /// Takes fields from every manager but one.
    pub(crate) fn take(&mut self, fields: &FieldSet, except: Option<&ManagerId>) {
        for (id, entry) in &mut self.0 {
            if Some(id) != except {
                entry.fields = entry.fields.difference(fields);
            }
        }
        self.0.retain(|_, entry| !entry.fields.is_empty());
    }

    /// Folds the oldest of too many updating managers into one.
    pub(crate) fn cap(&mut self) {
        let mut updaters: Vec<(Option<String>, ManagerId)> = self
            .0
            .iter()
            .filter(|(id, _)| id.operation == Operation::Update)
            .map(|(id, entry)| (entry.time.clone(), id.clone()))
            .collect();
        let Some(excess) = updaters
            .len()
            .checked_sub(MOST_UPDATERS)
            .filter(|more| *more > 0)
        else {
            return;
        };
        updaters.sort();
        for (_, id) in updaters.into_iter().take(excess + 1) {
            let Some(entry) = self.0.remove(&id) else {
                continue;
            };
            let ancient = ManagerId {
                name: ANCIENT.to_owned(),
                subresource: None,
                ..id
            };
            match self.0.get_mut(&ancient) {
                Some(older) => {
                    older.fields = older.fields.union(&entry.fields);
                    older.time = entry.time;
                }
                None => {
                    self.0.insert(ancient, entry);
                }
            }
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

/// An object without its managed fields, as it is compared.
pub(crate) fn unmanaged(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
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
    let entry = Entry {
        fields: FieldSet::decode(&entry["fieldsV1"])?,
        api_version,
        time: entry["time"].as_str().map(str::to_owned),
    };
    Some((id, entry))
}

fn encode(id: &ManagerId, entry: &Entry) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("manager", json!(id.name));
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
