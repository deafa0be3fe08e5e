//! The real Crossplane composes this project's fixture, protects what is in use, and the real provider-kubernetes
//! applies Objects on a second API server.

use std::path::PathBuf;
use std::sync::Arc;

use crosscut_client::Deletion;

use crosscut_setup::{Asset, AssetSearch, Assets};

use crosscut_envtest::{Environment, EnvironmentSettings};
use crosscut_objects::{FieldValidation, ObjectRef, object};
use crosscut_programs::default_root;
use crosscut_setup::Progress;
use serde_json::{Value, json};

use crate::objects::{apply, apply_file, condition_of, create_served, references, secret, until};
use crate::remembered::Remembered;
use crate::run::{Clock, Run, root};

const NAMESPACE: &str = "a-team";
const CLUSTER: &str = "a-team-aks";
const COMPOSITE: (&str, &str) = ("devopstoolkit.ai/v2", "Cluster");
const OBJECT: (&str, &str) = ("kubernetes.m.crossplane.io/v1alpha1", "Object");
const MANAGED: (&str, &str) = (
    "containerservice.azure.m.upbound.io/v1beta1",
    "KubernetesCluster",
);
/// The resources that the composite refers to, in its order. They are the same on the embedded Crossplane.
const EXPECTED: [&str; 25] = [
    "ResourceGroup a-team-aks",
    "KubernetesCluster a-team-aks",
    "ProviderConfig a-team-aks",
    "ProviderConfig a-team-aks-local",
    "Release a-team-aks-app-ai-gateway-crds-helm",
    "Release a-team-aks-app-ai-gateway-helm",
    "Release a-team-aks-app-body-based-routing",
    "Release a-team-aks-app-gateway-helm",
    "Release a-team-aks-cilium",
    "Object a-team-aks-app-envoy-gateway",
    "Object a-team-aks-app-envoy-gateway-class",
    "Object a-team-aks-app-inference-crd-inferencepools",
    "Object a-team-aks-ns-dev",
    "Object a-team-aks-ns-production",
    "ProviderConfig a-team-aks",
    "Usage a-team-aks-app-ai-gateway-crds-helm-usage",
    "Usage a-team-aks-app-ai-gateway-helm-usage",
    "Usage a-team-aks-app-body-based-routing-usage",
    "Usage a-team-aks-app-envoy-gateway-class-usage",
    "Usage a-team-aks-app-envoy-gateway-usage",
    "Usage a-team-aks-app-gateway-helm-usage",
    "Usage a-team-aks-app-inference-crd-inferencepools-usage",
    "Usage a-team-aks-cilium-usage",
    "Usage a-team-aks-cluster-helm-usage",
    "Usage a-team-aks-cluster-kubernetes-usage",
];
/// The Object that holds the CRD of the Gateway API Inference Extension.
const DEFINITION: &str = "a-team-aks-app-inference-crd-inferencepools";
const CRD: &str = "inferencepools.inference.networking.k8s.io";

#[tokio::test(flavor = "multi_thread")]
async fn the_real_crossplane_composes_protects_and_applies() {
    let (assets, programs) = match programs() {
        Ok(found) => found,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    let _turn = crosscut_testkit::alone_with_fixed_ports().unwrap();
    let mut clock = Clock::start();
    let environment = environment(assets).await;
    clock.lap("etcd, two API servers, a controller manager");
    let run = Run::start(&environment, &programs, &mut clock).await;
    run.install(&mut clock).await;
    let mut checkpoint = Remembered::take(&environment).await;
    clock.lap("checkpoints taken");
    for _ in 0..2 {
        run.compose(&mut clock).await;
        run.protect(&mut clock).await;
        let kubeconfig = &environment.targets()[0].kubeconfig;
        run.apply_on_the_target(kubeconfig, &mut clock).await;
        run.use_a_token(kubeconfig, &mut clock).await;
        checkpoint.restore().await;
        assert_eq!(run.left().await, Vec::<Arc<Value>>::new());
        clock.lap("restored beneath Crossplane");
    }
    run.memory(&clock);
    run.stop().await;
    environment.stop().await.expect("it ends");
    clock.lap("stopped");
}

/// The programs that are started on an environment.
pub(crate) struct Programs {
    pub(crate) crossplane: PathBuf,
    pub(crate) provider_kubernetes: PathBuf,
}

/// Returns the paths of all programs that the test needs, or a message about the missing ones.
pub(crate) fn programs() -> Result<(Assets, Programs), String> {
    let search = AssetSearch::from_variables(None, |name| std::env::var(name).ok());
    let assets = search.find().map_err(|error| error.to_string())?;
    match (&assets.crossplane, &assets.provider_kubernetes) {
        (Some(crossplane), Some(provider_kubernetes)) => {
            let programs = Programs {
                crossplane: crossplane.clone(),
                provider_kubernetes: provider_kubernetes.clone(),
            };
            Ok((assets, programs))
        }
        _ => Err(search
            .missing([Asset::Crossplane, Asset::ProviderKubernetes])
            .to_string()),
    }
}

async fn environment(assets: Assets) -> Environment {
    let settings = EnvironmentSettings {
        assets,
        targets: 1,
        state_root: default_root(&std::env::temp_dir()),
        launcher: None,
    };
    let progress: Progress = Arc::new(|_: &str| {});
    let mut environment = Environment::start(settings, &progress)
        .await
        .expect("an environment");
    environment
        .start_controllers()
        .await
        .expect("the built-in controllers");
    environment
}

impl Run {
    /// Installs the fixture and waits until the XRD is established and the compositions are valid.
    async fn install(&self, clock: &mut Clock) {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        apply(&self.control, &namespace).await;
        let package = root().join("fixtures/dot-kubernetes/package");
        apply_file(&self.control, &package.join("definition.yaml")).await;
        let definition = self
            .has("CompositeResourceDefinition", "Established", "True")
            .await;
        assert_eq!(object::name(&definition), "clusters.devopstoolkit.ai");
        clock.lap("XRD established");
        apply_file(&self.control, &package.join("compositions.yaml")).await;
        self.has("CompositionRevision", "ValidPipeline", "True")
            .await;
        clock.lap("CompositionRevision valid");
    }

    /// Composes a cluster and checks the references of its composite.
    async fn compose(&self, clock: &mut Clock) {
        create_served(&self.control, &cluster()).await;
        let composite = self.settled_composite().await;
        clock.lap("XR composed and synced");
        assert_eq!(references(&composite), EXPECTED);
        self.exists(OBJECT, DEFINITION).await;
        self.exists(
            ("helm.m.crossplane.io/v1beta1", "Release"),
            "a-team-aks-app-body-based-routing",
        )
        .await;
    }

    /// Waits for an object of one of Crossplane's kinds that has this condition.
    async fn has(&self, kind: &str, condition: &str, status: &str) -> Arc<Value> {
        let api_version = if kind == "CompositeResourceDefinition" {
            "apiextensions.crossplane.io/v2"
        } else {
            "apiextensions.crossplane.io/v1"
        };
        until(kind, async || {
            let all = self
                .control
                .list(api_version, kind, "", &Default::default())
                .await
                .ok()?;
            all.into_iter()
                .find(|found| condition_of(found, condition)["status"] == status)
        })
        .await
    }

    /// Waits until the composite is synced and all of its resources are composed. Gives the managed resource the status
    /// that a provider without credentials writes, because the function fails without one.
    async fn settled_composite(&self) -> Value {
        let address = of(COMPOSITE, CLUSTER);
        until("the composite", async || {
            self.write_status().await;
            let composite = self.control.get(address).await.ok()?;
            let synced = condition_of(&composite, "Synced")["status"] == "True";
            (synced && references(&composite).len() >= EXPECTED.len()).then_some(composite)
        })
        .await
    }

    async fn write_status(&self) {
        let address = of(MANAGED, CLUSTER);
        let Ok(managed) = self.control.get(address).await else {
            return;
        };
        if managed.get("status").is_some() {
            return;
        }
        let condition = json!({
            "type": "Synced", "status": "False", "reason": "ReconcileError",
            "message": "connect failed", "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        let status = json!({"status": {"atProvider": {}, "conditions": [condition]}});
        self.control
            .merge_patch_with(address, "status", &status, FieldValidation::default())
            .await
            .expect("a status");
    }

    /// Returns the composites and Objects that exist. There must be none after a restoration.
    async fn left(&self) -> Vec<Arc<Value>> {
        let mut left = Vec::new();
        for (api_version, kind) in [COMPOSITE, OBJECT] {
            let all = self
                .control
                .list(api_version, kind, "", &Default::default())
                .await;
            left.extend(all.expect("a list"));
        }
        left
    }

    async fn exists(&self, kind: (&str, &str), name: &str) -> Value {
        until(name, async || self.control.get(of(kind, name)).await.ok()).await
    }

    /// Checks that the webhook refuses to delete the cluster that Usages hold.
    async fn protect(&self, clock: &mut Clock) {
        until("the label of what is in use", async || {
            let managed = self.control.get(of(MANAGED, CLUSTER)).await.ok()?;
            (object::label(&managed, "crossplane.io/in-use") == "true").then_some(())
        })
        .await;
        let refusal = self
            .control
            .delete(of(MANAGED, CLUSTER), Deletion::default())
            .await
            .expect_err("a refusal");
        let status = refusal.status().expect("a status");
        assert_eq!(status.code, 409, "{refusal}");
        assert!(
            refusal.to_string().contains("This resource is in-use by"),
            "{refusal}"
        );
        clock.note(&refusal.to_string());
        clock.lap("deletion refused");
    }

    /// Checks that an Object fails to connect without the Secret of its ProviderConfig, and is applied with it.
    async fn apply_on_the_target(&self, kubeconfig: &str, clock: &mut Clock) {
        let message = until("the Object's failure", async || {
            let found = self.control.get(of(OBJECT, DEFINITION)).await.ok()?;
            let synced = condition_of(&found, "Synced");
            (synced["status"] == "False").then(|| object::text(&synced, &["message"]).to_owned())
        })
        .await;
        assert!(message.contains("connect failed"), "{message}");
        clock.note(&message);
        clock.lap("Object failed to connect");
        let secret = secret(NAMESPACE, "a-team-aks-cluster", "kubeconfig", kubeconfig);
        apply(&self.control, &secret).await;
        let crd = ObjectRef::cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", CRD);
        until("the CRD on the target", async || {
            self.target.get(crd).await.ok()
        })
        .await;
        clock.lap("Object applied on the target, from the Secret on");
        until("the Object's success", async || {
            let found = self.control.get(of(OBJECT, DEFINITION)).await.ok()?;
            (condition_of(&found, "Ready")["status"] == "True").then_some(())
        })
        .await;
    }

    /// Checks the identity that Google's composition gives its ProviderConfig. Text that is not JSON counts as a token.
    /// The target ignores the token, because the kubeconfig has a certificate as well.
    async fn use_a_token(&self, kubeconfig: &str, clock: &mut Clock) {
        apply(
            &self.control,
            &secret(NAMESPACE, "google", "kubeconfig", kubeconfig),
        )
        .await;
        apply(
            &self.control,
            &secret(NAMESPACE, "google-identity", "creds", "no-token"),
        )
        .await;
        let credentials = |name: &str, key: &str| json!({"source": "Secret", "secretRef": {"namespace": NAMESPACE, "name": name, "key": key}});
        let mut identity = credentials("google-identity", "creds");
        identity["type"] = json!("GoogleApplicationCredentials");
        apply(
            &self.control,
            &json!({
                "apiVersion": OBJECT.0, "kind": "ProviderConfig",
                "metadata": {"name": "google", "namespace": NAMESPACE},
                "spec": {"credentials": credentials("google", "kubeconfig"), "identity": identity},
            }),
        )
        .await;
        apply(
            &self.control,
            &json!({
                "apiVersion": OBJECT.0, "kind": OBJECT.1,
                "metadata": {"name": "by-token", "namespace": NAMESPACE},
                "spec": {
                    "forProvider": {"manifest": {
                        "apiVersion": "v1", "kind": "ConfigMap",
                        "metadata": {"name": "by-token", "namespace": "default"},
                    }},
                    "providerConfigRef": {"kind": "ProviderConfig", "name": "google"},
                },
            }),
        )
        .await;
        let address = ObjectRef {
            api_version: "v1",
            kind: "ConfigMap",
            namespace: "default",
            name: "by-token",
        };
        until("the ConfigMap on the target", async || {
            self.target.get(address).await.ok()
        })
        .await;
        clock.lap("another Object applied, by certificate and token");
    }
}

fn of<'a>((api_version, kind): (&'a str, &'a str), name: &'a str) -> ObjectRef<'a> {
    ObjectRef {
        api_version,
        kind,
        namespace: NAMESPACE,
        name,
    }
}

fn cluster() -> Value {
    json!({
        "apiVersion": "devopstoolkit.ai/v2",
        "kind": "Cluster",
        "metadata": {"name": CLUSTER, "namespace": NAMESPACE},
        "spec": {
            "crossplane": {"compositionSelector": {"matchLabels": {"provider": "azure", "cluster": "aks"}}},
            "parameters": {"nodeSize": "medium", "minNodeCount": 1, "apps": {
                "envoyGateway": {"enabled": true},
                "gatewayInferenceExtension": {"enabled": true},
            }},
        },
    })
}
