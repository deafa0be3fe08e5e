//! Tests that compare crosscut's CRDs of Crossplane's kinds with the real ones: fields, defaults, rules,
//! required fields.

use crosscut_crossplane::custom_resource_definitions;
use crosscut_testkit::reference_data;
use serde_json::Value;

#[test]
fn every_file_is_one_definition() {
    let names: Vec<String> = custom_resource_definitions()
        .iter()
        .map(|crd| {
            crd["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(
        names,
        [
            "compositeresourcedefinitions.apiextensions.crossplane.io",
            "compositions.apiextensions.crossplane.io",
            "compositionrevisions.apiextensions.crossplane.io",
            "usages.protection.crossplane.io",
            "clusterusages.protection.crossplane.io",
        ]
    );
}

#[test]
fn definitions_serve_what_crossplane_serves() {
    let Some(folder) = reference_data("crds/crossplane") else {
        return;
    };
    for ours in custom_resource_definitions() {
        let (group, plural) = (&ours["spec"]["group"], &ours["spec"]["names"]["plural"]);
        let file = format!(
            "{}_{}.yaml",
            group.as_str().unwrap_or_default(),
            plural.as_str().unwrap_or_default()
        );
        let text = std::fs::read_to_string(folder.join(&file)).expect("the real definition");
        let documents =
            crosscut_yaml::parse(&text, &crosscut_yaml::Limits::default()).expect("valid YAML");
        let mut real = documents[0].to_value();
        without_prose(&mut real);
        let mut ours = ours;
        without_prose(&mut ours);
        assert_eq!(ours["spec"], real["spec"], "{file}");
    }
}

/// Removes the fields without effect: descriptions, and the columns of kubectl.
fn without_prose(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, value| {
                !(key == "description" && value.is_string()) && key != "additionalPrinterColumns"
            });
            fields.values_mut().for_each(without_prose);
        }
        Value::Array(items) => items.iter_mut().for_each(without_prose),
        _ => {}
    }
}
