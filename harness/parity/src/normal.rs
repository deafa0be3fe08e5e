//! Objects without the values that differ on every control plane.
//!
//! A uid becomes the name of its object, so that an ownerReference to another owner is still a difference. All times
//! become the same, and so do the two names of the trial's namespace. Fields that depend on timing are removed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{marks, timing};

/// The replacement of every time.
const TIME: &str = "<time>";
/// The maximum depth of a value that is normalised. The API server's own limit is lower.
const DEEPEST: usize = 128;

/// A normaliser for the final objects of one trial on one control plane.
pub(crate) struct Normaliser {
    /// The name of the trial's namespace on this control plane, and its replacement.
    renamed: Option<(String, String)>,
    /// The names by uid of all objects on both sides, because the objects of one side occur in those of the other.
    uids: BTreeMap<String, String>,
    /// True if one of the two runs marks its objects with a label.
    marked: bool,
}

impl Normaliser {
    /// Returns a normaliser for a trial with the namespace `namespace`, compared with a run with the namespace `other`.
    /// The longer of the two names is replaced, because other names may begin with the shorter one.
    pub(crate) fn new<'a>(
        objects: impl IntoIterator<Item = &'a Value>,
        namespace: &str,
        other: &str,
    ) -> Normaliser {
        let longer = namespace.len() > other.len() && !other.is_empty();
        let mut normaliser = Normaliser {
            renamed: longer.then(|| (namespace.to_owned(), other.to_owned())),
            uids: BTreeMap::new(),
            marked: false,
        };
        normaliser.uids = objects
            .into_iter()
            .filter_map(|object| {
                let uid = text(object, "/metadata/uid")?.to_owned();
                Some((uid, normaliser.name(object)))
            })
            .collect();
        normaliser
    }

    /// Returns the normaliser for runs of which one marks its objects.
    pub(crate) fn marked(self, marked: bool) -> Normaliser {
        Normaliser { marked, ..self }
    }

    /// Returns the normalised objects by `Kind.group namespace/name`.
    pub(crate) fn normal(&self, objects: &[Value]) -> BTreeMap<String, Value> {
        objects
            .iter()
            .map(|object| {
                let mut normal = object.clone();
                self.value(&mut normal, 0);
                let name = self.name(object);
                (self.replaced(&name).unwrap_or(name), normal)
            })
            .collect()
    }

    fn name(&self, object: &Value) -> String {
        let api_version = text(object, "/apiVersion").unwrap_or_default();
        let kind = text(object, "/kind").unwrap_or_default();
        let name = text(object, "/metadata/name").unwrap_or_default();
        let kind = match api_version.split_once('/') {
            Some((group, _)) => format!("{kind}.{group}"),
            None => kind.to_owned(),
        };
        let full = match text(object, "/metadata/namespace") {
            Some(space) => format!("{kind} {space}/{name}"),
            None => format!("{kind} {name}"),
        };
        self.renamed(&full).unwrap_or(full)
    }

    /// Returns the text with the trial's namespace renamed, except next to a letter or a digit.
    fn renamed(&self, text: &str) -> Option<String> {
        let (from, to) = self.renamed.as_ref()?;
        let mut renamed = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(from.as_str()) {
            renamed.push_str(before);
            let whole = !before.ends_with(is_of_a_name) && !after.starts_with(is_of_a_name);
            renamed.push_str(if whole { to } else { from });
            rest = after;
        }
        renamed.push_str(rest);
        (renamed != text).then_some(renamed)
    }

    fn metadata(object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        for field in ["uid", "resourceVersion", "selfLink"] {
            metadata.remove(field);
        }
        timing::without_traces(metadata);
        if let Some(Value::Array(owners)) = metadata.get_mut("ownerReferences") {
            owners.sort_by_key(ToString::to_string);
        }
        let Some(Value::Array(managed)) = metadata.get_mut("managedFields") else {
            return;
        };
        for entry in managed.iter_mut() {
            if let Some(entry) = entry.as_object_mut() {
                entry.remove("time");
            }
            timing::without_owners_of_traces(entry);
            timing::without_owners_of_what_was_seen(entry);
        }
        timing::with_one_owner_of_conditions(managed);
        managed.sort_by_key(|entry| {
            let field = |name: &str| entry[name].to_string();
            (
                field("operation"),
                field("manager"),
                field("subresource"),
                field("apiVersion"),
            )
        });
    }

    fn value(&self, value: &mut Value, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        // Objects also contain copies of other objects.
        if value["apiVersion"].is_string() && value["kind"].is_string() {
            Self::metadata(value);
            timing::without_what_was_seen(value);
        }
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(list) => {
                for item in list.iter_mut() {
                    self.value(item, depth + 1);
                }
                sort_conditions(list);
            }
            Value::Object(fields) => {
                if self.marked {
                    marks::take_out(fields);
                    marks::take_digest_out(fields);
                }
                for (_, field) in fields.iter_mut() {
                    self.value(field, depth + 1);
                }
                self.keys(fields);
            }
            Value::Number(number) => {
                // Go prints floats without a fraction as integers.
                if let Some(integer) = number
                    .as_f64()
                    .filter(|n| n.fract() == 0.0 && n.abs() < 1e15)
                {
                    *value = json!(integer);
                }
            }
            _ => {}
        }
    }

    /// Replaces uids in keys, as the managed fields of ownerReferences have them.
    fn keys(&self, fields: &mut Map<String, Value>) {
        let named: Vec<(String, String)> = fields
            .keys()
            .filter_map(|key| Some((key.clone(), self.replaced(key)?)))
            .collect();
        for (old, new) in named {
            if let Some(value) = fields.remove(&old) {
                fields.insert(new, value);
            }
        }
    }

    fn text(&self, text: &str) -> String {
        if is_time(text) {
            return TIME.to_owned();
        }
        let named = self.replaced(text);
        let named = named.as_deref().unwrap_or(text);
        self.renamed(named).unwrap_or_else(|| named.to_owned())
    }

    /// Returns the text with every uid replaced, or `None` if it has none.
    fn replaced(&self, text: &str) -> Option<String> {
        let mut replaced = None;
        for (uid, name) in &self.uids {
            if text.contains(uid.as_str()) {
                let old = replaced.as_deref().unwrap_or(text);
                replaced = Some(old.replace(uid.as_str(), &format!("<uid of {name}>")));
            }
        }
        replaced
    }
}

fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

/// Sorts conditions by type, because their order has no meaning.
fn sort_conditions(list: &mut [Value]) {
    let all = |field: &str| !list.is_empty() && list.iter().all(|item| item[field].is_string());
    if all("type") && all("status") {
        list.sort_by_key(|condition| condition["type"].to_string());
    }
}

/// Returns true if a text is an RFC 3339 time.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    bytes.len() >= 20
        && digits(0, 4)
        && bytes[4] == b'-'
        && digits(5, 7)
        && bytes[7] == b'-'
        && digits(8, 10)
        && bytes[10] == b'T'
        && digits(11, 13)
        && bytes[13] == b':'
        && (text.ends_with('Z')
            || text
                .get(text.len() - 6..)
                .is_some_and(|zone| zone.contains(':')))
}

fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::TRACES;

    #[test]
    fn what_no_two_runs_share_is_gone() {
        let one = |uid: &str, namespace: &str, time: &str| {
            json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": "team-s", "namespace": namespace, "uid": uid, "resourceVersion": uid, "creationTimestamp": time},
                "data": {"replicas": 3, "where": format!("{namespace}/s, {namespace}-b, {namespace}1")},
            })
        };
        let left = [one("1-a", "team", "2026-01-01T00:00:00Z")];
        let right = [one("2-b", "team-x7", "2026-11-25T10:20:30Z")];
        let mut left = Normaliser::new(&left, "team", "team-x7").normal(&left);
        let mut right = Normaliser::new(&right, "team-x7", "team").normal(&right);
        let text = |objects: &mut BTreeMap<String, Value>| {
            objects.get_mut("Secret team/team-s").unwrap()["data"]["where"].take()
        };
        assert_eq!(text(&mut left), "team/s, team-b, team1");
        assert_eq!(text(&mut right), "team/s, team-b, team-x71");
        assert_eq!(left, right);
    }

    #[test]
    fn the_traces_of_who_made_something_are_no_difference_and_other_annotations_are() {
        let one = |annotations: Value, fields: Value| {
            let metadata = json!({"name": "s", "annotations": annotations,
                "managedFields": [{"fieldsV1": {"f:metadata": {"f:annotations": fields}}}]});
            let object = [json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})];
            Normaliser::new(&object, "team", "team").normal(&object)
        };
        let failed = one(
            json!({TRACES[2]: "2026-01-01T00:00:00Z", "a": "b"}),
            json!({"f:crossplane.io/external-create-failed": {}, "f:a": {}}),
        );
        assert_eq!(failed, one(json!({"a": "b"}), json!({"f:a": {}})));
        assert_ne!(failed, one(json!({}), json!({"f:a": {}})));
        let made = json!({"f:crossplane.io/external-create-succeeded": {}});
        assert_eq!(
            one(json!({}), made)["Secret s"]["metadata"]["managedFields"],
            json!([{"fieldsV1": {"f:metadata": {}}}])
        );
    }

    #[test]
    fn an_owner_is_still_that_owner() {
        let owner = json!({"apiVersion": "example.org/v1", "kind": "Owner", "metadata": {"name": "o", "uid": "0a1b"}});
        let owned = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "ownerReferences": [{"uid": "0a1b"}],
            "managedFields": [{"fieldsV1": {"k:{\"uid\":\"0a1b\"}": {}}}]}});
        let all = [owner, owned];
        let all = Normaliser::new(&all, "team", "team").normal(&all);
        let metadata = &all["Secret s"]["metadata"];
        assert_eq!(
            metadata["ownerReferences"][0]["uid"],
            "<uid of Owner.example.org o>"
        );
        assert!(
            metadata["managedFields"]
                .to_string()
                .contains("<uid of Owner.example.org o>")
        );
    }

    #[test]
    fn times_and_nothing_else_are_times() {
        for time in [
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.5Z",
            "2026-01-01T00:00:00+01:00",
        ] {
            assert!(is_time(time), "{time}");
        }
        for other in [
            "2026-01-01",
            "v1.3.1",
            "0000-00-00X00:00:00Z",
            "ääääääääääääääääääää",
        ] {
            assert!(!is_time(other), "{other}");
        }
    }
}
