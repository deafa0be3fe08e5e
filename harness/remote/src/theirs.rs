//! Tests of a trial's requests to objects of others on a cluster, on the in-process API server.

use std::sync::Arc;

use crosscut_client::{Api, ApiError};

use crosscut_objects::{ObjectRef, object};
use rstest::rstest;
use serde_json::{Value, json};

use super::changes::Changes;
use super::guard::{Others, guarded};
use super::ledger::Ledger;
use super::mine::Mine;
use super::recorded::recorded;
use super::testing::InProcess;
use super::trial::api;
use crosscut_cluster::{NotMine, Side};

const OWN: &str = "team-run-t1";

/// A cluster with a client of a trial and a client of another user.
struct Shared {
    _cluster: InProcess,
    theirs: Api,
    /// Refuses changes to objects of others.
    ours: Api,
    /// Sends changes to objects of others.
    bold: Api,
    changes: Arc<Changes>,
}

fn map(name: &str, namespace: &str, metadata: Value) -> Value {
    let mut map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": {"a": "b"},
    });
    for (key, value) in metadata.as_object().unwrap() {
        map["metadata"][key] = value.clone();
    }
    map
}

fn definition(group: &str, kind: &str) -> Value {
    let plural = format!("{}s", kind.to_lowercase());
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let version = json!({
        "name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema},
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "versions": [version],
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List")},
        },
    })
}

fn manifest_of(name: &str, manifest: &Value) -> Value {
    json!({
        "apiVersion": "kubernetes.m.crossplane.io/v1alpha1", "kind": "Object",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"forProvider": {"manifest": manifest}},
    })
}

async fn create(api: &Api, object: &Value) -> Value {
    let made = api.create(object).await;
    made.unwrap_or_else(|error| panic!("{object}: {error}"))
        .as_ref()
        .clone()
}

/// Returns metadata with references to `owners`.
fn owned_by(owners: &[&Value]) -> Value {
    let references: Vec<Value> = owners
        .iter()
        .map(|owner| object::owner_reference(owner))
        .collect();
    json!({"ownerReferences": references})
}

impl Shared {
    async fn start() -> Shared {
        let mut cluster = InProcess::new();
        let theirs = api(&cluster.client);
        for name in [OWN, "team-run-t1-production", "theirs"] {
            let namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            create(&theirs, &namespace).await;
        }
        create(&theirs, &definition("kubernetes.m.crossplane.io", "Object")).await;
        cluster.settle().await;
        let ledger = Arc::new(Ledger::of_trial("run", OWN, true));
        let client = &cluster.client;
        let recorded = recorded(client, &ledger);
        let ledgers = vec![Arc::clone(&ledger)];
        let mine = Mine::new(Side::Control, &ledger, ledgers, client, client);
        let changes = Arc::new(Changes::default());
        let bold = Others::Changed(Arc::clone(&changes));
        let shared = Shared {
            theirs,
            ours: api(&guarded(&recorded, &mine, &Others::Remnant)),
            bold: api(&guarded(&recorded, &mine, &bold)),
            changes,
            _cluster: cluster,
        };
        shared.fill().await;
        shared
    }

    /// Creates objects of both users, and objects that these own.
    async fn fill(&self) {
        let theirs = create(&self.theirs, &map("theirs", "default", json!({}))).await;
        let ours = create(&self.ours, &map("ours", "default", json!({}))).await;
        let custom = definition("example.org", "Shop");
        create(&self.ours, &custom).await;
        let owners = [
            ("owned-by-theirs", vec![&theirs]),
            ("owned-by-ours", vec![&ours]),
            ("owned-by-both", vec![&ours, &theirs]),
        ];
        for (name, owners) in owners {
            create(&self.theirs, &map(name, "default", owned_by(&owners))).await;
        }
        let label = |of: &str| json!({"labels": {"crossplane.io/composite": of}});
        let others = [
            map("composed", "default", label("shops.example.org")),
            map("composed-by-theirs", "default", label("theirs")),
            map("of-the-trial", OWN, json!({})),
            map("of-the-trial-too", "team-run-t1-production", json!({})),
            map("of-another-trial", "theirs", json!({})),
            map("made-by-an-object", "default", json!({})),
            map("made-by-their-object", "default", json!({})),
        ];
        for object in &others {
            create(&self.theirs, object).await;
        }
        create(&self.ours, &manifest_of("ours", &others[5])).await;
        create(&self.theirs, &manifest_of("theirs", &others[6])).await;
    }
}

fn is_not_mine<T>(answer: &Result<T, ApiError>) -> bool {
    let error = answer.as_ref().err();
    error.is_some_and(|error| NotMine::behind(error).is_some())
}

#[rstest]
#[case::made_by_the_run("ours", "default", true)]
#[case::there_before("theirs", "default", false)]
#[case::owned_by_what_was_made("owned-by-ours", "default", true)]
#[case::owned_by_what_was_there("owned-by-theirs", "default", false)]
#[case::owned_by_both("owned-by-both", "default", false)]
#[case::composed("composed", "default", true)]
#[case::composed_for_others("composed-by-theirs", "default", false)]
#[case::in_the_trials_namespace("of-the-trial", OWN, true)]
#[case::in_another_of_its_namespaces("of-the-trial-too", "team-run-t1-production", true)]
#[case::in_another_namespace("of-another-trial", "theirs", false)]
#[case::a_manifest("made-by-an-object", "default", true)]
#[case::a_manifest_of_others("made-by-their-object", "default", false)]
#[tokio::test]
async fn what_is_not_of_the_run_is_left(
    #[case] name: &str,
    #[case] namespace: &str,
    #[case] is_ours: bool,
) {
    let shared = Shared::start().await;
    let object = map(name, namespace, json!({}));
    let address = ObjectRef::of(&object);
    let before = shared.theirs.get(address).await.unwrap();
    let patch = json!({"data": {"a": "c"}});
    let mut whole = before.clone();
    object::remove(&mut whole, &["metadata", "resourceVersion"]);
    let json_patch = json!([{"op": "replace", "path": "/data/a", "value": "d"}]);
    let refused = [
        is_not_mine(&shared.ours.merge_patch(address, &patch).await),
        is_not_mine(&shared.ours.json_patch(address, &json_patch).await),
        is_not_mine(&shared.ours.apply(&object, "crosscut").await),
        is_not_mine(&shared.ours.update(&whole).await),
        is_not_mine(&shared.ours.delete(address, Default::default()).await),
    ];
    assert_eq!(refused, [!is_ours; 5]);
    let after = shared.theirs.get(address).await;
    match is_ours {
        true => assert!(after.unwrap_err().is_not_found()),
        false => assert_eq!(after.unwrap(), before),
    }
}

#[tokio::test]
async fn a_refusal_says_what_and_what_to_do() {
    let shared = Shared::start().await;
    let theirs = map("theirs", "default", json!({}));
    let refused = shared
        .ours
        .delete(ObjectRef::of(&theirs), Default::default())
        .await;
    let error = refused.unwrap_err();
    let refusal = NotMine::behind(&error).unwrap();
    assert_eq!(
        refusal.to_string(),
        "ConfigMap default/theirs was there before, and is not of this run"
    );
    assert!(refusal.help().contains("notMine: true"));
    let missing = ObjectRef::of(&theirs);
    let missing = ObjectRef {
        name: "missing",
        ..missing
    };
    let answer = shared.ours.delete(missing, Default::default()).await;
    assert!(answer.unwrap_err().is_not_found());
}

#[tokio::test]
async fn what_is_changed_of_others_is_put_back() {
    let shared = Shared::start().await;
    let changed = map("theirs", "default", json!({}));
    let deleted = map("of-another-trial", "theirs", json!({}));
    let meaning = |object: &Value| (object["data"].clone(), object["metadata"]["labels"].clone());
    let before = meaning(&shared.theirs.get(ObjectRef::of(&changed)).await.unwrap());
    for data in ["c", "d"] {
        let patch =
            json!({"metadata": {"labels": {"more": "one"}}, "data": {"a": data, "b": data}});
        shared
            .bold
            .merge_patch(ObjectRef::of(&changed), &patch)
            .await
            .unwrap();
    }
    shared
        .bold
        .delete(ObjectRef::of(&deleted), Default::default())
        .await
        .unwrap();
    assert_eq!(
        shared.changes.put_back(&shared.theirs).await,
        Vec::<String>::new()
    );
    assert_eq!(
        meaning(&shared.theirs.get(ObjectRef::of(&changed)).await.unwrap()),
        before
    );
    assert_eq!(
        meaning(&shared.theirs.get(ObjectRef::of(&deleted)).await.unwrap()),
        before
    );
    // The restoration happens once.
    assert_eq!(
        shared.changes.put_back(&shared.theirs).await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn what_somebody_changed_since_is_named_and_stays() {
    let shared = Shared::start().await;
    let [changed, gone, again] = ["theirs", "composed-by-theirs", "owned-by-theirs"]
        .map(|name| map(name, "default", json!({})));
    let ours = json!({"data": {"a": "c"}});
    for object in [&changed, &gone] {
        shared
            .bold
            .merge_patch(ObjectRef::of(object), &ours)
            .await
            .unwrap();
    }
    shared
        .bold
        .delete(ObjectRef::of(&again), Default::default())
        .await
        .unwrap();
    let more = json!({"data": {"more": "of theirs"}});
    shared
        .theirs
        .merge_patch(ObjectRef::of(&changed), &more)
        .await
        .unwrap();
    shared
        .theirs
        .delete(ObjectRef::of(&gone), Default::default())
        .await
        .unwrap();
    create(&shared.theirs, &again).await;
    assert_eq!(
        shared.changes.put_back(&shared.theirs).await,
        [
            "ConfigMap default/owned-by-theirs: somebody made another one since",
            "ConfigMap default/composed-by-theirs: somebody deleted it since",
            "ConfigMap default/theirs: somebody changed it since, so that it stays as it is",
        ]
    );
    let there = shared.theirs.get(ObjectRef::of(&changed)).await.unwrap();
    assert_eq!(there["data"], json!({"a": "c", "more": "of theirs"}));
}

#[tokio::test]
async fn what_takes_more_with_it_is_never_deleted() {
    let shared = Shared::start().await;
    let namespace = ObjectRef::cluster("v1", "Namespace", "theirs");
    let answer = shared.bold.delete(namespace, Default::default()).await;
    assert!(is_not_mine(&answer));
    shared.theirs.get(namespace).await.unwrap();
}
