//! The workloads that kind itself runs in a cluster, such as its DNS. They start after the cluster is ready, and their
//! changes would disturb the first trial.

use std::collections::BTreeMap;
use std::time::Duration;

use crosscut_client::Api;

use crosscut_objects::object;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crosscut_setup::Progress;

/// The time to wait for the workloads. Trials do not need them, and without a network plugin they never become
/// available.
const AVAILABLE: Duration = Duration::from_secs(60);
/// The time between two checks.
const POLL: Duration = Duration::from_secs(1);
/// The namespaces of kind's workloads. They have no workloads of the user when a cluster is created.
const NAMESPACES: [&str; 2] = ["kube-system", "local-path-storage"];

/// Waits until all workloads are available in a cluster. Reports to `progress` if that takes too long; the cluster is
/// used nevertheless.
pub(super) async fn wait(cluster: &str, api: &Api, progress: &Progress) {
    let end = Instant::now() + AVAILABLE;
    loop {
        let missing = unavailable(api).await;
        let Some(first) = missing.first() else {
            return;
        };
        if Instant::now() >= end {
            let seconds = AVAILABLE.as_secs();
            progress(&format!(
                "going on without {first} in {cluster}: it is not available within {seconds} s"
            ));
            return;
        }
        sleep(POLL).await;
    }
}

/// Returns the Deployments that are not available. Ignores list errors: the installation of the suite reports them.
async fn unavailable(api: &Api) -> Vec<String> {
    let mut missing = Vec::new();
    for namespace in NAMESPACES {
        let any = BTreeMap::new();
        let all = api.list("apps/v1", "Deployment", namespace, &any).await;
        let all = all.unwrap_or_default();
        let lacking = all.iter().filter(|one| !is_available(one));
        missing.extend(lacking.map(|one| format!("Deployment {namespace}/{}", object::name(one))));
    }
    missing
}

/// Returns true if all wanted replicas are available and there are no others.
fn is_available(deployment: &Value) -> bool {
    let status = |field: &str| deployment["status"][field].as_i64().unwrap_or_default();
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let is_seen = status("observedGeneration")
        == deployment["metadata"]["generation"]
            .as_i64()
            .unwrap_or_default();
    is_seen && status("availableReplicas") == wanted && status("replicas") == wanted
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::is_available;

    #[rstest]
    #[case::new(json!({"metadata": {"generation": 1}, "spec": {"replicas": 2}}), false)]
    #[case::starting(json!({"metadata": {"generation": 1}, "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, "replicas": 2, "availableReplicas": 1}}), false)]
    #[case::available(json!({"metadata": {"generation": 1}, "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, "replicas": 2, "availableReplicas": 2}}), true)]
    #[case::rolled_out_anew(json!({"metadata": {"generation": 2}, "spec": {"replicas": 2},
        "status": {"observedGeneration": 2, "replicas": 3, "availableReplicas": 2}}), false)]
    #[case::changed(json!({"metadata": {"generation": 2}, "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, "replicas": 2, "availableReplicas": 2}}), false)]
    #[case::scaled_to_nothing(json!({"metadata": {"generation": 2}, "spec": {"replicas": 0},
        "status": {"observedGeneration": 2}}), true)]
    fn available(#[case] deployment: Value, #[case] expected: bool) {
        assert_eq!(is_available(&deployment), expected);
    }
}
