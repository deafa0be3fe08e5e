//! The providers' slim CRDs accept, default, prune and refuse what is composed just as the real CRDs do.
//!
//! The real ones and the recordings of composed objects are no part of the project; where they are
//! missing, the comparisons are skipped and say so. What slim CRDs leave out on purpose (fields that
//! nothing composes) is not compared, and neither is `status`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_schema::Structural;
use crosscut_suite::{Disk, Files, Selection, load_from};
use crosscut_testkit::{project_root, reference_data};
use crosscut_yaml::Limits;
use serde_json::{Value, json};

/// API version and kind.
type Kind = (String, String);

/// The documents of all YAML files in a folder and below.
fn documents(folder: &Utf8Path) -> Vec<Value> {
    let files = Disk.list(folder).unwrap();
    let yaml = files.iter().filter(|file| file.extension() == Some("yaml"));
    yaml.flat_map(|file| {
        crosscut_yaml::parse(&Disk.read(file).unwrap(), &Limits::default()).unwrap()
    })
    .map(|node| node.to_value())
    .collect()
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn kind_of(object: &Value) -> Kind {
    (text(object, "/apiVersion"), text(object, "/kind"))
}

fn is_crd(document: &Value) -> bool {
    text(document, "/kind") == "CustomResourceDefinition"
}

/// The schemas of a CRD, by what they are the schemas of.
fn schemas(crd: &Value) -> Vec<(Kind, Value)> {
    let (group, kind) = (text(crd, "/spec/group"), text(crd, "/spec/names/kind"));
    let versions = crd["spec"]["versions"].as_array().unwrap();
    let schema = |version: &Value| {
        let name = format!("{group}/{}", text(version, "/name"));
        (
            (name, kind.clone()),
            version["schema"]["openAPIV3Schema"].clone(),
        )
    };
    versions.iter().map(schema).collect()
}

/// The compiled schemas of those CRDs in a folder that `wanted` selects.
fn compiled(folder: &Utf8Path, wanted: impl Fn(&Kind) -> bool) -> BTreeMap<Kind, Structural> {
    let crds = documents(folder).into_iter().filter(is_crd);
    let schemas = crds
        .flat_map(|crd| schemas(&crd))
        .filter(|(kind, _)| wanted(kind));
    schemas
        .map(|(kind, schema)| {
            let compiled = Structural::compile(&schema);
            let problems = compiled.as_ref().err();
            assert!(
                problems.is_none(),
                "the schema of {kind:?} is not structural: {problems:?}"
            );
            (kind, compiled.unwrap())
        })
        .collect()
}

fn providers() -> Utf8PathBuf {
    Utf8PathBuf::from_path_buf(project_root().join("providers")).unwrap()
}

fn reference(path: &str) -> Option<Utf8PathBuf> {
    reference_data(path).and_then(|found| Utf8PathBuf::from_path_buf(found).ok())
}

/// The recorded composed objects of the kinds that providers bring, each distinct one once.
fn composed(recordings: &Utf8Path, known: &BTreeMap<Kind, Structural>) -> Vec<Value> {
    let mut distinct = BTreeSet::new();
    let mut found = Vec::new();
    for object in documents(recordings) {
        let slim = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"],
            "metadata": {"name": object["metadata"]["name"]}, "spec": object["spec"],
        });
        if known.contains_key(&kind_of(&object)) && distinct.insert(slim.to_string()) {
            found.push(slim);
        }
    }
    found
}

/// What a schema makes of an object.
#[derive(Debug, PartialEq)]
struct Outcome {
    pruned: BTreeSet<String>,
    object: Value,
    errors: BTreeSet<String>,
}

fn outcome(schema: &Structural, object: &Value) -> Outcome {
    let mut object = object.clone();
    let pruned = schema.prune(&mut object).into_iter().collect();
    schema.default(&mut object);
    let validation = schema.validate(&object, None);
    let errors = validation
        .errors
        .iter()
        .map(|error| format!("{error:?}"))
        .collect();
    Outcome {
        pruned,
        object,
        errors,
    }
}

/// The pointers to everything below `value`, `at` being the pointer to it.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, child)| (index.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{at}/{key}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

/// `object` without what `pointer` points to.
fn without(object: &Value, pointer: &str) -> Value {
    let mut object = object.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match object.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(&key.replace("~1", "/").replace("~0", "~"))),
        Value::Array(items) => drop(items.remove(key.parse().unwrap())),
        _ => {}
    }
    object
}

/// `object` with `value` where `pointer` points to.
fn with(object: &Value, pointer: &str, value: Value) -> Value {
    let mut object = object.clone();
    *object.pointer_mut(pointer).unwrap() = value;
    object
}

/// `object` bent in every place of its spec, one at a time: taken out, of a wrong type, or too much.
fn bent(object: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    pointers(&object["spec"], "/spec", &mut places);
    let mut found = vec![("as recorded".to_owned(), object.clone())];
    for place in &places {
        found.push((format!("without {place}"), without(object, place)));
        found.push((
            format!("{place} is a list"),
            with(object, place, json!([["bent"]])),
        ));
        if let Some(fields) = object.pointer(place).and_then(Value::as_object) {
            let mut fields = fields.clone();
            fields.insert("bent".to_owned(), json!("bent"));
            found.push((
                format!("{place} has a field too much"),
                with(object, place, Value::Object(fields)),
            ));
        } else {
            found.push((
                format!("{place} is an object"),
                with(object, place, json!({"bent": "bent"})),
            ));
        }
    }
    found
}

#[test]
fn every_crd_is_structural_and_named_after_its_file() {
    for folder in [
        "aws/crds",
        "azure/crds",
        "google/crds",
        "shared/crds",
        "shared/target-crds",
    ] {
        let folder = providers().join(folder);
        assert!(!compiled(&folder, |_| true).is_empty());
        for file in Disk.list(&folder).unwrap() {
            let crd = documents(&file).remove(0);
            let expected = format!(
                "{}_{}",
                text(&crd, "/spec/group"),
                text(&crd, "/spec/names/plural")
            );
            assert_eq!(file.file_stem(), Some(expected.as_str()));
        }
    }
}

/// The least of a project that has these providers.
const SUITE: &str = "{apiVersion: crosscut.dev/v1alpha1, kind: Suite, metadata: {name: providers}}";
const SCENARIO: &str = r"
apiVersion: crosscut.dev/v1alpha1
kind: Scenario
metadata: {name: nothing}
spec:
  steps:
    - name: nothing is there
      actions:
        - absent: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: something}}}
";

#[test]
fn every_provider_document_reads_without_a_mistake() {
    let root = Utf8Path::new("/project");
    let mut files = BTreeMap::new();
    files.insert(root.join("crosscut.yaml"), SUITE.to_owned());
    files.insert(
        root.join("scenarios/nothing/scenario.yaml"),
        SCENARIO.to_owned(),
    );
    for file in Disk.list(&providers()).unwrap() {
        let below = file.strip_prefix(providers()).unwrap();
        files.insert(
            root.join("providers").join(below),
            Disk.read(&file).unwrap(),
        );
    }
    let plan = load_from(&files, root, &Selection::default());
    let providers = plan
        .map_err(|report| format!("{report:?}"))
        .unwrap()
        .suite
        .providers
        .clone();
    let names: Vec<&str> = providers
        .iter()
        .map(|provider| provider.name.as_str())
        .collect();
    assert_eq!(names, ["aws", "azure", "google"]);
    for provider in providers {
        assert!(
            !provider.crds.is_empty()
                && !provider.target_crds.is_empty()
                && !provider.managed.is_empty()
        );
    }
}

#[test]
fn every_composed_kind_has_a_slim_crd() {
    let Some(recordings) = reference("facts/composed") else {
        return;
    };
    let slim = compiled(&providers(), |_| true);
    // The composite itself, and Crossplane's own kinds: they come with the control plane.
    let elsewhere = ["devopstoolkit.ai/v2", "protection.crossplane.io/v1beta1"];
    let kinds: BTreeSet<Kind> = documents(&recordings).iter().map(kind_of).collect();
    let missing: Vec<&Kind> = kinds
        .iter()
        .filter(|kind| !slim.contains_key(kind) && !elsewhere.contains(&kind.0.as_str()))
        .collect();
    assert!(missing.is_empty(), "no slim CRD for {missing:?}");
}

#[test]
fn slim_crds_accept_composed_objects_whole() {
    let Some(recordings) = reference("facts/composed") else {
        return;
    };
    let slim = compiled(&providers(), |_| true);
    for object in composed(&recordings, &slim) {
        let kind = kind_of(&object);
        let found = outcome(&slim[&kind], &object);
        let nothing = (&BTreeSet::new(), &BTreeSet::new());
        assert_eq!((&found.pruned, &found.errors), nothing, "{kind:?}");
        assert_eq!(
            found.object, object,
            "recordings have their defaults already"
        );
    }
}

#[test]
fn slim_crds_treat_composed_objects_as_the_real_ones_do() {
    let (Some(crds), Some(recordings)) = (reference("crds"), reference("facts/composed")) else {
        return;
    };
    let slim = compiled(&providers(), |_| true);
    let objects = composed(&recordings, &slim);
    let kinds: BTreeSet<Kind> = objects.iter().map(kind_of).collect();
    let real = compiled(&crds, |kind| kinds.contains(kind));
    let mut judged = 0;
    for object in &objects {
        let kind = kind_of(object);
        for (how, object) in bent(object) {
            let name = text(&object, "/metadata/name");
            assert_eq!(
                outcome(&slim[&kind], &object),
                outcome(&real[&kind], &object),
                "{kind:?} {name}, {how}"
            );
            judged += 1;
        }
    }
    assert!(judged > objects.len(), "nothing was bent");
}
