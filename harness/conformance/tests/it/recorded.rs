//! What the fixture composes on the embedded control plane is what the real dot-kubernetes composes.
//!
//! The nine recorded states (three providers; nothing, Envoy Gateway, Prometheus too) are compared object by object and
//! field by field, order included. What differs on purpose is listed with its reason, and an entry that nothing needs
//! any longer fails, too. The recordings are no part of the project; where they are missing, this is skipped and says so.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says what it waits for"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8PathBuf;
use crosscut_client::{Address, Api, Mapper, object};
use crosscut_cluster::embedded::Embedded;
use crosscut_cluster::{Cluster, Lease, Side};
use crosscut_suite::Selection;
use crosscut_testkit::{project_root, reference_data};
use serde_json::{Value, json};

const NAMESPACE: &str = "a-team";

/// Each intended difference: where it is, what it is about, and why.
///
/// `objects` is a part of `Kind name`, `path` the beginning of a JSON pointer within the object; an empty path means
/// that the object is only on one side.
struct Intended {
    objects: &'static str,
    path: &'static str,
    why: &'static str,
}

const INTENDED: [Intended; 20] = [
    Intended {
        objects: "-app-inference-crd-inferencepools",
        path: "",
        why: "the InferencePool CRD belongs to the inference extension alone: Envoy Gateway does not bring it",
    },
    Intended {
        objects: "-app-inference-crd-inferenceobjectives",
        path: "",
        why: "the experimental InferenceObjective CRD is never composed",
    },
    Intended {
        objects: "-app-gateway-helm",
        path: "/spec/forProvider/values/config/envoyGateway/extensionManager/backendResources",
        why: "Envoy Gateway never gets ready while its values name InferencePool and the CRD is absent",
    },
    Intended {
        objects: "Cluster ",
        path: "/spec/crossplane/compositionRevisionRef/name",
        why: "the revision's name is a hash of the Composition, whose functions are others",
    },
    Intended {
        objects: "Cluster ",
        path: "/status",
        why: "the recording's stand-in left everything unready; here managed resources become ready",
    },
    Intended {
        objects: "",
        path: "/status",
        why: "written by providers, here and there by stand-ins",
    },
    Intended {
        objects: "",
        path: "/metadata/finalizers",
        why: "no provider ran for the recording; here stand-ins hold what they manage",
    },
    Intended {
        objects: "",
        path: "/metadata/labels/crossplane.io~1in-use",
        why: "usages had no effect in the recording, since webhooks were off",
    },
    Intended {
        objects: "Usage ",
        path: "/metadata",
        why: "usages had no effect in the recording; here they own a reference to what uses",
    },
    Intended {
        objects: "Release a-team-gke-cilium",
        path: "/spec/forProvider/set/6/value",
        why: "the pods' range is the stand-in cluster's; the recording's had none",
    },
    Intended {
        objects: "NodePool ",
        path: "/spec/forProvider/cluster",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "Cluster ",
        path: "/spec/forProvider/vpcConfig/subnetId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/vpcId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/subnetId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/routeTableId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/clusterName",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/gatewayId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/securityGroupId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/nodeRoleArn",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/roleArn",
        why: "stand-ins resolve references; the recording's left them",
    },
];

/// One difference: `Kind name`, a JSON pointer (empty for a whole object), and both sides.
type Difference = (String, String, Value, Value);

#[tokio::test]
async fn the_fixture_composes_what_dot_kubernetes_does() {
    let Some(folder) = reference_data("facts/composed") else {
        println!("skipped: the recordings of composed resources are not beside the project");
        return;
    };
    let root = Utf8PathBuf::from_path_buf(project_root()).unwrap();
    let plan = crosscut_suite::load(&root, &Selection::default()).expect("the project's documents");
    let progress = Arc::new(|what: &str| println!("{what}"));
    let cluster = Embedded::new(Arc::clone(&plan.suite), progress);
    let mut used = BTreeSet::new();
    let mut unexpected = Vec::new();
    for provider in ["aws", "azure", "google"] {
        let trial = plan
            .trials
            .iter()
            .find(|trial| trial.provider.name == provider);
        for (state, apps) in states() {
            let lease = cluster.lease(trial.expect("a trial"), 0).await.unwrap();
            let ours = compose(lease, &trial.unwrap().provider.values, &apps).await;
            let file = folder.join(format!("{provider}-{state}.yaml"));
            let recorded = documents(&std::fs::read_to_string(file).unwrap());
            for difference in differences(&ours, &recorded) {
                match intended(&difference) {
                    Some(index) => {
                        used.insert(index);
                    }
                    None => unexpected.push(format!("{provider}-{state}: {}", told(&difference))),
                }
            }
        }
    }
    cluster.close().await;
    assert!(
        unexpected.is_empty(),
        "{} differences:\n{}",
        unexpected.len(),
        unexpected.join("\n")
    );
    let unused: Vec<&str> = (0..INTENDED.len())
        .filter(|index| !used.contains(index))
        .map(|index| INTENDED[index].why)
        .collect();
    assert!(
        unused.is_empty(),
        "nothing needs these any longer: {unused:?}"
    );
}

fn states() -> [(&'static str, Value); 3] {
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

/// Applies the composite resource, settles, and reads it and all that it composed, in the order of its references.
async fn compose(mut lease: Box<dyn Lease>, values: &Value, apps: &Value) -> Vec<Value> {
    let api = Api::new(
        &lease.connection(Side::Control),
        &Arc::new(Mapper::default()),
        "test",
    );
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
    let composite = api.get(Address::of(&composite)).await.unwrap();
    let references = composite["spec"]["crossplane"]["resourceRefs"]
        .as_array()
        .unwrap()
        .clone();
    let mut all = vec![composite];
    for reference in &references {
        let address = Address {
            namespace: NAMESPACE,
            ..Address::of(reference)
        };
        let name = object::text(reference, &["name"]);
        all.push(api.get(Address { name, ..address }).await.unwrap());
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

fn documents(text: &str) -> Vec<Value> {
    let nodes = crosscut_yaml::parse(text, &crosscut_yaml::Limits::default()).unwrap();
    nodes.iter().map(crosscut_yaml::Node::to_value).collect()
}

fn name(object: &Value) -> String {
    format!("{} {}", object::kind(object), object::name(object))
}

/// Every difference, and the order of what both sides have.
fn differences(ours: &[Value], recorded: &[Value]) -> Vec<Difference> {
    let index = |list: &[Value]| -> BTreeMap<(String, String), Value> {
        let key = |object: &Value| (object::api_version(object).to_owned(), name(object));
        list.iter()
            .map(|object| (key(object), object.clone()))
            .collect()
    };
    let (mine, theirs) = (index(ours), index(recorded));
    let mut found = Vec::new();
    for (key, object) in &mine {
        match theirs.get(key) {
            Some(other) => compare(
                &key.1,
                "",
                &without_references(object),
                &without_references(other),
                &mut found,
            ),
            None => found.push((key.1.clone(), String::new(), object.clone(), Value::Null)),
        }
    }
    for (key, object) in theirs.iter().filter(|(key, _)| !mine.contains_key(*key)) {
        found.push((key.1.clone(), String::new(), Value::Null, object.clone()));
    }
    let order = |list: &[Value], other: &BTreeMap<_, _>| -> Vec<String> {
        let shared = list.iter().filter(|object| {
            other.contains_key(&(object::api_version(object).to_owned(), name(object)))
        });
        shared.map(name).collect()
    };
    let (mine_order, their_order) = (order(ours, &theirs), order(recorded, &mine));
    if mine_order != their_order {
        found.push((
            "the order".to_owned(),
            "/".to_owned(),
            json!(mine_order),
            json!(their_order),
        ));
    }
    found
}

/// The references are compared as the objects that they lead to, and their order as those objects' order.
fn without_references(object: &Value) -> Value {
    let mut object = object.clone();
    object::remove(&mut object, &["spec", "crossplane", "resourceRefs"]);
    object
}

fn compare(of: &str, path: &str, ours: &Value, recorded: &Value, found: &mut Vec<Difference>) {
    match (ours, recorded) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let step = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                let (one, other) = (one.get(name), other.get(name));
                compare(
                    of,
                    &step,
                    one.unwrap_or(&Value::Null),
                    other.unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                compare(of, &format!("{path}/{index}"), one, other, found);
            }
        }
        _ if ours == recorded => {}
        _ => found.push((
            of.to_owned(),
            path.to_owned(),
            ours.clone(),
            recorded.clone(),
        )),
    }
}

fn intended((of, path, ..): &Difference) -> Option<usize> {
    INTENDED.iter().position(|intended| {
        of.contains(intended.objects)
            && match intended.path {
                "" => path.is_empty(),
                start => path.starts_with(start),
            }
    })
}

fn told((of, path, ours, recorded): &Difference) -> String {
    if path.is_empty() {
        let side = if ours.is_null() {
            "only recorded"
        } else {
            "only here"
        };
        return format!("{of}: {side}");
    }
    format!("{of} {path}: {ours} here, {recorded} recorded")
}
