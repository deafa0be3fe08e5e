//! The built-in function-auto-ready, which marks a desired resource as ready if its observed resource is.
//!
//! The rules are those of function-auto-ready 0.6.0. The function only sets `ready` to true, and only if no earlier
//! function has decided. Built-in kinds have their own rules; other kinds need a condition `Ready`. The original's
//! CEL customisations need a feature gate and are not implemented.

mod health;

use async_trait::async_trait;
use function_sdk_rust::proto::v1::{
    Ready, RequestMeta, ResponseMeta, RunFunctionRequest, RunFunctionResponse,
};
use pbjson_types::Duration;
use serde_json::Value;

use super::{Function, FunctionCall, FunctionError, convert, wire};
use crosscut_objects::object;

/// The lifetime of the response, in seconds: the default of Crossplane's function SDKs.
const TTL_SECONDS: i64 = 60;

/// The built-in function.
#[derive(Clone, Copy, Debug, Default)]
pub struct AutoReady;

#[async_trait]
impl Function for AutoReady {
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        Ok(answer(request))
    }

    async fn respond(
        &self,
        call: &FunctionCall<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        let request = &call.request;
        let mut desired = request.desired.clone().unwrap_or_default();
        for (name, resource) in &mut desired.resources {
            conclude(&mut resource.ready, || {
                let actual = call.observed(name);
                actual.is_some_and(|actual| is_object_ready(&actual))
            });
        }
        Ok(wire::RunFunctionResponse {
            meta: Some(meta(request.meta.as_ref())),
            desired: Some(desired),
            context: request.context.clone(),
            ..wire::RunFunctionResponse::default()
        })
    }
}

fn meta(request: Option<&RequestMeta>) -> ResponseMeta {
    ResponseMeta {
        tag: request.map(|meta| meta.tag.clone()).unwrap_or_default(),
        ttl: Some(Duration {
            seconds: TTL_SECONDS,
            nanos: 0,
        }),
    }
}

fn answer(request: RunFunctionRequest) -> RunFunctionResponse {
    let mut observed = request.observed.unwrap_or_default().resources;
    let mut desired = request.desired.unwrap_or_default();
    for (name, resource) in &mut desired.resources {
        let actual = observed.remove(name).and_then(|actual| actual.resource);
        conclude(&mut resource.ready, || {
            actual.is_some_and(|actual| is_object_ready(&convert::from_struct(actual)))
        });
    }
    RunFunctionResponse {
        meta: Some(meta(request.meta.as_ref())),
        desired: Some(desired),
        context: request.context,
        ..RunFunctionResponse::default()
    }
}

/// Sets `ready` to true if no earlier function has decided and the resource is ready.
fn conclude(ready: &mut i32, is_ready: impl FnOnce() -> bool) {
    if *ready == Ready::Unspecified as i32 && is_ready() {
        *ready = Ready::True as i32;
    }
}

fn is_object_ready(actual: &Value) -> bool {
    let healthy = health::check(object::api_version(actual), object::kind(actual))
        .is_some_and(|check| check(actual));
    healthy
        || object::condition(actual, "Ready")
            .is_some_and(|found| object::text(found, &["status"]) == "True")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use function_sdk_rust::proto::v1::{RequestMeta, Resource, State};
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn resource(value: &Value, ready: Ready) -> Resource {
        Resource {
            resource: Some(convert::to_struct(value)),
            ready: ready as i32,
            ..Resource::default()
        }
    }

    fn state(resources: impl IntoIterator<Item = (&'static str, Resource)>) -> State {
        let resources: HashMap<_, _> = resources
            .into_iter()
            .map(|(name, one)| (name.to_owned(), one))
            .collect();
        State {
            composite: None,
            resources,
        }
    }

    fn with_ready(status: &str) -> Value {
        json!({"apiVersion": "example.org/v1", "kind": "Thing", "status": {"conditions": [{"type": "Ready", "status": status}]}})
    }

    #[rstest]
    #[case::condition_true(Some("True"), Ready::Unspecified, Ready::True)]
    #[case::condition_false(Some("False"), Ready::Unspecified, Ready::Unspecified)]
    #[case::not_observed(None, Ready::Unspecified, Ready::Unspecified)]
    #[case::decided_before(Some("True"), Ready::False, Ready::False)]
    fn readiness(#[case] observed: Option<&str>, #[case] before: Ready, #[case] after: Ready) {
        let request = RunFunctionRequest {
            meta: Some(RequestMeta {
                tag: "t".to_owned(),
                ..RequestMeta::default()
            }),
            observed: observed
                .map(|status| state([("a", resource(&with_ready(status), Ready::Unspecified))])),
            desired: Some(state([("a", resource(&with_ready("False"), before))])),
            context: Some(convert::to_struct(&json!({"k": 1}))),
            ..RunFunctionRequest::default()
        };
        let response = answer(request.clone());
        assert_eq!(
            response.desired.unwrap_or_default().resources["a"].ready,
            after as i32
        );
        assert_eq!(response.context, request.context);
        let meta = response.meta.unwrap_or_default();
        assert_eq!(
            (meta.tag.as_str(), meta.ttl.map(|ttl| ttl.seconds)),
            ("t", Some(60))
        );
    }

    // Source: function-auto-ready 0.6.0, healthchecks.
    #[rstest]
    #[case::config_map(json!({"apiVersion": "v1", "kind": "ConfigMap"}), true)]
    #[case::another_group(json!({"apiVersion": "example.org/v1", "kind": "ConfigMap"}), false)]
    #[case::cluster_ip(json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "ClusterIP"}}), true)]
    #[case::balancer_waits(json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer"}}), false)]
    #[case::balancer(json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}), true)]
    #[case::deployment(json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 2},
        "status": {"updatedReplicas": 2, "availableReplicas": 2, "conditions": [{"type": "Available", "status": "True"}]}}), true)]
    #[case::deployment_one_short(json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 2},
        "status": {"updatedReplicas": 2, "availableReplicas": 1, "conditions": [{"type": "Available", "status": "True"}]}}), false)]
    #[case::stateful_set(json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "status": {"readyReplicas": 1, "currentReplicas": 1, "currentRevision": "a", "updateRevision": "a"}}), true)]
    #[case::stateful_set_updating(json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "status": {"readyReplicas": 1, "currentReplicas": 1, "currentRevision": "a", "updateRevision": "b"}}), false)]
    #[case::daemon_set_of_none(json!({"apiVersion": "apps/v1", "kind": "DaemonSet",
        "status": {"desiredNumberScheduled": 0, "numberReady": 0, "updatedNumberScheduled": 0, "numberAvailable": 0}}), true)]
    #[case::replica_set_not_seen(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"generation": 2},
        "status": {"observedGeneration": 1, "availableReplicas": 1}}), false)]
    #[case::job_complete(json!({"apiVersion": "batch/v1", "kind": "Job", "status": {"conditions": [{"type": "Complete", "status": "True"}]}}), true)]
    #[case::job_failed(json!({"apiVersion": "batch/v1", "kind": "Job",
        "status": {"conditions": [{"type": "Failed", "status": "True"}, {"type": "Complete", "status": "True"}]}}), false)]
    #[case::cron_job_suspended(json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"suspend": true}}), true)]
    #[case::cron_job_last_run_failed(json!({"apiVersion": "batch/v1", "kind": "CronJob",
        "status": {"lastScheduleTime": "2024-01-01T10:05:00Z", "lastSuccessfulTime": "2024-01-01T10:00:00Z"}}), false)]
    #[case::cron_job_last_run_succeeded(json!({"apiVersion": "batch/v1", "kind": "CronJob",
        "status": {"lastScheduleTime": "2024-01-01T10:00:00Z", "lastSuccessfulTime": "2024-01-01T10:05:00Z"}}), true)]
    #[case::claim_bound(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Bound"}}), true)]
    #[case::pod_ready(json!({"apiVersion": "v1", "kind": "Pod", "spec": {"restartPolicy": "Always"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}), true)]
    #[case::pod_pending(json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Pending"}}), false)]
    #[case::autoscaler(json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "status": {"conditions": [{"type": "ScalingActive", "status": "True"}]}}), true)]
    #[case::ingress(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "status": {"loadBalancer": {"ingress": []}}}), false)]
    fn built_in_kinds(#[case] object: Value, #[case] ready: bool) {
        assert_eq!(is_object_ready(&object), ready);
    }
}
