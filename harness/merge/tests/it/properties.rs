//! What holds for every schema, object and sequence of writes.

use crosscut_merge::{Type, Writer, apply, json_patch, merge_patch, update};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::generator::{Write, anything, drop_empty, writes};

const NOTHING: &str =
    r#"{ "apiVersion": "test.example.com/v1", "kind": "Widget", "metadata": { "name": "w" } }"#;

fn writer(manager: &str) -> Writer<'_> {
    Writer {
        manager,
        api_version: "test.example.com/v1",
        subresource: None,
        now: "2000-01-01T00:00:00Z",
    }
}

fn forced(live: Option<&Value>, manager: &str, body: &Value, kind: &Type) -> Value {
    apply(live, body, &writer(manager), true, kind, &[]).unwrap()
}

/// Returns what is there after a sequence of writes; those that meet a conflict change nothing.
fn written(writes: &[Write], kind: &Type) -> Option<Value> {
    writes.iter().fold(None, |live, write| {
        let writer = writer(write.manager);
        let after = match write.apply {
            Some(force) => apply(live.as_ref(), &write.body, &writer, force, kind, &[]).ok(),
            None => Some(update(
                live.as_ref(),
                write.body.clone(),
                &writer,
                kind,
                &[],
            )),
        };
        after.map(stored).or(live)
    })
}

/// As the server stores it: without nulls.
fn stored(mut object: Value) -> Value {
    let managed = object["metadata"]["managedFields"].take();
    drop_empty(&mut object);
    if !managed.is_null() {
        object["metadata"]["managedFields"] = managed;
    }
    object
}

/// The fields of a manager that applies.
fn applied_fields(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten();
    let mut own =
        entries.filter(|entry| entry["manager"] == manager && entry["operation"] == "Apply");
    own.next()
        .map(|entry| entry["fieldsV1"].clone())
        .unwrap_or_default()
}

/// Returns true if every path of one FieldsV1 is in another.
fn within(part: &Map<String, Value>, whole: &Map<String, Value>) -> bool {
    part.iter().all(|(step, below)| {
        let Some(found) = whole.get(step).and_then(Value::as_object) else {
            return false;
        };
        let below = below.as_object().unwrap();
        let leaf = below.is_empty() && !(found.is_empty() || found.contains_key("."));
        !leaf && within(below, found)
    })
}

proptest! {
    #[test]
    fn the_same_apply_again_changes_nothing((schema, writes) in writes()) {
        let kind = Type::from_openapi(&schema);
        let live = written(&writes, &kind);
        let body = &writes[0].body;
        let once = stored(forced(live.as_ref(), "x", body, &kind));
        let later = Writer { now: "2001-01-01T00:00:00Z", ..writer("x") };
        let twice = apply(Some(&once), body, &later, false, &kind, &[]).unwrap();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn a_forced_apply_owns_what_it_names_and_nothing_else((schema, writes) in writes()) {
        let kind = Type::from_openapi(&schema);
        let live = written(&writes, &kind);
        for write in &writes {
            let alone = forced(None, "x", &write.body, &kind);
            let among_others = forced(live.as_ref(), "x", &write.body, &kind);
            prop_assert_eq!(applied_fields(&among_others, "x"), applied_fields(&alone, "x"));
        }
    }

    #[test]
    fn what_is_owned_is_there((schema, writes) in writes()) {
        let kind = Type::from_openapi(&schema);
        let live = written(&writes, &kind);
        let object = forced(live.as_ref(), "x", &writes[0].body, &kind);
        let mut bare = object.clone();
        bare["metadata"].as_object_mut().unwrap().remove("managedFields");
        let all = update(None, bare, &writer("all"), &kind, &[]);
        let all = all["metadata"]["managedFields"][0]["fieldsV1"].as_object().cloned().unwrap_or_default();
        let own = applied_fields(&object, "x");
        let own = own.as_object().cloned().unwrap_or_default();
        prop_assert!(within(&own, &all), "{own:?}\n{all:?}");
    }

    #[test]
    fn the_same_apply_by_another_takes_nothing_away((schema, writes) in writes()) {
        let kind = Type::from_openapi(&schema);
        let live = written(&writes, &kind);
        let body = &writes[0].body;
        let object = forced(live.as_ref(), "x", body, &kind);
        let again = forced(Some(&stored(object.clone())), "other", body, &kind);
        prop_assert_eq!(applied_fields(&again, "x"), applied_fields(&object, "x"));
    }

    #[test]
    fn what_all_appliers_leave_out_is_gone((schema, writes) in writes()) {
        let kind = Type::from_openapi(&schema);
        let nothing: Value = serde_json::from_str(NOTHING).unwrap();
        let applies: Vec<Write> = writes.into_iter().map(|write| Write { apply: Some(true), ..write }).collect();
        let mut live = written(&applies, &kind).unwrap();
        for manager in ["x", "y", "z"] {
            live = stored(forced(Some(&live), manager, &nothing, &kind));
        }
        prop_assert_eq!(live, nothing);
    }

    #[test]
    fn an_apply_leaves_alone_what_an_updater_made((schema, writes) in writes()) {
        let kind = Type::from_openapi(&schema);
        let nothing: Value = serde_json::from_str(NOTHING).unwrap();
        let made = update(None, writes[0].body.clone(), &writer("u"), &kind, &[]);
        let mut live = stored(forced(Some(&made), "x", &writes[0].body, &kind));
        prop_assert_eq!(&live["spec"], &made["spec"]);
        live = stored(forced(Some(&live), "x", &nothing, &kind));
        prop_assert_eq!(&live["spec"], &made["spec"]);
    }

    #[test]
    fn a_merge_patch_again_changes_nothing(target in anything(), patch in anything(), gone in "[abc]") {
        let mut patch = patch;
        if let Some(fields) = patch.as_object_mut() {
            fields.insert(gone, Value::Null);
        }
        let mut once = target;
        merge_patch(&mut once, &patch);
        let mut twice = once.clone();
        merge_patch(&mut twice, &patch);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn a_json_patch_can_be_taken_back(target in anything(), value in anything(), name in "[abc]") {
        let target = json!({ "within": target });
        let path = format!("/{name}");
        let add = json!([{ "op": "add", "path": path, "value": value }, { "op": "test", "path": path, "value": value }]);
        let added = json_patch(&target, &add).unwrap();
        let removed = json_patch(&added, &json!([{ "op": "remove", "path": path }])).unwrap();
        prop_assert_eq!(removed, target);
    }
}
