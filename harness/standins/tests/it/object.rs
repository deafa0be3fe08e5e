//! `Object` of provider-kubernetes.

use crosscut_objects::{ObjectRef, object};
use rstest::rstest;
use serde_json::{Value, json};

use crate::plane::{NAMESPACE, Planes, condition, find};

const API_VERSION: &str = "kubernetes.m.crossplane.io/v1alpha1";
const CONFIG_MAP: ObjectRef<'_> = ObjectRef {
    api_version: "v1",
    kind: "ConfigMap",
    namespace: "default",
    name: "settings",
};

fn an_object(data: &Value) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "Object",
        "metadata": {"name": "one", "namespace": NAMESPACE},
        "spec": {
            "providerConfigRef": {"kind": "ProviderConfig", "name": "target"},
            "forProvider": {"manifest": {
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "settings", "namespace": "default"},
                "data": data,
            }},
        },
    })
}

async fn planes() -> Planes {
    let mut planes = Planes::new(Vec::new()).await;
    planes.configure(API_VERSION, "target").await;
    planes
}

#[tokio::test]
async fn the_manifest_is_applied_observed_and_left_alone() {
    let mut planes = planes().await;
    let one = an_object(&json!({"a": "1"}));
    planes.apply(&one).await;
    let live = find(&planes.target, CONFIG_MAP).await.unwrap();
    assert_eq!(live["data"], json!({"a": "1"}));
    assert_eq!(
        live["metadata"]["managedFields"][0]["manager"],
        "provider-kubernetes/one"
    );
    let now = planes.now(&one).await.unwrap();
    assert_eq!(condition(&now, "Synced"), "True ReconcileSuccess");
    assert_eq!(condition(&now, "Ready"), "True Available");
    assert_eq!(now["status"]["atProvider"]["manifest"], live);
    assert_eq!(
        object::annotation(&now, "crossplane.io/external-name"),
        "one"
    );
    assert!(planes.stays().await);
}

/// Source: provider-kubernetes 1.2 on kube-apiserver 1.34.
#[tokio::test]
async fn the_provider_leaves_its_traces() {
    let mut planes = planes().await;
    let one = an_object(&json!({"a": "1"}));
    planes.apply(&one).await;
    let now = planes.now(&one).await.unwrap();
    assert_eq!(object::generation(&now), 2);
    assert_eq!(
        now["spec"]["readiness"],
        json!({"policy": "SuccessfulCreate"})
    );
    for when in ["pending", "succeeded"] {
        let annotation = format!("crossplane.io/external-create-{when}");
        assert!(!object::annotation(&now, &annotation).is_empty(), "{when}");
    }
    // The provider itself says that it is ready; crossplane-runtime says the rest, with the generation.
    for (index, condition, generation) in [(0, "Ready", None), (1, "Synced", Some(&json!(2)))] {
        let found = &now["status"]["conditions"][index];
        assert_eq!(found["type"], condition);
        assert_eq!(found.get("observedGeneration"), generation);
    }
    let usage = ObjectRef {
        api_version: API_VERSION,
        kind: "ProviderConfigUsage",
        namespace: NAMESPACE,
        name: object::uid(&now),
    };
    let usage = find(&planes.control, usage).await.unwrap();
    assert_eq!(
        usage["providerConfigRef"],
        json!({"kind": "ProviderConfig", "name": "target"})
    );
    assert!(object::is_controlled_by(&usage, object::uid(&now)));
}

#[tokio::test]
async fn what_was_made_just_now_counts_as_not_found_yet() {
    let mut planes = planes().await;
    let one = an_object(&json!({"a": "1"}));
    planes.apply(&one).await;
    let now = planes.now(&one).await.unwrap();
    let annotation = "crossplane.io/external-create-succeeded";
    let made: jiff::Timestamp = object::annotation(&now, annotation).parse().unwrap();
    let later = made + jiff::SignedDuration::from_hours(3);
    let made_later = json!({"metadata": {"annotations": {annotation: later.to_string()}}});
    let patched = planes.control.merge_patch(ObjectRef::of(&now), &made_later);
    patched.await.unwrap();
    planes.delete(&one).await;
    let said = planes.events("one").await;
    assert!(
        said.iter()
            .any(|event| event.starts_with("Normal PendingExternalResource")),
        "{said:?}"
    );
    assert_eq!(planes.now(&one).await, None);
}

#[tokio::test]
async fn the_provider_waits_for_the_finalizers_of_others() {
    let mut planes = planes().await;
    let mut one = an_object(&json!({"a": "1"}));
    one["metadata"]["finalizers"] = json!(["example.org/mine"]);
    planes.apply(&one).await;
    planes.delete(&one).await;
    assert!(find(&planes.target, CONFIG_MAP).await.is_some());
    let mine = json!({"metadata": {"finalizers": ["finalizer.managedresource.crossplane.io"]}});
    let now = planes.now(&one).await.unwrap();
    let freed = planes.control.merge_patch(ObjectRef::of(&now), &mine).await;
    freed.unwrap();
    planes.settle().await;
    assert!(find(&planes.target, CONFIG_MAP).await.is_none());
    assert_eq!(planes.now(&one).await, None);
}

#[tokio::test]
async fn a_configuration_stays_while_one_of_its_name_is_used_anywhere() {
    let mut planes = planes().await;
    let one = an_object(&json!({"a": "1"}));
    planes.apply(&one).await;
    let config = json!({
        "apiVersion": API_VERSION, "kind": "ProviderConfig",
        "metadata": {"name": "target", "namespace": NAMESPACE},
    });
    assert_eq!(planes.now(&config).await.unwrap()["status"]["users"], 1);
    let mut elsewhere = one.clone();
    elsewhere["metadata"]["namespace"] = json!("default");
    planes.apply(&elsewhere).await;
    let touched = json!({"metadata": {"annotations": {"touched": "1"}}});
    let patched = planes.control.merge_patch(ObjectRef::of(&config), &touched);
    patched.await.unwrap();
    planes.settle().await;
    assert_eq!(planes.now(&config).await.unwrap()["status"]["users"], 2);
    planes.delete(&config).await;
    let waiting = condition(&planes.now(&config).await.unwrap(), "Terminating");
    assert_eq!(
        waiting,
        "True InUse Blocking deletion while usages still exist"
    );
    planes.delete(&elsewhere).await;
    planes.delete(&one).await;
    assert_eq!(planes.now(&config).await, None);
}

#[tokio::test]
async fn what_others_do_on_the_target_is_seen_at_the_next_look() {
    let mut planes = planes().await;
    let one = an_object(&json!({"a": "1"}));
    planes.apply(&one).await;
    let label = json!({"metadata": {"labels": {"by": "another"}}});
    let live = planes.target.merge_patch(CONFIG_MAP, &label).await;
    let live = std::sync::Arc::unwrap_or_clone(live.unwrap());
    let seen = |now: &Value| now["status"]["atProvider"]["manifest"].clone();
    assert_ne!(seen(&planes.now(&one).await.unwrap()), live);
    assert!(!planes.stays().await);
    assert_eq!(seen(&planes.now(&one).await.unwrap()), live);
}

/// A Namespace that was applied with its name alone has no managed fields. The second Object finds it as it should be;
/// had it come before that was to be seen, it would have applied too, and the API server would have said who had it.
#[tokio::test]
async fn the_second_of_two_objects_finds_what_the_first_made() {
    let mut planes = planes().await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}});
    for name in ["one", "two"] {
        let mut object = an_object(&json!({}));
        object["metadata"]["name"] = json!(name);
        object["spec"]["forProvider"]["manifest"] = namespace.clone();
        planes.apply(&object).await;
    }
    let address = ObjectRef::of(&namespace);
    let found = find(&planes.target, address).await.unwrap();
    assert_eq!(found["metadata"]["managedFields"], Value::Null);
    let manager = "provider-kubernetes/two";
    planes.target.apply(&namespace, manager).await.unwrap();
    let met = find(&planes.target, address).await.unwrap();
    let owner = &met["metadata"]["managedFields"][0]["manager"];
    assert_eq!(owner, "before-first-apply");
}

#[tokio::test]
async fn fields_that_the_manifest_drops_go_and_those_of_others_stay() {
    let mut planes = planes().await;
    planes.apply(&an_object(&json!({"a": "1", "b": "2"}))).await;
    let more = json!({"data": {"c": "3"}});
    planes.target.merge_patch(CONFIG_MAP, &more).await.unwrap();
    planes.apply(&an_object(&json!({"a": "4"}))).await;
    let live = find(&planes.target, CONFIG_MAP).await.unwrap();
    assert_eq!(live["data"], json!({"a": "4", "c": "3"}));
    assert!(planes.stays().await);
}

/// The objects that deletion leaves on the target.
#[rstest]
#[case::all(json!(["*"]), false)]
#[case::without_delete(json!(["Create", "Update", "Observe"]), true)]
#[tokio::test]
async fn deletion_follows_the_policies(#[case] policies: Value, #[case] stays: bool) {
    let mut planes = planes().await;
    let mut one = an_object(&json!({"a": "1"}));
    one["spec"]["managementPolicies"] = policies;
    planes.apply(&one).await;
    planes.delete(&one).await;
    assert_eq!(planes.now(&one).await, None);
    assert_eq!(find(&planes.target, CONFIG_MAP).await.is_some(), stays);
}

#[tokio::test]
async fn observing_alone_needs_something_to_observe() {
    let mut planes = planes().await;
    let mut one = an_object(&json!({"a": "1"}));
    one["spec"]["managementPolicies"] = json!(["Observe"]);
    planes.apply(&one).await;
    assert!(find(&planes.target, CONFIG_MAP).await.is_none());
    assert_eq!(
        condition(&planes.now(&one).await.unwrap(), "Synced"),
        "False ReconcileError observe failed: external resource does not exist"
    );
}

/// The program writes its status whole, so a manifest that it never saw is there, and null.
#[tokio::test]
async fn a_kind_that_is_missing_leaves_a_status_without_a_manifest() {
    let mut planes = planes().await;
    let mut one = an_object(&json!({"a": "1"}));
    one["spec"]["forProvider"]["manifest"]["kind"] = json!("Missing");
    planes.apply(&one).await;
    let now = planes.now(&one).await.unwrap();
    assert_eq!(now["status"]["atProvider"], json!({"manifest": null}));
    assert_eq!(
        condition(&now, "Synced"),
        "False ReconcileError observe failed: cannot get object: no matches for kind \"Missing\" in version \"v1\""
    );
}

#[tokio::test]
async fn no_policies_pause_it() {
    let mut planes = planes().await;
    let mut one = an_object(&json!({"a": "1"}));
    one["spec"]["managementPolicies"] = json!([]);
    planes.apply(&one).await;
    assert!(find(&planes.target, CONFIG_MAP).await.is_none());
    let now = planes.now(&one).await.unwrap();
    assert_eq!(condition(&now, "Synced"), "False ReconcilePaused");
}

#[tokio::test]
async fn what_does_not_connect_is_tried_again_until_it_does() {
    let mut planes = Planes::new(Vec::new()).await;
    let one = an_object(&json!({"a": "1"}));
    planes.apply(&one).await;
    let synced = condition(&planes.now(&one).await.unwrap(), "Synced");
    assert!(
        synced.starts_with("False ReconcileError connect failed: cannot get ProviderConfig"),
        "{synced}"
    );
    assert!(planes.stays().await);
    planes.configure(API_VERSION, "elsewhere").await;
    planes.stays().await;
    assert_eq!(
        condition(&planes.now(&one).await.unwrap(), "Synced"),
        "False ReconcileError connect failed: no cluster is called elsewhere"
    );
    planes.configure(API_VERSION, "target").await;
    planes.stays().await;
    let now = planes.now(&one).await.unwrap();
    assert_eq!(condition(&now, "Synced"), "True ReconcileSuccess");
    assert!(find(&planes.target, CONFIG_MAP).await.is_some());
}

#[tokio::test]
async fn an_identity_must_be_there() {
    let mut planes = planes().await;
    let reference = json!({"name": "creds", "namespace": NAMESPACE, "key": "creds"});
    let identity = json!({"spec": {"identity": {
        "type": "GoogleApplicationCredentials", "source": "Secret", "secretRef": reference,
    }}});
    let config = ObjectRef {
        api_version: API_VERSION,
        kind: "ProviderConfig",
        namespace: NAMESPACE,
        name: "target",
    };
    let patched = planes.control.merge_patch(config, &identity).await;
    patched.unwrap();
    let one = an_object(&json!({"a": "1"}));
    planes.apply(&one).await;
    let synced = condition(&planes.now(&one).await.unwrap(), "Synced");
    let why = "cannot extract Google Application Credentials: cannot get credentials secret";
    assert!(synced.contains(why), "{synced}");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "creds", "namespace": NAMESPACE},
        "stringData": {"creds": "token"},
    });
    planes.apply(&secret).await;
    let synced = condition(&planes.now(&one).await.unwrap(), "Synced");
    assert_eq!(synced, "True ReconcileSuccess");
}

#[tokio::test]
async fn what_never_connected_deletes_freely() {
    let mut planes = Planes::new(Vec::new()).await;
    let one = an_object(&json!({"a": "1"}));
    planes.apply(&one).await;
    planes.delete(&one).await;
    assert_eq!(planes.now(&one).await, None);
}

#[tokio::test]
async fn references_are_taken_over_and_held() {
    let mut planes = planes().await;
    let source = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "source", "namespace": NAMESPACE},
        "data": {"value": "taken"},
    });
    planes.apply(&source).await;
    let mut one = an_object(&json!({}));
    one["spec"]["references"] = json!([{
        "patchesFrom": {
            "apiVersion": "v1", "kind": "ConfigMap",
            "name": "source", "namespace": NAMESPACE, "fieldPath": "data.value",
        },
        "toFieldPath": "data.a",
    }]);
    planes.apply(&one).await;
    let live = find(&planes.target, CONFIG_MAP).await.unwrap();
    assert_eq!(live["data"], json!({"a": "taken"}));
    planes.delete(&source).await;
    assert!(planes.now(&source).await.is_some());
    planes.delete(&one).await;
    assert_eq!(planes.now(&source).await, None);
}

/// Readiness by policy, on an object that has conditions or not.
#[rstest]
#[case("SuccessfulCreate", "True Available")]
#[case("DeriveFromObject", "False Unavailable")]
#[case("AllTrue", "False Unavailable")]
#[tokio::test]
async fn readiness_follows_the_policy(#[case] policy: &str, #[case] ready: &str) {
    let mut planes = planes().await;
    let mut one = an_object(&json!({"a": "1"}));
    one["spec"]["readiness"] = json!({"policy": policy});
    planes.apply(&one).await;
    assert_eq!(condition(&planes.now(&one).await.unwrap(), "Ready"), ready);
}

#[tokio::test]
async fn readiness_follows_a_query_and_what_cannot_be_evaluated_is_named() {
    let mut planes = planes().await;
    let mut one = an_object(&json!({"a": "1"}));
    let policy = |query: &str| json!({"policy": "DeriveFromCelQuery", "celQuery": query});
    one["spec"]["readiness"] = policy("object.data.a == '1'");
    planes.apply(&one).await;
    let ready = condition(&planes.now(&one).await.unwrap(), "Ready");
    assert_eq!(ready, "True Available");
    one["spec"]["readiness"] = policy("object.data.b == '1'");
    planes.apply(&one).await;
    let ready = condition(&planes.now(&one).await.unwrap(), "Ready");
    assert_eq!(
        ready,
        "False Unavailable failed to eval the program: no such key: b"
    );
    assert_eq!(planes.lacks(), [""; 0]);
    one["spec"]["readiness"] = policy("type(object.data.a) == string");
    planes.apply(&one).await;
    let lacks = planes.lacks();
    assert!(
        lacks[0].starts_with("an evaluator for the celQuery of Object one"),
        "{lacks:?}"
    );
}

#[tokio::test]
async fn what_can_never_be_made_comes_to_rest() {
    let mut planes = planes().await;
    let mut one = an_object(&json!({"a": "1"}));
    one["spec"]["forProvider"]["manifest"]["metadata"]["name"] = json!("Not_A_Name");
    planes.apply(&one).await;
    let failed = planes.now(&one).await.unwrap();
    let annotations = &failed["metadata"]["annotations"];
    assert!(annotations["crossplane.io/external-create-failed"].is_string());
    assert!(planes.stays().await, "nothing is told again and again");
}
