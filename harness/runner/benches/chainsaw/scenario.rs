//! Conversion of a scenario to a Chainsaw test. Assertion documents and bindings are the same in both. An action
//! without a counterpart in Chainsaw stops the benchmark.

use std::fs;
use std::path::Path;

use camino::Utf8Path;
use crosscut_suite::Trial;
use crosscut_yaml::{Limits, parse, to_yaml};
use serde_json::{Value, json};

/// Writes the Chainsaw test of a trial's scenario into a new folder, with its documents and the provider's values.
pub(crate) fn write(project: &Utf8Path, trial: &Trial, namespace: &str, test: &Path) {
    fs::create_dir(test).unwrap();
    let file = project.join(trial.scenario.place.source.name.as_str());
    for document in fs::read_dir(file.parent().unwrap()).unwrap() {
        let document = document.unwrap();
        if document.file_name() != "scenario.yaml" {
            fs::copy(document.path(), test.join(document.file_name())).unwrap();
        }
    }
    let scenario = parse(&fs::read_to_string(&file).unwrap(), &Limits::default()).unwrap();
    let converted = converted(
        &scenario.first().unwrap().to_value(),
        &trial.provider.name,
        namespace,
    );
    fs::write(test.join("chainsaw-test.yaml"), to_yaml(&converted)).unwrap();
    fs::write(test.join("values.yaml"), to_yaml(&trial.provider.values)).unwrap();
}

fn converted(scenario: &Value, provider: &str, namespace: &str) -> Value {
    let mut bindings = vec![json!({"name": "provider", "value": provider})];
    let own = scenario["spec"].get("bindings").and_then(Value::as_array);
    bindings.extend(own.into_iter().flatten().cloned());
    let steps = scenario["spec"]["steps"].as_array().unwrap().iter();
    let steps: Vec<Value> = steps
        .map(|step| {
            let actions = step["actions"].as_array().unwrap().iter();
            let operations: Vec<Value> = actions.flat_map(operations).collect();
            let bindings = step.get("bindings").cloned().unwrap_or(json!([]));
            json!({"name": step["name"], "bindings": bindings, "try": operations})
        })
        .collect();
    json!({
        "apiVersion": "chainsaw.kyverno.io/v1alpha1",
        "kind": "Test",
        "metadata": scenario["metadata"],
        "spec": {
            "namespace": namespace,
            "bindings": bindings,
            "steps": steps,
        },
    })
}

/// Returns Chainsaw's operations for one action.
fn operations(action: &Value) -> Vec<Value> {
    let mut common = json!({});
    if action.get("on").and_then(Value::as_str) == Some("target") {
        common["cluster"] = json!("target");
    }
    if let Some(bindings) = action.get("bindings") {
        common["bindings"] = bindings.clone();
    }
    let (name, body) = action
        .as_object()
        .unwrap()
        .iter()
        .find(|(name, _)| !["on", "bindings"].contains(&name.as_str()))
        .unwrap();
    let (operation, documents) = match name.as_str() {
        "apply" => ("apply", documents(body)),
        "expect" => ("assert", documents(body)),
        "absent" => ("error", documents(body)),
        // Chainsaw asserts on events as on any other object.
        "events" if body["absent"] == json!(true) => ("error", vec![event(&body["resource"])]),
        "events" => ("assert", vec![event(&body["resource"])]),
        other => panic!("Chainsaw has no word for {other}"),
    };
    let operation = |document: Value| {
        let mut body = common.as_object().cloned().unwrap_or_default();
        body.extend(document.as_object().cloned().unwrap_or_default());
        json!({ operation: body })
    };
    documents.into_iter().map(operation).collect()
}

/// Returns the documents, one for each operation: Chainsaw accepts one file or one inline document.
fn documents(body: &Value) -> Vec<Value> {
    let inline = |resource: &Value| json!({ "resource": resource });
    match (
        body.get("file"),
        body.get("resource"),
        body.get("resources"),
    ) {
        (Some(file), ..) => vec![json!({ "file": file })],
        (_, Some(resource), _) => vec![inline(resource)],
        (.., Some(resources)) => resources.as_array().unwrap().iter().map(inline).collect(),
        _ => panic!("neither file nor resources in {body}"),
    }
}

fn event(resource: &Value) -> Value {
    let mut resource = resource.clone();
    resource["apiVersion"] = json!("v1");
    resource["kind"] = json!("Event");
    json!({ "resource": resource })
}
