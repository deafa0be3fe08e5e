//! Services from `.proto` files and descriptor sets.

use crosscut_messages::{Schema, SchemaError};
use rstest::rstest;
use serde_json::{Value, json};

const MAIN: &str = r#"
syntax = "proto3";
package shop;
import "parts/item.proto";
import "google/protobuf/duration.proto";
service Orders {
  rpc Place (Order) returns (parts.Item);
  rpc Follow (stream Order) returns (stream parts.Item);
}
message Order {
  string customer_name = 1;
  repeated parts.Item items = 2;
  bytes note = 3;
  oneof payment { bool cash = 4; uint64 card = 5; }
  google.protobuf.Duration patience = 6;
}
"#;
const ITEM: &str = "syntax = \"proto3\";\npackage parts;\nmessage Item { string name = 1; }\n";

fn read(name: &str) -> Option<String> {
    match name {
        "orders.proto" => Some(MAIN.to_owned()),
        "parts/item.proto" => Some(ITEM.to_owned()),
        "broken.proto" => Some("syntax = \"proto3\";\nmessage {\n".to_owned()),
        "lonely.proto" => Some("syntax = \"proto3\";\nimport \"nowhere.proto\";\n".to_owned()),
        _ => None,
    }
}

#[rstest]
#[case::a_method("shop.Orders/Place", Ok(false))]
#[case::with_a_slash_before("/shop.Orders/Follow", Ok(true))]
#[case::no_method(
    "shop.Orders/Plaice",
    Err("the service shop.Orders has no method Plaice")
)]
#[case::no_service("shop.Order/Place", Err("nothing describes the service shop.Order"))]
#[case::no_path("shop.Orders", Err("\"shop.Orders\" names no method"))]
fn methods(#[case] path: &str, #[case] expected: Result<bool, &str>) {
    let schema = Schema::compile("orders.proto", &read).unwrap();
    let found = schema.method(path).map(|method| method.takes_many());
    assert_eq!(
        found.map_err(|error| error.to_string()),
        expected.map_err(str::to_owned)
    );
}

#[test]
fn what_there_is_instead() {
    let schema = Schema::compile("orders.proto", &read).unwrap();
    let known = |path: &str| match schema.method(path).unwrap_err() {
        SchemaError::UnknownService { known, .. } | SchemaError::UnknownMethod { known, .. } => {
            known
        }
        other => panic!("{other}"),
    };
    assert_eq!(known("shop.Nothing/Place"), ["shop.Orders"]);
    assert_eq!(known("shop.Orders/Nothing"), ["Place", "Follow"]);
}

#[rstest]
#[case::empty(json!({}), None)]
#[case::all(json!({"customerName": "a", "items": [{"name": "b"}], "note": "aGk=", "cash": true, "patience": "1.5s"}), None)]
#[case::as_in_the_file(json!({"customer_name": "a"}), None)]
#[case::numbers_of_64_bits(json!({"card": "18446744073709551615"}), None)]
#[case::unknown(json!({"customer": "a"}), Some("customer"))]
#[case::another_type(json!({"customerName": 1}), Some("string"))]
#[case::no_base64(json!({"note": "%"}), Some("base64"))]
#[case::two_of_one(json!({"cash": true, "card": 1}), Some("payment"))]
#[case::no_object(json!("a"), Some(""))]
fn messages(#[case] json: Value, #[case] wrong: Option<&str>) {
    let schema = Schema::compile("orders.proto", &read).unwrap();
    let method = schema.method("shop.Orders/Place").unwrap();
    match (method.message(&json), wrong) {
        (Ok(_), None) => {}
        (Err(error), Some(part)) => {
            let message = error.to_string();
            assert!(message.starts_with("it is no shop.Order: "), "{message}");
            assert!(message.contains(part), "{message}");
        }
        (Ok(message), Some(_)) => panic!("accepted: {message:?}"),
        (Err(error), None) => panic!("{error}"),
    }
}

#[rstest]
#[case::syntax("broken.proto", "broken.proto:2:9")]
#[case::an_import("lonely.proto", "nowhere.proto")]
#[case::missing("none.proto", "none.proto")]
fn files_that_are_wrong(#[case] file: &str, #[case] part: &str) {
    let message = Schema::compile(file, &read).unwrap_err().to_string();
    assert!(message.contains(part), "{message}");
}

#[test]
fn descriptor_sets() {
    let set = tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET;
    let schema = Schema::from_descriptor_set(set).unwrap();
    let path = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    assert!(schema.method(path).unwrap().takes_many());
    let error = Schema::from_descriptor_set(b"hello")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("it is no descriptor set: "), "{error}");
    assert!(
        Schema::health()
            .unwrap()
            .method("grpc.health.v1.Health/Check")
            .is_ok()
    );
}
