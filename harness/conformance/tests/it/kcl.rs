//! The fixture in KCL is the one in Rust: the same definition, the same Compositions around other functions, and in every
//! recorded state, and with the new section, the same objects.

use crosscut_testkit::{function_kcl, project_root};
use serde_json::{Value, json};

use crate::composing::{Composing, PROVIDERS, documents, states};
use crate::differences::{differences, told};

const KCL: &str = "fixtures/dot-kubernetes/kcl";

fn package(folder: &str, file: &str) -> Vec<Value> {
    let file = project_root().join(folder).join("package").join(file);
    documents(&std::fs::read_to_string(file).unwrap())
}

#[test]
fn the_definition_is_the_same() {
    let rust = package("fixtures/dot-kubernetes", "definition.yaml");
    assert_eq!(package(KCL, "definition.yaml"), rust);
}

/// A step without what says which function composes it.
fn without_function(step: &mut Value) {
    if step["step"] != "auto-ready" {
        let step = step.as_object_mut().unwrap();
        let input = step.remove("input");
        assert!(step.remove("functionRef").is_some() && input.is_some());
    }
}

#[test]
fn the_compositions_are_the_same_around_other_functions() {
    let read = |folder| {
        let mut all = package(folder, "compositions.yaml");
        for composition in &mut all {
            let pipeline = composition["spec"]["pipeline"].as_array_mut();
            pipeline.unwrap().iter_mut().for_each(without_function);
        }
        all
    };
    let rust = read("fixtures/dot-kubernetes");
    assert_eq!(rust.len(), PROVIDERS.len());
    assert_eq!(read(KCL), rust);
}

/// The states that were recorded, and those that dot-kubernetes did not know then.
fn all_states() -> Vec<(&'static str, Value)> {
    let on = json!({ "enabled": true });
    let mut all = states().to_vec();
    all.extend([
        ("inference", json!({ "gatewayInferenceExtension": on })),
        (
            "everything-but-the-router",
            json!({
                "envoyGateway": on,
                "prometheus": on,
                "gatewayInferenceExtension": { "enabled": true, "bodyBasedRouter": false },
            }),
        ),
    ]);
    all
}

#[tokio::test]
async fn the_same_is_composed() {
    if let Err(reason) = function_kcl() {
        println!("skipped: {reason}");
        return;
    }
    let (kcl, rust) = (Composing::of(KCL), Composing::of(""));
    let mut unexpected = Vec::new();
    for provider in PROVIDERS {
        for (state, apps) in all_states() {
            let ours = kcl.compose(provider, &apps).await;
            let there = rust.compose(provider, &apps).await;
            let found = differences(&ours, &there).into_iter();
            // The revision's name is a hash of the Composition, whose functions are others.
            let real = found.filter(|one| one.1 != "/spec/crossplane/compositionRevisionRef/name");
            unexpected.extend(real.map(|one| format!("{provider}-{state}: {}", told(&one))));
        }
    }
    kcl.close().await;
    rust.close().await;
    assert_eq!(unexpected, [""; 0]);
}
