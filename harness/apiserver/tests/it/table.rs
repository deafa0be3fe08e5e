//! Objects as `kubectl get` prints them. Source: the responses of kube-apiserver 1.34.3 to the same requests.

use serde_json::{Value, json};

use crate::server::Server;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const THINGS: &str = "/apis/example.org/v1/namespaces/default/things";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// The type and the path of a column, and the cell of [`thing`] in it, as JSON.
const CELLS: [(&str, &str, &str); 37] = [
    ("string", ".spec.text", r#""t""#),
    ("string", ".spec.size", r#""3""#),
    ("string", ".spec.half", r#""0.5""#),
    ("string", ".spec.big", r#""12345678901""#),
    ("string", ".spec.on", r#""true""#),
    ("string", ".spec.list", r#""[\"a\",\"\\u003c\"]""#),
    ("string", ".spec.map", r#""{\"a\":1}""#),
    ("string", ".spec.nothing", r#""<no value>""#),
    ("string", ".spec.list[*]", r#""a""#),
    ("string", ".spec.colour", "null"),
    ("string", ".spec.list[7]", "null"),
    ("string", ".spec.list[-1]", r#""<""#),
    ("string", ".spec.list[-2]", r#""a""#),
    ("string", ".spec.list[0:2]", r#""a""#),
    ("string", ".spec.list[0,1]", r#""a""#),
    ("integer", ".spec.size", "3"),
    ("integer", ".spec.half", "0"),
    ("integer", ".spec.text", "null"),
    ("number", ".spec.size", "3"),
    ("boolean", ".spec.on", "true"),
    ("boolean", ".spec.text", "null"),
    ("date", ".spec.text", r#""<invalid>""#),
    ("date", ".spec.size", "null"),
    ("date", ".spec.empty", r#""<unknown>""#),
    (
        "string",
        r#".spec.conds[?(@.type=="Ready")].status"#,
        r#""True""#,
    ),
    (
        "string",
        ".spec.conds[?(@.type == 'Synced')].status",
        r#""False""#,
    ),
    ("string", ".spec.conds[?(@.gen>1)].type", r#""Ready""#),
    ("string", ".spec.conds[?(@.gen)].type", r#""Ready""#),
    ("string", ".spec.conds[?(@.type==1)].type", "null"),
    (
        "string",
        r#".spec.conds[?(@.type!="Ready")].type"#,
        r#""Synced""#,
    ),
    ("string", r#".metadata.annotations.a\.io/b"#, r#""c""#),
    ("string", r#".metadata.annotations['a\.io/b']"#, r#""c""#),
    ("string", "..gen", r#""2""#),
    ("string", ".spec.map.*", r#""1""#),
    ("string", ".spec.list.x", "null"),
    ("string", ".spec.map[?(@.x=='y')]", "null"),
    ("string", ".spec.none[?(@.x=='y')].z", "null"),
];

fn thing() -> Value {
    json!({
        "apiVersion": "example.org/v1",
        "kind": "Thing",
        "metadata": {"name": "a", "annotations": {"a.io/b": "c"}},
        "spec": {
            "text": "t", "size": 3, "half": 0.5, "big": 12_345_678_901_u64, "on": true, "list": ["a", "<"],
            "map": {"a": 1}, "nothing": null, "empty": "",
            "conds": [{"type": "Ready", "status": "True", "gen": 2}, {"type": "Synced", "status": "False"}],
        },
    })
}

/// Starts a server with Things, whose definition has these columns.
async fn server(columns: &Value) -> Server {
    let server = Server::new().await;
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut version = json!({
        "name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema},
    });
    version["additionalPrinterColumns"] = columns.clone();
    let names =
        json!({"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": {"group": "example.org", "scope": "Namespaced", "names": names, "versions": [version]},
    });
    let made = server
        .send("POST", DEFINITIONS, "application/json", &definition)
        .await;
    assert_eq!(made["kind"], "CustomResourceDefinition", "{made}");
    let conditions =
        ["NamesAccepted", "Established"].map(|kind| json!({"type": kind, "status": "True"}));
    let status = json!({"status": {"conditions": conditions, "acceptedNames": names}});
    let path = format!("{DEFINITIONS}/things.example.org/status");
    server
        .send("PATCH", &path, "application/merge-patch+json", &status)
        .await;
    server
        .send("POST", THINGS, "application/json", &thing())
        .await;
    server
}

#[tokio::test]
async fn cells_are_those_of_kube_apiserver() {
    let columns: Vec<Value> = CELLS
        .iter()
        .enumerate()
        .map(|(index, (kind, path, _))| {
            json!({"name": format!("column {index}"), "type": kind, "jsonPath": path})
        })
        .collect();
    let server = server(&json!(columns)).await;
    let table = server.get(THINGS, TABLE).await;
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(cells[0], "a");
    for ((kind, path, expected), cell) in CELLS.iter().zip(&cells[1..]) {
        assert_eq!(cell.to_string(), *expected, "{kind} {path}");
    }
    let metadata = table["metadata"].as_object().unwrap();
    assert_eq!(metadata.keys().collect::<Vec<_>>(), ["resourceVersion"]);
    let object = &table["rows"][0]["object"];
    assert_eq!(
        (&object["kind"], &object["metadata"]["name"]),
        (&json!("PartialObjectMetadata"), &json!("a"))
    );
}

#[tokio::test]
async fn a_definition_without_columns_has_its_age() {
    let server = server(&json!([])).await;
    let table = server.get(&format!("{THINGS}/a"), TABLE).await;
    let name = |head: &Value| head["name"].clone();
    let heads = table["columnDefinitions"].as_array().unwrap();
    let heads: Vec<Value> = heads.iter().map(name).collect();
    assert_eq!(heads, ["Name", "Age"]);
    assert_eq!(table["rows"][0]["cells"], json!(["a", "0s"]));
}

#[tokio::test]
async fn kinds_with_columns_of_kube_apiservers_own_are_not_printed() {
    let server = Server::new().await;
    let path = "/api/v1/namespaces/default/configmaps";
    let refused = server.get(path, TABLE).await;
    assert_eq!(refused["code"], 501);
    // kubectl falls back to the objects if there is no table.
    let list = server.get(path, &format!("{TABLE},application/json")).await;
    assert_eq!(list["kind"], "ConfigMapList");
    let table = server.get(DEFINITIONS, TABLE).await;
    assert_eq!(table["columnDefinitions"][1]["name"], "Created At");
    assert_eq!(
        table["rows"][0]["cells"],
        json!(["widgets.example.com", "1970-01-01T00:00:00Z"])
    );
}
