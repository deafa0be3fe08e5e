//! Pruning and defaulting, case by case. Source: the rules in apiextensions-apiserver's documentation on structural
//! schemas, each confirmed on kube-apiserver 1.34.3.

use crosscut_schema::Structural;
use rstest::rstest;
use serde_json::{Value, json};

fn yaml(text: &str) -> Value {
    let nodes = crosscut_yaml::parse(text, &crosscut_yaml::Limits::default()).unwrap();
    nodes[0].to_value()
}

fn structural(spec: &str) -> Structural {
    let schema = json!({ "type": "object", "properties": { "spec": yaml(spec) } });
    Structural::compile(&schema).unwrap()
}

#[rstest]
#[case::unknown(
    "{type: object, properties: {a: {type: string}}}",
    "{a: x, b: y}",
    "{a: x}",
    "spec.b"
)]
#[case::below_items(
    "{type: object, properties: {l: {type: array, items: {type: object, properties: {a: {type: string}}}}}}",
    "{l: [{a: x, b: y}]}",
    "{l: [{a: x}]}",
    "spec.l[0].b"
)]
#[case::preserved(
    "{type: object, x-kubernetes-preserve-unknown-fields: true, properties: {k: {type: object, properties: {a: {type: string}}}}}",
    "{u: {v: 1}, k: {a: x, b: y}}",
    "{u: {v: 1}, k: {a: x}}",
    "spec.k.b"
)]
#[case::map_values(
    "{type: object, additionalProperties: {type: object, properties: {a: {type: string}}}}",
    "{m: {a: x, b: y}}",
    "{m: {a: x}}",
    "spec.m.b"
)]
#[case::any_values(
    "{type: object, additionalProperties: true}",
    "{m: {a: x}, n: [1]}",
    "{m: {}, n: [1]}",
    "spec.m.a"
)]
#[case::embedded(
    "{type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}",
    "{apiVersion: v1, kind: A, metadata: {name: a}, spec: {x: 1}, z: 1}",
    "{apiVersion: v1, kind: A, metadata: {name: a}, spec: {}}",
    "spec.spec.x spec.z"
)]
#[case::logic_does_not_prune(
    "{type: object, properties: {a: {type: string}}, anyOf: [{required: [a]}]}",
    "{a: x}",
    "{a: x}",
    ""
)]
fn prunes(#[case] schema: &str, #[case] given: &str, #[case] expected: &str, #[case] gone: &str) {
    let mut object =
        json!({ "apiVersion": "a/v1", "kind": "K", "metadata": { "x": 1 }, "spec": yaml(given) });
    let paths = structural(schema).prune(&mut object);
    assert_eq!(object["spec"], yaml(expected));
    assert_eq!(paths.join(" "), gone);
    assert_eq!(
        object["metadata"]["x"], 1,
        "metadata is not the schema's business"
    );
}

#[rstest]
#[case::missing(
    "{type: object, properties: {a: {type: string, default: x}}}",
    "{}",
    "{a: x}"
)]
#[case::given(
    "{type: object, properties: {a: {type: string, default: x}}}",
    "{a: y}",
    "{a: y}"
)]
#[case::null_with_default(
    "{type: object, properties: {a: {type: string, default: x}}}",
    "{a: null}",
    "{a: x}"
)]
#[case::null_without_default("{type: object, properties: {a: {type: string}}}", "{a: null}", "{}")]
#[case::null_allowed(
    "{type: object, properties: {a: {type: string, nullable: true, default: x}}}",
    "{a: null}",
    "{a: null}"
)]
#[case::deep(
    "{type: object, properties: {o: {type: object, properties: {a: {type: string, default: x}}}}}",
    "{o: {}}",
    "{o: {a: x}}"
)]
#[case::not_into_the_absent(
    "{type: object, properties: {o: {type: object, properties: {a: {type: string, default: x}}}}}",
    "{}",
    "{}"
)]
#[case::through_an_object_default(
    "{type: object, properties: {o: {type: object, default: {}, properties: {a: {type: string, default: x}}}}}",
    "{}",
    "{o: {a: x}}"
)]
#[case::items(
    "{type: object, properties: {l: {type: array, items: {type: object, properties: {a: {type: string, default: x}}}}}}",
    "{l: [{}, {a: y}]}",
    "{l: [{a: x}, {a: y}]}"
)]
#[case::map_values(
    "{type: object, additionalProperties: {type: object, properties: {a: {type: string, default: x}}}}",
    "{m: {}}",
    "{m: {a: x}}"
)]
fn defaults(#[case] schema: &str, #[case] given: &str, #[case] expected: &str) {
    let mut object =
        json!({ "apiVersion": "a/v1", "kind": "K", "metadata": {}, "spec": yaml(given) });
    structural(schema).default(&mut object);
    assert_eq!(object["spec"], yaml(expected));
}

#[rstest]
#[case("email", "a@b.example", true)]
#[case("email", "a b@c", false)]
#[case("ipv4", "10.0.0.1", true)]
#[case("ipv4", "::1", false)]
#[case("ipv6", "::1", true)]
#[case("cidr", "10.0.0.0/8", true)]
#[case("cidr", "10.0.0.0/33", false)]
#[case("date", "2026-11-24", true)]
#[case("date-time", "2026-11-24T10:00:00Z", true)]
#[case("date-time", "2026-11-24", false)]
#[case("duration", "1h30m", true)]
#[case("duration", "3 days", true)]
#[case("duration", "soon", false)]
#[case("uuid", "4a6cd9d0-3c2f-4d8e-9d5a-3d4f0f0a0b0c", true)]
#[case("uuid3", "4a6cd9d0-3c2f-4d8e-9d5a-3d4f0f0a0b0c", false)]
#[case("mac", "01:02:03:04:05:06", true)]
#[case("hostname", "a.example.com", true)]
#[case("hostname", "-a", false)]
#[case("uri", "https://a.example/b", true)]
#[case("uri", "a b", false)]
#[case("hexcolor", "#fff", true)]
#[case("nobody-knows", "anything", true)]
fn formats(#[case] format: &str, #[case] text: &str, #[case] holds: bool) {
    let schema =
        json!({ "type": "object", "properties": { "s": { "type": "string", "format": format } } });
    let structural = Structural::compile(&schema).unwrap();
    let errors = structural.validate(&json!({ "s": text }), None).errors;
    assert_eq!(errors.is_empty(), holds, "{errors:?}");
}
