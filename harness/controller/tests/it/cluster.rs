//! A cluster under test: one API server with the built-in controllers.

use std::sync::Arc;

use crosscut_apiserver::{ApiServer, Options};
use crosscut_client::{Api, ApiError, Deletion};

use crosscut_controller::{Scheduler, SettleLimits, Settled, VirtualClock, builtin};
use crosscut_objects::ObjectRef;
use serde_json::{Value, json};

pub(crate) struct Cluster {
    pub(crate) scheduler: Scheduler,
    pub(crate) api: Api,
}

impl Cluster {
    pub(crate) fn new() -> Cluster {
        Cluster::seeded(0)
    }

    pub(crate) fn seeded(seed: u64) -> Cluster {
        let clock = VirtualClock::new();
        let server = ApiServer::new(Options {
            clock: Arc::new(clock.clone()),
            seed,
            admission: Vec::new(),
        });
        let mut scheduler = Scheduler::new(clock, seed);
        let (connection, log) = crosscut_testkit::in_process(server);
        let plane = scheduler.add_plane("control", connection, log);
        for controller in builtin::controllers() {
            scheduler.add(&plane, controller);
        }
        let api = Api::new(plane.connection(), "test");
        Cluster { scheduler, api }
    }

    pub(crate) async fn settle(&mut self) -> Settled {
        self.scheduler
            .settle(&SettleLimits::default())
            .await
            .unwrap()
    }

    pub(crate) async fn create(&self, object: Value) -> Value {
        Arc::unwrap_or_clone(self.api.create(&object).await.unwrap())
    }

    pub(crate) async fn find(&self, object: &Value) -> Option<Value> {
        match self.api.get(ObjectRef::of(object)).await {
            Ok(found) => Some(found),
            Err(error) if error.is_not_found() || error.is_no_match() => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn delete(&self, object: &Value, propagation: &str) -> Result<(), ApiError> {
        let how = Deletion {
            propagation,
            uid: None,
        };
        self.api.delete(ObjectRef::of(object), how).await
    }
}

/// Returns a namespaced definition with a status subresource.
pub(crate) fn definition(plural: &str, kind: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.example.com") },
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": { "plural": plural, "kind": kind },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                    "spec": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                } } },
            }],
        },
    })
}

pub(crate) fn config_map(name: &str, owners: &[&Value]) -> Value {
    let references: Vec<Value> = owners
        .iter()
        .map(|owner| {
            json!({
                "apiVersion": owner["apiVersion"], "kind": owner["kind"],
                "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
                "blockOwnerDeletion": true,
            })
        })
        .collect();
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "default", "ownerReferences": references },
    })
}
