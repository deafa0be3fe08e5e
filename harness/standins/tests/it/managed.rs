//! Every other managed resource.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_objects::{ObjectRef, object};
use crosscut_standins::ManagedRule;
use serde_json::{Value, json};

use crate::plane::{NAMESPACE, Planes, condition, find};

const API_VERSION: &str = "net.cloud.example.org/v1";

fn rule(kind: &str) -> ManagedRule {
    ManagedRule {
        group: "*.cloud.example.org".to_owned(),
        kind: kind.to_owned(),
        ready: true,
        external_name_from_name: true,
        status: Value::Null,
        connection: None,
    }
}

fn definition(kind: &str, plural: &str, parameters: &Value) -> Value {
    let free = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.net.cloud.example.org")},
        "spec": {
            "group": "net.cloud.example.org", "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {
                        "forProvider": {"type": "object", "properties": parameters},
                        "writeConnectionSecretToRef": free,
                    }},
                    "status": free,
                }}},
            }],
        },
    })
}

async fn planes(rules: Vec<ManagedRule>) -> Planes {
    let free = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let said = |what: &str| {
        let mut field = free.clone();
        field["description"] = json!(what);
        field
    };
    let mut planes = Planes::new(rules).await;
    planes
        .apply(&definition("Network", "networks", &json!({})))
        .await;
    let parameters = json!({
        "networkId": {"type": "string"},
        "networkIdRef": said("Reference to a Network in net to populate networkId."),
        "networkIdSelector": said("Selector for a Network in net to populate networkId."),
    });
    planes
        .apply(&definition("Subnet", "subnets", &parameters))
        .await;
    planes
}

fn resource(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    })
}

/// An owner, which makes everything that it owns siblings.
fn owned(mut object: Value, owner: &Value) -> Value {
    object::add_owner(&mut object, object::controller_reference(owner));
    object
}

async fn owner(planes: &mut Planes, name: &str) -> Value {
    let owner = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": NAMESPACE},
    });
    planes.apply(&owner).await;
    planes.now(&owner).await.unwrap()
}

#[tokio::test]
async fn a_selector_finds_the_sibling_whenever_it_comes() {
    let mut planes = planes(vec![rule("*")]).await;
    let [ours, theirs] = [
        owner(&mut planes, "ours").await,
        owner(&mut planes, "theirs").await,
    ];
    let spec = json!({"forProvider": {"networkIdSelector": {"matchControllerRef": true}}});
    let subnet = owned(resource("Subnet", "s", &spec), &ours);
    let other = resource("Network", "other", &json!({"forProvider": {}}));
    planes.apply(&owned(other, &theirs)).await;
    planes.apply(&subnet).await;
    let synced = condition(&planes.now(&subnet).await.unwrap(), "Synced");
    assert_eq!(
        synced,
        "False ReconcileError cannot resolve references: networkId: no resources matched selector"
    );
    let network = resource("Network", "n", &json!({"forProvider": {}}));
    planes.apply(&owned(network, &ours)).await;
    planes.stays().await;
    let now = planes.now(&subnet).await.unwrap();
    assert_eq!(now["spec"]["forProvider"]["networkId"], "n");
    assert_eq!(
        now["spec"]["forProvider"]["networkIdRef"],
        json!({"name": "n"})
    );
    assert_eq!(condition(&now, "Ready"), "True Available");
    assert!(planes.stays().await);
}

fn free() -> Value {
    json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// A kind that selects several networks.
fn peerings() -> Value {
    let mut selector = free();
    selector["description"] =
        json!("Selector for a list of Network in net to populate networkIds.");
    let parameters = json!({
        "networkIds": {"type": "array", "items": {"type": "string"}},
        "networkIdRefs": {"type": "array", "items": free()},
        "networkIdSelector": selector,
    });
    definition("Peering", "peerings", &parameters)
}

/// Crossplane creates what belongs together one after the other, and what a selector has found stays. A composite
/// resource names everything before it makes the first; on a busy machine the last may come much later.
#[tokio::test]
async fn a_selector_of_many_waits_for_what_a_composite_has_named() {
    let mut planes = planes(vec![rule("*")]).await;
    planes.apply(&peerings()).await;
    let mut teams = definition("Team", "teams", &json!({}));
    *teams
        .pointer_mut("/spec/versions/0/schema/openAPIV3Schema/properties/spec")
        .unwrap() = free();
    planes.apply(&teams).await;
    let named = ["one", "two"]
        .map(|name| json!({"apiVersion": API_VERSION, "kind": "Network", "name": name}));
    let team = resource("Team", "t", &json!({"crossplane": {"resourceRefs": named}}));
    planes.apply(&team).await;
    let team = planes.now(&team).await.unwrap();
    let network = |name: &str| {
        let network = resource("Network", name, &json!({"forProvider": {}}));
        owned(network, &team)
    };
    planes.apply(&network("one")).await;
    let spec = json!({"forProvider": {"networkIdSelector": {"matchControllerRef": true}}});
    let peering = owned(resource("Peering", "p", &spec), &team);
    planes.apply(&peering).await;
    planes.stays().await;
    let ids = |now: &Value| now["spec"]["forProvider"]["networkIds"].clone();
    assert_eq!(ids(&planes.now(&peering).await.unwrap()), Value::Null);
    planes.apply(&network("two")).await;
    let now = planes.now(&peering).await.unwrap();
    assert_eq!(ids(&now), json!(["one", "two"]));
}

/// Without a composite resource the number of resources is unknown.
#[tokio::test]
async fn a_selector_of_many_waits_until_no_more_come() {
    let mut planes = planes(vec![rule("*")]).await;
    planes.apply(&peerings()).await;
    let ours = owner(&mut planes, "ours").await;
    let network = owned(resource("Network", "n", &json!({"forProvider": {}})), &ours);
    planes.control.create(&network).await.unwrap();
    let spec = json!({"forProvider": {"networkIdSelector": {"matchControllerRef": true}}});
    let peering = owned(resource("Peering", "p", &spec), &ours);
    planes.apply(&peering).await;
    let now = planes.now(&peering).await.unwrap();
    assert_eq!(now["spec"]["forProvider"]["networkIds"], json!(["n"]));
    let time = |text: &Value| -> jiff::Timestamp { text.as_str().unwrap().parse().unwrap() };
    let network = planes.now(&network).await.unwrap();
    let age = time(&now["status"]["conditions"][0]["lastTransitionTime"])
        .duration_since(time(&network["metadata"]["creationTimestamp"]));
    assert_eq!(age.as_secs(), 2);
}

#[tokio::test]
async fn what_failed_at_first_has_its_conditions_in_another_order() {
    let mut planes = planes(vec![rule("*")]).await;
    let spec = json!({"forProvider": {"networkIdRef": {"name": "n"}}});
    let early = resource("Subnet", "early", &spec);
    planes.apply(&early).await;
    let network = resource("Network", "n", &json!({"forProvider": {}}));
    planes.apply(&network).await;
    planes.stays().await;
    let late = resource("Subnet", "late", &spec);
    planes.apply(&late).await;
    for (subnet, first) in [(early, "Synced"), (late, "Ready")] {
        let now = planes.now(&subnet).await.unwrap();
        assert_eq!(now["status"]["conditions"][0]["type"], first);
        assert_eq!(condition(&now, "Ready"), "True Available");
    }
}

/// Composed resources are made one after the other; which of them is seen first decides nothing.
#[tokio::test]
async fn what_is_made_together_does_not_fail_at_first() {
    let mut planes = planes(vec![rule("*")]).await;
    let spec = json!({"forProvider": {"networkIdRef": {"name": "n"}}});
    let early = resource("Subnet", "early", &spec);
    let network = resource("Network", "n", &json!({"forProvider": {}}));
    for made in [&early, &network] {
        planes.control.create(made).await.unwrap();
    }
    planes.settle().await;
    let early = planes.now(&early).await.unwrap();
    assert_eq!(early["status"]["conditions"][0]["type"], "Ready");
    assert_eq!(condition(&early, "Synced"), "True ReconcileSuccess");
    assert_eq!(
        age_at_first_condition(&early),
        0,
        "it is looked at again as soon as the network has its name"
    );
}

/// Returns the age of an object, in seconds, at the last transition of its first condition.
fn age_at_first_condition(object: &Value) -> i64 {
    let time = |text: &Value| -> jiff::Timestamp { text.as_str().unwrap().parse().unwrap() };
    time(&object["status"]["conditions"][0]["lastTransitionTime"])
        .duration_since(time(&object["metadata"]["creationTimestamp"]))
        .as_secs()
}

/// The endpoint has named itself, and so was reconciled twice, when the subnet gets the value that the endpoint awaits.
#[tokio::test]
async fn what_waits_is_woken_by_what_it_waits_for() {
    let with_arn = ManagedRule {
        status: json!({"atProvider": {"arn": "arn:s"}}),
        ..rule("Subnet")
    };
    let mut planes = planes(vec![with_arn, rule("*")]).await;
    let mut reference = free();
    reference["description"] = json!("Reference to a Subnet in net to populate subnetArn.");
    let parameters = json!({"subnetArn": {"type": "string"}, "subnetArnRef": reference});
    planes
        .apply(&definition("Endpoint", "endpoints", &parameters))
        .await;
    let referring = |kind: &str, field: &str, to: &str| {
        let spec = json!({"forProvider": {field: {"name": to}}});
        resource(kind, "x", &spec)
    };
    let endpoint = referring("Endpoint", "subnetArnRef", "x");
    let subnet = referring("Subnet", "networkIdRef", "n");
    let network = resource("Network", "n", &json!({"forProvider": {}}));
    for made in [&endpoint, &subnet, &network] {
        planes.control.create(made).await.unwrap();
    }
    planes.settle().await;
    let now = planes.now(&endpoint).await.unwrap();
    assert_eq!(now["spec"]["forProvider"]["subnetArn"], "arn:s");
    assert_eq!(age_at_first_condition(&now), 0);
}

/// Returns the time that a resource took to say that its references lead nowhere, in seconds.
async fn gave_up_after(planes: &mut Planes, subnet: &Value) -> i64 {
    planes.apply(subnet).await;
    let now = planes.now(subnet).await.unwrap();
    assert_eq!(now["status"]["conditions"][0]["reason"], "ReconcileError");
    age_at_first_condition(&now)
}

/// A busy machine delays the provider of a resource that exists. The delay is no error of a reference.
#[tokio::test]
async fn what_no_provider_has_looked_at_yet_is_waited_for_longer_than_what_is_not_there() {
    let mut planes = planes(vec![rule("*")]).await;
    let spec = json!({"forProvider": {"networkIdRef": {"name": "n"}}});
    let lost = resource("Subnet", "lost", &spec);
    assert_eq!(gave_up_after(&mut planes, &lost).await, 10);
    // Without parameters no provider reconciles the resource.
    planes.apply(&resource("Network", "n", &json!({}))).await;
    let waiting = resource("Subnet", "waiting", &spec);
    assert_eq!(gave_up_after(&mut planes, &waiting).await, 60);
}

#[tokio::test]
async fn the_first_rule_that_matches_decides() {
    let unready = ManagedRule {
        ready: false,
        external_name_from_name: false,
        status: json!({"atProvider": {"state": "PENDING"}}),
        ..rule("Network")
    };
    let mut planes = planes(vec![unready, rule("*")]).await;
    let network = resource("Network", "n", &json!({"forProvider": {}}));
    let subnet = resource("Subnet", "s", &json!({"forProvider": {"networkId": "x"}}));
    planes.apply(&network).await;
    planes.apply(&subnet).await;
    let network = planes.now(&network).await.unwrap();
    assert_eq!(network["status"]["atProvider"], json!({"state": "PENDING"}));
    assert_eq!(condition(&network, "Ready"), "False Creating");
    let outside = object::annotation(&network, "crossplane.io/external-name");
    assert!(outside.starts_with("network-"), "{outside}");
    let subnet = planes.now(&subnet).await.unwrap();
    assert_eq!(condition(&subnet, "Ready"), "True Available");
    assert!(planes.stays().await);
}

#[tokio::test]
async fn a_connection_secret_is_published_owned_and_restored() {
    let connection = BTreeMap::from([("kubeconfig".to_owned(), "plain".to_owned())]);
    let publishing = ManagedRule {
        connection: Some(connection),
        ..rule("Network")
    };
    let mut planes = planes(vec![publishing]).await;
    let spec = json!({"forProvider": {}, "writeConnectionSecretToRef": {"name": "access"}});
    let network = resource("Network", "n", &spec);
    planes.apply(&network).await;
    let address = ObjectRef {
        api_version: "v1",
        kind: "Secret",
        namespace: NAMESPACE,
        name: "access",
    };
    let secret = find(&planes.control, address).await.unwrap();
    assert_eq!(secret["type"], "connection.crossplane.io/v1alpha1");
    assert_eq!(secret["data"]["kubeconfig"], STANDARD.encode("plain"));
    let uid = object::uid(&planes.now(&network).await.unwrap()).to_owned();
    assert!(object::is_controlled_by(&secret, &uid));
    assert!(planes.stays().await);
    planes.delete(&network).await;
    assert_eq!(planes.now(&network).await, None);
    assert!(find(&planes.control, address).await.is_none());
}

#[tokio::test]
async fn a_paused_resource_is_left_alone() {
    let mut planes = planes(vec![rule("*")]).await;
    let mut network = resource("Network", "n", &json!({"forProvider": {}}));
    network["metadata"]["annotations"] = json!({"crossplane.io/paused": "true"});
    planes.apply(&network).await;
    let now = planes.now(&network).await.unwrap();
    assert_eq!(condition(&now, "Synced"), "False ReconcilePaused");
    assert_eq!(object::annotation(&now, "crossplane.io/external-name"), "");
}
