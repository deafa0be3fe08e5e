//! What a suite composes on the embedded control plane.

use std::sync::Arc;

use camino::Utf8PathBuf;
use crosscut_client::Api;

use crosscut_cluster::{Cluster, Lease, Side};
use crosscut_embedded::Embedded;
use crosscut_objects::{ObjectRef, object};
use crosscut_suite::{Plan, Selection};
use crosscut_testkit::project_root;
use serde_json::{Value, json};

const NAMESPACE: &str = "a-team";

/// The providers, which both suites judge on.
pub(crate) const PROVIDERS: [&str; 3] = ["aws", "azure", "google"];

/// The recorded states: what apps there are.
pub(crate) fn states() -> [(&'static str, Value); 3] {
    let on = json!({ "enabled": true });
    [
        ("base", Value::Null),
        ("envoy", json!({ "envoyGateway": on })),
        (
            "envoy-prometheus",
            json!({ "envoyGateway": on, "prometheus": on }),
        ),
    ]
}

/// A suite on the embedded control plane.
pub(crate) struct Composing {
    plan: Plan,
    cluster: Embedded,
}

impl Composing {
    /// The suite in this folder of the project.
    pub(crate) fn of(folder: &str) -> Composing {
        let root = Utf8PathBuf::from_path_buf(project_root()).unwrap();
        let plan = crosscut_suite::load(&root.join(folder), &Selection::default());
        let plan = plan.expect("the suite's documents");
        let progress = Arc::new(|what: &str| println!("{what}"));
        let cluster = Embedded::new(Arc::clone(&plan.suite), progress);
        Composing { plan, cluster }
    }

    /// The composite resource with these apps and all that it composes, in the order of its references.
    pub(crate) async fn compose(&self, provider: &str, apps: &Value) -> Vec<Value> {
        let mut trials = self.plan.trials.iter();
        let trial = trials.find(|trial| trial.provider.name == provider);
        let trial = trial.expect("a trial");
        let lease = self.cluster.lease(trial, 0).await.unwrap();
        composed(lease, &trial.provider.values, apps).await
    }

    /// Ends the suite's functions.
    pub(crate) async fn close(self) {
        self.cluster.close().await;
    }
}

/// Applies the composite resource, settles, and reads it and all that it composed, in the order of its references.
async fn composed(mut lease: Box<dyn Lease>, values: &Value, apps: &Value) -> Vec<Value> {
    let api = Api::new(lease.connection(Side::Control), "test");
    let mut parameters = json!({ "nodeSize": "medium", "minNodeCount": 1 });
    if !apps.is_null() {
        parameters["apps"] = apps.clone();
    }
    let composite = json!({
        "apiVersion": "devopstoolkit.ai/v2",
        "kind": "Cluster",
        "metadata": { "name": values["clusterName"], "namespace": NAMESPACE },
        "spec": {
            "crossplane": { "compositionSelector": { "matchLabels": values["compositionLabels"] } },
            "parameters": parameters,
        },
    });
    api.create(&composite).await.unwrap();
    let rest = lease.settle().await.unwrap();
    assert!(rest.failing.is_empty(), "{:?}", rest.failing);
    let composite = api.get(ObjectRef::of(&composite)).await.unwrap();
    let references = composite["spec"]["crossplane"]["resourceRefs"]
        .as_array()
        .unwrap()
        .clone();
    let mut all = vec![composite];
    for reference in &references {
        let address = ObjectRef {
            namespace: NAMESPACE,
            ..ObjectRef::of(reference)
        };
        let name = object::text(reference, &["name"]);
        all.push(api.get(ObjectRef { name, ..address }).await.unwrap());
    }
    all.iter_mut().for_each(normalise);
    all
}

/// As the recordings are normalised.
fn normalise(object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in [
            "uid",
            "resourceVersion",
            "generation",
            "managedFields",
            "creationTimestamp",
        ] {
            metadata.remove(field);
        }
    }
    replace(object);
}

fn replace(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("observedGeneration");
            for (name, value) in map.iter_mut() {
                match name.as_str() {
                    "uid" => *value = json!("UID"),
                    "lastTransitionTime" => *value = json!("TIME"),
                    _ => replace(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(replace),
        Value::String(text) if text == NAMESPACE => *value = json!("NAMESPACE"),
        _ => {}
    }
}

/// The documents of a text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let nodes = crosscut_yaml::parse(text, &crosscut_yaml::Limits::default()).unwrap();
    nodes.iter().map(crosscut_yaml::Node::to_value).collect()
}
