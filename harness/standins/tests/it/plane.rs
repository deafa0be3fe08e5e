//! Two embedded planes: one with the stand-ins, and the target that the kubeconfig `target` leads to.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crosscut_apiserver::{ApiServer, Options};
use crosscut_client::{Api, Deletion};

use crosscut_controller::{Plane, Scheduler, SettleLimits, VirtualClock, builtin};
use crosscut_objects::{ObjectRef, object};
use crosscut_standins::{ManagedRule, ManagedSettings, Settings, Targets, controllers};
use crosscut_yaml::{Limits, parse};
use serde_json::{Value, json};

pub(crate) const NAMESPACE: &str = "a-team";

struct OneTarget(crosscut_client::Connection);

#[async_trait::async_trait]
impl Targets for OneTarget {
    async fn connect(
        &self,
        kubeconfig: &str,
    ) -> Result<crosscut_client::Connection, crosscut_standins::TargetError> {
        match kubeconfig {
            "target" => Ok(self.0.clone()),
            other => Err(format!("no cluster is called {other}").into()),
        }
    }
}

/// Both planes and what drives them.
pub(crate) struct Planes {
    scheduler: Scheduler,
    servers: [ApiServer; 2],
    pub(crate) control: Api,
    pub(crate) target: Api,
}

impl Planes {
    /// Returns what reconciles needed until now and stand-ins cannot do.
    pub(crate) fn lacks(&self) -> Vec<String> {
        self.scheduler.lacks()
    }

    /// Settled planes with the providers' CRDs and the namespace of all tests.
    pub(crate) async fn new(rules: Vec<ManagedRule>) -> Planes {
        let clock = VirtualClock::new();
        let servers = [0, 1].map(|seed| {
            ApiServer::new(Options {
                clock: Arc::new(clock.clone()),
                seed,
                admission: Vec::new(),
            })
        });
        let mut scheduler = Scheduler::new(clock, 0);
        let control = add(&mut scheduler, "control", servers[0].clone());
        let target = add(&mut scheduler, "target", servers[1].clone());
        for plane in [&control, &target] {
            for controller in builtin::controllers() {
                scheduler.add(plane, controller);
            }
        }
        let settings = Settings {
            targets: Arc::new(OneTarget(target.connection().clone())),
            managed: ManagedSettings { rules },
        };
        for controller in controllers(settings) {
            scheduler.add(&control, controller);
        }
        let api = |client| Api::new(client, "test");
        let mut planes = Planes {
            servers,
            control: api(control.connection()),
            target: api(target.connection()),
            scheduler,
        };
        planes.install().await;
        planes
    }

    async fn install(&mut self) {
        for definition in definitions() {
            self.control.create(&definition).await.unwrap();
        }
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        self.control.create(&namespace).await.unwrap();
        self.settle().await;
    }

    /// Settles, and says what keeps failing.
    pub(crate) async fn settle(&mut self) -> Vec<String> {
        let settled = self.scheduler.settle(&SettleLimits::default()).await;
        let settled = settled.unwrap_or_else(|unsettled| panic!("not settled: {unsettled:?}"));
        settled
            .failing
            .iter()
            .map(|one| format!("{one:?}"))
            .collect()
    }

    /// Lets half an hour pass; says whether anything was written meanwhile.
    pub(crate) async fn stays(&mut self) -> bool {
        let heads = self.heads();
        let passed = Duration::from_secs(1800);
        let settled = self
            .scheduler
            .advance(passed, &SettleLimits::default())
            .await;
        settled.unwrap_or_else(|unsettled| panic!("not settled: {unsettled:?}"));
        heads == self.heads()
    }

    fn heads(&self) -> Vec<u64> {
        self.servers.iter().map(ApiServer::head).collect()
    }

    /// A ProviderConfig of a group, called `target`, whose Secret holds a kubeconfig.
    pub(crate) async fn configure(&mut self, api_version: &str, kubeconfig: &str) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "access", "namespace": NAMESPACE},
            "stringData": {"kubeconfig": kubeconfig},
        });
        self.control.apply(&secret, "test").await.unwrap();
        let config = json!({
            "apiVersion": api_version, "kind": "ProviderConfig",
            "metadata": {"name": "target", "namespace": NAMESPACE},
            "spec": {"credentials": {"source": "Secret", "secretRef": {
                "name": "access", "namespace": NAMESPACE, "key": "kubeconfig",
            }}},
        });
        self.control.apply(&config, "test").await.unwrap();
        self.settle().await;
    }

    /// Applies an object to the control plane and settles.
    pub(crate) async fn apply(&mut self, object: &Value) {
        self.control.apply(object, "test").await.unwrap();
        self.settle().await;
    }

    /// Deletes an object of the control plane and settles.
    pub(crate) async fn delete(&mut self, object: &Value) {
        let how = Deletion::default();
        self.control
            .delete(ObjectRef::of(object), how)
            .await
            .unwrap();
        self.settle().await;
    }

    /// An object of the control plane as it is now.
    pub(crate) async fn now(&self, object: &Value) -> Option<Value> {
        find(&self.control, ObjectRef::of(object)).await
    }

    /// Events about an object, as `type reason: message`, sorted.
    pub(crate) async fn events(&self, name: &str) -> Vec<String> {
        let all = self
            .control
            .list("v1", "Event", NAMESPACE, &BTreeMap::new())
            .await
            .unwrap();
        let text = |event: &Value, field: &str| object::text(event, &[field]).to_owned();
        let mut said: Vec<String> = all
            .iter()
            .filter(|event| event["involvedObject"]["name"] == name)
            .map(|event| {
                let [kind, reason, message] =
                    ["type", "reason", "message"].map(|field| text(event, field));
                format!("{kind} {reason}: {message}")
            })
            .collect();
        said.sort();
        said
    }
}

/// An object, where it is there.
pub(crate) async fn find(api: &Api, address: ObjectRef<'_>) -> Option<Value> {
    match api.get(address).await {
        Ok(found) => Some(found),
        Err(error) if error.is_not_found() => None,
        Err(error) => panic!("{error}"),
    }
}

/// A condition as `status reason message`.
pub(crate) fn condition(object: &Value, kind: &str) -> String {
    let conditions = object["status"]["conditions"].as_array();
    let found = conditions
        .into_iter()
        .flatten()
        .find(|one| one["type"] == kind);
    let one = found.cloned().unwrap_or_default();
    let parts =
        ["status", "reason", "message"].map(|field| object::text(&one, &[field]).to_owned());
    parts.join(" ").trim().to_owned()
}

/// The CRDs of both providers that have stand-ins of their own.
fn definitions() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../providers/shared/crds");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| {
            parse(&std::fs::read_to_string(file).unwrap(), &Limits::default()).unwrap()
        })
        .map(|document| document.to_value())
        .collect()
}

fn add(scheduler: &mut Scheduler, name: &str, server: ApiServer) -> Plane {
    let (connection, log) = crosscut_testkit::in_process(server);
    scheduler.add_plane(name, connection, log)
}
