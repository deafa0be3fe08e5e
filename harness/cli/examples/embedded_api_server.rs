//! A client and a kube-rs controller on an API server in this process.

use std::sync::Arc;
use std::time::Duration;

use crosscut::ControlPlane;
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::watcher;
use serde_json::json;

/// Labels each ConfigMap.
async fn reconcile(map: Arc<ConfigMap>, maps: Arc<Api<ConfigMap>>) -> Result<Action, kube::Error> {
    let name = map.metadata.name.as_deref().unwrap_or_default();
    let label = json!({"metadata": {"labels": {"seen": "true"}}});
    let parameters = PatchParams::default();
    maps.patch(name, &parameters, &Patch::Merge(&label)).await?;
    Ok(Action::await_change())
}

#[tokio::main]
async fn main() -> Result<(), kube::Error> {
    let control_plane = ControlPlane::new();
    let maps: Api<ConfigMap> = Api::default_namespaced(control_plane.client());
    let retry = |_: Arc<ConfigMap>, _: &kube::Error, _: Arc<Api<ConfigMap>>| {
        Action::requeue(Duration::from_millis(10))
    };
    let mut controller = Controller::new(maps.clone(), watcher::Config::default())
        .run(reconcile, retry, Arc::new(maps.clone()))
        .boxed();

    let map = serde_json::from_value(json!({"metadata": {"name": "colours"}}));
    let map: ConfigMap = map.map_err(kube::Error::SerdeError)?;
    maps.create(&PostParams::default(), &map).await?;
    controller.next().await;
    let seen = maps.get("colours").await?.metadata.labels;
    assert_eq!(
        seen.unwrap_or_default().get("seen").map(String::as_str),
        Some("true")
    );
    Ok(())
}
