//! Objects without what no two control planes have in common.
//!
//! Uids become the name of what they belong to, so that an ownerReference to another owner is still a difference;
//! times become one time; a trial's namespace becomes `$namespace`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What stands for any time.
const TIME: &str = "<time>";
/// The depth past which nothing is looked at: the API server's own limit is lower.
const DEEPEST: usize = 128;

/// Objects by what they are, `Kind.group namespace/name`, each normalised.
pub(crate) fn normal(objects: &[Value], namespace: &str) -> BTreeMap<String, Value> {
    let uids = objects
        .iter()
        .filter_map(|object| {
            Some((
                text(object, "/metadata/uid")?.to_owned(),
                name(object, namespace),
            ))
        })
        .collect();
    let normaliser = Normaliser { namespace, uids };
    objects
        .iter()
        .map(|object| {
            let mut normal = object.clone();
            normaliser.metadata(&mut normal);
            normaliser.value(&mut normal, 0);
            (name(object, namespace), normal)
        })
        .collect()
}

fn name(object: &Value, trial: &str) -> String {
    let api_version = text(object, "/apiVersion").unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let kind = text(object, "/kind").unwrap_or_default();
    let name = text(object, "/metadata/name").unwrap_or_default();
    let kind = if group.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}.{group}")
    };
    match text(object, "/metadata/namespace") {
        Some(space) => format!("{kind} {}/{name}", spaced(space, trial)),
        None => format!("{kind} {}", spaced(name, trial)),
    }
}

/// A text in which the trial's namespace stands as `$namespace`: whole, or before a hyphen.
fn spaced(text: &str, namespace: &str) -> String {
    match text.strip_prefix(namespace) {
        Some(rest) if !namespace.is_empty() && (rest.is_empty() || rest.starts_with('-')) => {
            format!("$namespace{rest}")
        }
        _ => text.to_owned(),
    }
}

struct Normaliser<'a> {
    namespace: &'a str,
    uids: BTreeMap<String, String>,
}

impl Normaliser<'_> {
    fn metadata(&self, object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        for field in ["uid", "resourceVersion", "selfLink"] {
            metadata.remove(field);
        }
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
        }
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
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(list) => {
                for item in list.iter_mut() {
                    self.value(item, depth + 1);
                }
                sort_conditions(list);
            }
            Value::Object(fields) => {
                for (_, field) in fields.iter_mut() {
                    self.value(field, depth + 1);
                }
                self.keys(fields);
            }
            Value::Number(number) => {
                // Go prints integral floats as integers.
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

    /// Keys that hold a uid: managed fields of ownerReferences do.
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
        self.replaced(text)
            .unwrap_or_else(|| spaced(text, self.namespace))
    }

    /// The text with every uid in it replaced; nothing where it has none.
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

/// The order of conditions means nothing: they are a map by type.
fn sort_conditions(list: &mut [Value]) {
    let all = |field: &str| !list.is_empty() && list.iter().all(|item| item[field].is_string());
    if all("type") && all("status") {
        list.sort_by_key(|condition| condition["type"].to_string());
    }
}

/// Whether a text is an RFC 3339 time.
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

    #[test]
    fn what_no_two_runs_share_is_gone() {
        let one = |uid: &str, namespace: &str, time: &str| {
            json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": "s", "namespace": namespace, "uid": uid, "resourceVersion": uid, "creationTimestamp": time},
                "data": {"replicas": 3},
            })
        };
        let left = normal(&[one("1-a", "team", "2026-01-01T00:00:00Z")], "team");
        let right = normal(&[one("2-b", "team-x7", "2026-11-25T10:20:30Z")], "team-x7");
        assert_eq!(left, right);
        assert!(left.contains_key("Secret $namespace/s"));
    }

    #[test]
    fn an_owner_is_still_that_owner() {
        let owner = json!({"apiVersion": "example.org/v1", "kind": "Owner", "metadata": {"name": "o", "uid": "0a1b"}});
        let owned = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "ownerReferences": [{"uid": "0a1b"}],
            "managedFields": [{"fieldsV1": {"k:{\"uid\":\"0a1b\"}": {}}}]}});
        let all = normal(&[owner, owned], "team");
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
