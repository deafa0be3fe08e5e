//! Accessors for Kubernetes objects that are plain JSON values.
//!
//! The kinds of controllers are defined at run time, so objects are `serde_json::Value`. Nothing here connects to a
//! server.

use serde_json::{Map, Value, json};

/// Returns the value at a path of keys.
///
/// ```
/// use crosscut_objects::object;
/// use serde_json::json;
///
/// let map = json!({"metadata": {"name": "colours"}});
/// assert_eq!(object::at(&map, &["metadata", "name"]), Some(&json!("colours")));
/// assert_eq!(object::at(&map, &["metadata", "uid"]), None);
/// ```
pub fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

/// Returns the text at a path of keys. Empty if there is none, like Go's zero value.
///
/// ```
/// use crosscut_objects::object;
/// use serde_json::json;
///
/// assert_eq!(object::text(&json!({"kind": "Widget"}), &["kind"]), "Widget");
/// assert_eq!(object::text(&json!({}), &["kind"]), "");
/// ```
pub fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}

/// Sets the value at a path, and creates the maps on the path.
///
/// ```
/// use crosscut_objects::object;
/// use serde_json::json;
///
/// let mut map = json!({});
/// object::set(&mut map, &["metadata", "name"], json!("colours"));
/// assert_eq!(map, json!({"metadata": {"name": "colours"}}));
/// ```
pub fn set(object: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let mut map = match std::mem::take(object) {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    if rest.is_empty() {
        map.insert((*first).to_owned(), value);
    } else {
        set(map.entry(*first).or_insert(Value::Null), rest, value);
    }
    *object = Value::Object(map);
}

/// Removes the value at a path. Returns true if there was one.
///
/// ```
/// use crosscut_objects::object;
/// use serde_json::json;
///
/// let mut map = json!({"metadata": {"uid": "1"}});
/// assert!(object::remove(&mut map, &["metadata", "uid"]));
/// assert!(!object::remove(&mut map, &["metadata", "uid"]));
/// ```
pub fn remove(object: &mut Value, path: &[&str]) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    let mut current = object;
    for key in parents {
        match current.get_mut(key) {
            Some(next) => current = next,
            None => return false,
        }
    }
    current
        .as_object_mut()
        .is_some_and(|map| map.remove(*last).is_some())
}

/// Returns the apiVersion; empty if there is none.
pub fn api_version(object: &Value) -> &str {
    text(object, &["apiVersion"])
}

/// Returns the kind; empty if there is none.
pub fn kind(object: &Value) -> &str {
    text(object, &["kind"])
}

/// Returns the name; empty if there is none.
pub fn name(object: &Value) -> &str {
    text(object, &["metadata", "name"])
}

/// Returns the namespace; empty for cluster-scoped objects.
pub fn namespace(object: &Value) -> &str {
    text(object, &["metadata", "namespace"])
}

/// Returns the UID; empty if there is none.
pub fn uid(object: &Value) -> &str {
    text(object, &["metadata", "uid"])
}

/// Returns the generation; 0 if there is none.
pub fn generation(object: &Value) -> i64 {
    at(object, &["metadata", "generation"])
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// Returns the value of a label; empty if there is none.
pub fn label<'a>(object: &'a Value, key: &str) -> &'a str {
    text(object, &["metadata", "labels", key])
}

/// Returns the value of an annotation; empty if there is none.
pub fn annotation<'a>(object: &'a Value, key: &str) -> &'a str {
    text(object, &["metadata", "annotations", key])
}

/// Returns the conditions of an object's status.
pub fn conditions(object: &Value) -> &[Value] {
    at(object, &["status", "conditions"])
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Returns the condition of a type.
///
/// ```
/// use crosscut_objects::object;
/// use serde_json::json;
///
/// let widget = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
/// assert_eq!(object::condition(&widget, "Ready").unwrap()["status"], "True");
/// assert!(object::condition(&widget, "Synced").is_none());
/// ```
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    conditions(object)
        .iter()
        .find(|condition| text(condition, &["type"]) == kind)
}

/// Returns true if the object is being deleted.
pub fn is_being_deleted(object: &Value) -> bool {
    at(object, &["metadata", "deletionTimestamp"]).is_some_and(|time| !time.is_null())
}

/// Returns `group/version`, or the version alone in the core group.
pub(crate) fn api_version_of(group: &str, version: &str) -> String {
    match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    }
}

/// Returns the group of an apiVersion; empty for the core group.
///
/// ```
/// use crosscut_objects::object;
///
/// assert_eq!(object::group_of("apps/v1"), "apps");
/// assert_eq!(object::group_of("v1"), "");
/// ```
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Returns the version of an apiVersion.
///
/// ```
/// use crosscut_objects::object;
///
/// assert_eq!(object::version_of("apps/v1"), "v1");
/// assert_eq!(object::version_of("v1"), "v1");
/// ```
pub fn version_of(api_version: &str) -> &str {
    api_version
        .split_once('/')
        .map_or(api_version, |(_, version)| version)
}

/// Returns true if the object has this finalizer.
pub fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    at(object, &["metadata", "finalizers"])
        .and_then(Value::as_array)
        .is_some_and(|all| all.iter().any(|one| one == finalizer))
}

/// Adds a finalizer at the end.
///
/// ```
/// use crosscut_objects::object;
/// use serde_json::json;
///
/// let mut map = json!({});
/// object::add_finalizer(&mut map, "example.org/keep");
/// assert!(object::has_finalizer(&map, "example.org/keep"));
/// ```
pub fn add_finalizer(object: &mut Value, finalizer: &str) {
    let mut all = at(object, &["metadata", "finalizers"])
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    all.push(json!(finalizer));
    set(object, &["metadata", "finalizers"], Value::Array(all));
}

/// Removes a finalizer.
///
/// ```
/// use crosscut_objects::object;
/// use serde_json::json;
///
/// let mut map = json!({"metadata": {"finalizers": ["example.org/keep"]}});
/// object::remove_finalizer(&mut map, "example.org/keep");
/// assert!(!object::has_finalizer(&map, "example.org/keep"));
/// ```
pub fn remove_finalizer(object: &mut Value, finalizer: &str) {
    if let Some(Value::Array(all)) = object
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("finalizers"))
    {
        all.retain(|one| one != finalizer);
    }
}

/// Returns all owner references.
pub fn owners(object: &Value) -> &[Value] {
    at(object, &["metadata", "ownerReferences"])
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Returns the owner reference with `controller: true`.
pub fn controller_of(object: &Value) -> Option<&Value> {
    owners(object)
        .iter()
        .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

/// Returns true if the object with this UID controls the object.
///
/// ```
/// use crosscut_objects::object;
/// use serde_json::json;
///
/// let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "1"}});
/// let mut owned = json!({});
/// object::add_owner(&mut owned, object::controller_reference(&owner));
/// assert!(object::is_controlled_by(&owned, "1"));
/// ```
pub fn is_controlled_by(object: &Value, owner_uid: &str) -> bool {
    controller_of(object).is_some_and(|owner| text(owner, &["uid"]) == owner_uid)
}

/// Returns a plain owner reference to an object.
pub fn owner_reference(owner: &Value) -> Value {
    json!({"apiVersion": api_version(owner), "kind": kind(owner), "name": name(owner), "uid": uid(owner)})
}

/// Returns an owner reference that makes the owner the controller and blocks its foreground deletion.
pub fn controller_reference(owner: &Value) -> Value {
    let mut reference = owner_reference(owner);
    set(&mut reference, &["controller"], Value::Bool(true));
    set(&mut reference, &["blockOwnerDeletion"], Value::Bool(true));
    reference
}

/// Adds an owner reference, or replaces the one with the same UID.
pub fn add_owner(object: &mut Value, reference: Value) {
    let mut all = owners(object).to_vec();
    match all
        .iter_mut()
        .find(|owner| owner.get("uid") == reference.get("uid"))
    {
        Some(existing) => *existing = reference,
        None => all.push(reference),
    }
    set(object, &["metadata", "ownerReferences"], Value::Array(all));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_makes_the_maps_on_the_way_and_remove_takes_only_the_leaf() {
        let mut object = json!({"spec": null});
        set(
            &mut object,
            &["spec", "crossplane", "compositionRef"],
            json!({"name": "c"}),
        );
        assert_eq!(
            text(&object, &["spec", "crossplane", "compositionRef", "name"]),
            "c"
        );
        assert!(remove(
            &mut object,
            &["spec", "crossplane", "compositionRef"]
        ));
        assert!(!remove(
            &mut object,
            &["spec", "crossplane", "compositionRef"]
        ));
        assert_eq!(object, json!({"spec": {"crossplane": {}}}));
    }

    #[test]
    fn an_owner_with_the_same_uid_is_replaced_and_another_is_added() {
        let mut object = json!({"metadata": {"ownerReferences": [{"uid": "1", "name": "old"}]}});
        add_owner(
            &mut object,
            json!({"uid": "1", "name": "new", "controller": true}),
        );
        add_owner(&mut object, json!({"uid": "2", "name": "other"}));
        assert_eq!(owners(&object).len(), 2);
        assert_eq!(
            controller_of(&object).map(|owner| text(owner, &["name"])),
            Some("new")
        );
        assert!(is_controlled_by(&object, "1") && !is_controlled_by(&object, "2"));
    }

    #[test]
    fn groups_and_versions_of_api_versions() {
        assert_eq!((group_of("v1"), version_of("v1")), ("", "v1"));
        assert_eq!(
            (
                group_of("a.example.org/v1beta1"),
                version_of("a.example.org/v1beta1")
            ),
            ("a.example.org", "v1beta1")
        );
    }
}
