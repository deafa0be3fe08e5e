//! Recordings of Kubernetes' own field managers (tests/data/SOURCE.md), and how a step of one is replayed.

use crosscut_merge::{ApplyError, Type, Writer, apply, merge_patch, update};
use serde_json::{Map, Value, json};

/// What the replay of one step gave instead of what was recorded.
pub(crate) struct Difference {
    /// The case and the number of its step: `scalars/null over a value 2`.
    pub(crate) step: String,
    /// Both outcomes, for a person to compare.
    pub(crate) text: String,
}

/// Replays every case; gives the number of steps and those that came out differently.
pub(crate) fn replay(recording: &str) -> (usize, Vec<Difference>) {
    let recording: Value = serde_json::from_str(recording).unwrap();
    let mut steps = 0;
    let mut differences = Vec::new();
    for case in recording["cases"].as_array().unwrap() {
        steps += case["steps"].as_array().unwrap().len();
        differences.extend(replay_case(case, &recording["schemas"]));
    }
    (steps, differences)
}

/// Every step starts from the recorded state, so that one difference does not make others.
fn replay_case(case: &Value, schemas: &Value) -> Vec<Difference> {
    let mut schema = case["schema"].as_str().unwrap();
    let mut live = None;
    let mut differences = Vec::new();
    for (index, step) in case["steps"].as_array().unwrap().iter().enumerate() {
        schema = step["schema"].as_str().unwrap_or(schema);
        let kind = Type::from_openapi(&schemas[schema]);
        let given = outcome(case, step, live.as_ref(), &kind);
        let recorded = &step["outcome"];
        if !same(recorded, &given) {
            differences.push(Difference {
                step: format!("{} {}", case["name"].as_str().unwrap(), index + 1),
                text: format!("recorded {recorded:#}\ngiven {given:#}"),
            });
        }
        if let Some(object) = recorded.get("object") {
            live = Some(stored(object));
        }
    }
    differences
}

/// Returns what the crate makes of a step, in the form of a recorded outcome.
fn outcome(case: &Value, step: &Value, live: Option<&Value>, kind: &Type) -> Value {
    let api_version = format!(
        "test.example.com/{}",
        step["version"].as_str().unwrap_or("v1")
    );
    let writer = Writer {
        manager: step["manager"].as_str().unwrap(),
        api_version: &api_version,
        subresource: step["subresource"].as_str(),
        now: step["now"].as_str().unwrap(),
    };
    let reset: &[&str] = match (writer.subresource, &case["status"]) {
        (Some(_), _) => &["spec"],
        (None, Value::Bool(true)) => &["status"],
        (None, _) => &[],
    };
    let live = live.map(|object| with_version(object, &api_version));
    let live = live.as_ref();
    let result = match (step.get("apply"), step.get("update"), step.get("merge")) {
        (Some(body), ..) => {
            let force = step["force"] == true;
            apply(
                live,
                &completed(body, &api_version),
                &writer,
                force,
                kind,
                reset,
            )
        }
        (_, Some(body), _) => {
            let new = completed(body, &api_version);
            Ok(update(live, new, &writer, kind, reset))
        }
        (_, _, Some(patch)) => {
            let named = completed(&json!({}), &api_version);
            let mut new = live.unwrap_or(&named).clone();
            merge_patch(&mut new, patch);
            Ok(update(live, new, &writer, kind, reset))
        }
        _ => panic!("a step without a write: {step}"),
    };
    result.map_or_else(
        |error| refusal(&error),
        |object| json!({ "object": object }),
    )
}

fn refusal(error: &ApplyError) -> Value {
    let mut refusal = json!({ "error": error.to_string() });
    if let ApplyError::Conflicts(conflicts) = error {
        let causes = conflicts.iter().flat_map(|conflict| {
            let fields = conflict.fields.iter();
            fields.map(|field| json!({ "message": conflict.to_string(), "field": field }))
        });
        refusal["reason"] = "Conflict".into();
        refusal["causes"] = causes.collect();
    }
    refusal
}

/// A body with the version, kind and name that recordings leave out.
fn completed(body: &Value, api_version: &str) -> Value {
    let mut object = body.clone();
    if object.get("apiVersion").is_none() {
        object["apiVersion"] = api_version.into();
        object["kind"] = "Widget".into();
    }
    if object.get("metadata").is_none() {
        object["metadata"] = Value::Object(Map::new());
    }
    if object["metadata"].get("name").is_none() {
        object["metadata"]["name"] = "w".into();
    }
    object
}

fn with_version(object: &Value, api_version: &str) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = api_version.into();
    object
}

fn stored(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["uid"] = "uid-of-w".into();
    object
}

/// Equal, whole floats and integers alike: Go prints them alike.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let equal = |(name, value)| other.get(name).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(equal)
        }
        _ => one == other,
    }
}
