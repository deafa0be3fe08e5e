//! A server with one definition, and requests to it.

use std::sync::Arc;

use crosscut_apiserver::{ApiServer, Options};

use crosscut_objects::Clock;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::ServiceExt;

/// The path of the objects of the definition.
pub(crate) const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";

/// A server, and the definition of Widgets with a status subresource.
pub(crate) struct Server(ApiServer);

impl Server {
    pub(crate) async fn new() -> Server {
        let server = Server(ApiServer::new(Options {
            clock: Arc::new(Standing),
            seed: 1,
            admission: Vec::new(),
        }));
        server.define().await;
        server
    }

    /// Creates the definition and sets its conditions, because there are no controllers.
    async fn define(&self) {
        let names = json!({ "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList" });
        let spec = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
        let status = json!({ "type": "object", "properties": { "phase": { "type": "string" } } });
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": "widgets.example.com" },
            "spec": {
                "group": "example.com",
                "scope": "Namespaced",
                "names": names,
                "versions": [{
                    "name": "v1",
                    "served": true,
                    "storage": true,
                    "subresources": { "status": {} },
                    "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": spec, "status": status } } },
                }],
            },
        });
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        self.send("POST", path, "application/json", &definition)
            .await;
        let conditions =
            ["NamesAccepted", "Established"].map(|kind| json!({ "type": kind, "status": "True" }));
        let established = json!({ "status": { "conditions": conditions, "acceptedNames": names } });
        let status = format!("{path}/widgets.example.com/status");
        self.send(
            "PATCH",
            &status,
            "application/merge-patch+json",
            &established,
        )
        .await;
    }

    /// Applies an object as a manager. Returns the stored object or the error.
    pub(crate) async fn apply(&self, path: &str, manager: &str, object: &Value) -> Value {
        let path = format!("{path}?fieldManager={manager}");
        self.send("PATCH", &path, "application/apply-patch+yaml", object)
            .await
    }

    /// Reads a path with an Accept header.
    pub(crate) async fn get(&self, path: &str, accept: &str) -> Value {
        let request = http::Request::builder().uri(path).header("accept", accept);
        self.answer(request.body(Full::from(String::new())).unwrap())
            .await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        media_type: &str,
        body: &Value,
    ) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", media_type);
        let request = request.body(Full::from(body.to_string())).unwrap();
        self.answer(request).await
    }

    async fn answer(&self, request: http::Request<Full<bytes::Bytes>>) -> Value {
        let answer = self.0.service().oneshot(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }
}

/// A clock that always returns the same time.
#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

/// Returns the fields that a manager owns, as in `managedFields`.
pub(crate) fn owned(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["manager"] == manager);
    entry
        .map(|entry| entry["fieldsV1"].clone())
        .unwrap_or_default()
}
