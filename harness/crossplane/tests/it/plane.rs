//! An embedded control plane with Crossplane's controllers, and requests for tests.

use std::sync::Arc;
use std::time::Duration;

use crosscut_apiserver::{ApiServer, Options};
use crosscut_controller::{Failing, Scheduler, SettleLimits, VirtualClock, builtin};
use crosscut_crossplane::{Settings, admission, controllers, custom_resource_definitions};

use crosscut_functions::Functions;
use http::Request;
use serde_json::{Value, json};

/// A control plane under test.
pub(crate) struct Plane {
    scheduler: Scheduler,
    server: ApiServer,
    client: kube::Client,
    failing: Vec<Failing>,
}

impl Plane {
    /// Returns a settled control plane with Crossplane's CRDs and these functions.
    pub(crate) async fn new(functions: Functions) -> Self {
        Self::seeded(functions, 0).await
    }

    pub(crate) async fn seeded(functions: Functions, seed: u64) -> Self {
        let clock = VirtualClock::new();
        let server = ApiServer::new(Options {
            clock: Arc::new(clock.clone()),
            seed,
            admission: admission(),
        });
        let mut scheduler = Scheduler::new(clock, seed);
        let (connection, log) = crosscut_testkit::in_process(server.clone());
        let control = scheduler.add_plane("control", connection, log);
        let client = control.connection().http().clone();
        scheduler.add(&control, Arc::new(builtin::CustomResourceDefinitions));
        scheduler.add(&control, Arc::new(builtin::Namespaces));
        scheduler.add(&control, Arc::new(builtin::GarbageCollector::default()));
        for controller in controllers(Settings {
            functions: Arc::new(functions),
        }) {
            scheduler.add(&control, controller);
        }
        let mut plane = Self {
            scheduler,
            server,
            client,
            failing: Vec::new(),
        };
        for crd in custom_resource_definitions() {
            plane
                .create(
                    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                    &crd,
                )
                .await;
        }
        plane.settle().await;
        plane
    }

    pub(crate) async fn settle(&mut self) {
        match self.scheduler.settle(&SettleLimits::default()).await {
            Ok(settled) => self.failing = settled.failing,
            Err(unsettled) => panic!("not settled: {unsettled:?}"),
        }
    }

    /// Returns the reconciles that failed at their last attempt.
    pub(crate) fn failing(&self) -> &[Failing] {
        &self.failing
    }

    /// Returns the missing features that were needed so far.
    pub(crate) fn lacks(&self) -> Vec<String> {
        let of_server = self.server.lacks().into_iter().map(|lack| lack.what);
        of_server.chain(self.scheduler.lacks()).collect()
    }

    pub(crate) async fn advance(&mut self, by: Duration) {
        if let Err(unsettled) = self.scheduler.advance(by, &SettleLimits::default()).await {
            panic!("not settled: {unsettled:?}");
        }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.server.requests()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: Option<&Value>,
    ) -> Result<Value, kube::core::Status> {
        let bytes = body.map_or_else(Vec::new, |body| serde_json::to_vec(body).expect("JSON"));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(bytes);
        match self.client.request(request.expect("a request")).await {
            Ok(value) => Ok(value),
            Err(kube::Error::Api(status)) => Err(*status),
            Err(other) => panic!("{method} {path}: {other}"),
        }
    }

    pub(crate) async fn create(&self, collection: &str, object: &Value) -> Value {
        self.send("POST", collection, "application/json", Some(object))
            .await
            .unwrap_or_else(|status| panic!("{status}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        match self.send("GET", path, "application/json", None).await {
            Ok(value) => Some(value),
            Err(status) if status.code == 404 => None,
            Err(status) => panic!("{status}"),
        }
    }

    /// Returns an object, which must exist.
    pub(crate) async fn read(&self, path: &str) -> Value {
        self.get(path)
            .await
            .unwrap_or_else(|| panic!("{path} is not there"))
    }

    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let list = self
            .send("GET", path, "application/json", None)
            .await
            .unwrap_or_else(|status| panic!("{status}"));
        list["items"].as_array().cloned().unwrap_or_default()
    }

    pub(crate) async fn patch(&self, path: &str, patch: &Value) -> Value {
        let patched = self
            .send("PATCH", path, "application/merge-patch+json", Some(patch))
            .await;
        patched.unwrap_or_else(|status| panic!("{status}"))
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value, kube::core::Status> {
        self.send("DELETE", path, "application/json", Some(&json!({})))
            .await
    }

    /// Installs a definition of namespaced `XR`s of `example.org/v1` with free-form specs and statuses.
    pub(crate) async fn define(&mut self, scope: &str, more: &Value) {
        let free = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let mut definition = json!({
            "apiVersion": "apiextensions.crossplane.io/v2",
            "kind": "CompositeResourceDefinition",
            "metadata": {"name": "xrs.example.org"},
            "spec": {
                "group": "example.org", "scope": scope,
                "names": {"kind": "XR", "plural": "xrs"},
                "versions": [{
                    "name": "v1", "served": true, "referenceable": true,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                        "spec": {"type": "object", "properties": {"wish": free}},
                        "status": {"type": "object", "properties": {"said": free}},
                    }}},
                }],
            },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            definition["spec"][key] = value.clone();
        }
        self.create(
            "/apis/apiextensions.crossplane.io/v2/compositeresourcedefinitions",
            &definition,
        )
        .await;
        self.settle().await;
    }

    /// Installs a Composition of XRs with these labels and pipeline.
    pub(crate) async fn compose(&mut self, name: &str, labels: &Value, pipeline: &Value) {
        let composition = json!({
            "apiVersion": "apiextensions.crossplane.io/v1",
            "kind": "Composition",
            "metadata": {"name": name, "labels": labels},
            "spec": {"compositeTypeRef": {"apiVersion": "example.org/v1", "kind": "XR"}, "mode": "Pipeline", "pipeline": pipeline},
        });
        self.create(
            "/apis/apiextensions.crossplane.io/v1/compositions",
            &composition,
        )
        .await;
        self.settle().await;
    }

    /// Returns the Events of an object as `reason: message`, sorted.
    pub(crate) async fn events_of(&self, namespace: &str, kind: &str, name: &str) -> Vec<String> {
        let mut events: Vec<String> = self
            .list(&format!("/api/v1/namespaces/{namespace}/events"))
            .await
            .iter()
            .filter(|event| {
                event["involvedObject"]["kind"] == kind && event["involvedObject"]["name"] == name
            })
            .map(|event| {
                let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
                format!("{} {}: {}", text("type"), text("reason"), text("message"))
            })
            .collect();
        events.sort();
        events
    }
}

/// Returns the path of an XR.
pub(crate) fn xr(name: &str) -> String {
    format!("/apis/example.org/v1/namespaces/default/xrs/{name}")
}

/// Returns an XR with a wish for the toy function.
pub(crate) fn wish(name: &str, wish: &Value) -> Value {
    json!({"apiVersion": "example.org/v1", "kind": "XR", "metadata": {"name": name, "namespace": "default"}, "spec": {"wish": wish}})
}

/// Returns a condition of an object as `status reason message`.
pub(crate) fn condition(object: &Value, kind: &str) -> String {
    let conditions = object["status"]["conditions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    conditions
        .iter()
        .find(|one| one["type"] == kind)
        .map_or_else(String::new, |one| {
            let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("status"), text("reason"), text("message"))
                .trim()
                .to_owned()
        })
}
