//! Health rules for Kubernetes' own kinds (function-auto-ready 0.6.0, healthchecks).

use serde_json::Value;

use crosscut_objects::object;

/// A check that returns true if an object is healthy.
pub(crate) type Check = fn(&Value) -> bool;

/// Returns the rule for a kind, if the kind has its own.
pub(crate) fn check(api_version: &str, kind: &str) -> Option<Check> {
    let check: Check = match (api_version, kind) {
        ("v1", "ConfigMap" | "Secret" | "ServiceAccount" | "Namespace") => |_| true,
        ("v1", "Service") => service,
        ("v1", "Pod") => pod,
        ("v1", "PersistentVolumeClaim") => {
            |object| object::text(object, &["status", "phase"]) == "Bound"
        }
        ("apps/v1", "Deployment") => deployment,
        ("apps/v1", "StatefulSet") => stateful_set,
        ("apps/v1", "DaemonSet") => daemon_set,
        ("apps/v1", "ReplicaSet") => replica_set,
        ("batch/v1", "Job") => job,
        ("batch/v1", "CronJob") => cron_job,
        ("autoscaling/v2", "HorizontalPodAutoscaler") => autoscaler,
        ("networking.k8s.io/v1", "Ingress") => has_ingress,
        _ => return None,
    };
    Some(check)
}

fn integer(object: &Value, path: &[&str]) -> Option<i64> {
    object::at(object, path)?.as_i64()
}

/// Returns the desired replicas; one by default.
fn replicas(object: &Value) -> i64 {
    integer(object, &["spec", "replicas"]).unwrap_or(1)
}

fn is_true(object: &Value, kind: &str) -> bool {
    object::condition(object, kind).is_some_and(|found| object::text(found, &["status"]) == "True")
}

fn has_ingress(object: &Value) -> bool {
    object::at(object, &["status", "loadBalancer", "ingress"])
        .and_then(Value::as_array)
        .is_some_and(|points| !points.is_empty())
}

fn service(object: &Value) -> bool {
    object::text(object, &["spec", "type"]) != "LoadBalancer" || has_ingress(object)
}

fn pod(object: &Value) -> bool {
    match object::text(object, &["status", "phase"]) {
        "Succeeded" => true,
        "Running" => {
            object::text(object, &["spec", "restartPolicy"]) == "Always" && is_true(object, "Ready")
        }
        _ => false,
    }
}

fn deployment(object: &Value) -> bool {
    let all = Some(replicas(object));
    integer(object, &["status", "updatedReplicas"]) == all
        && integer(object, &["status", "availableReplicas"]) == all
        && is_true(object, "Available")
}

fn stateful_set(object: &Value) -> bool {
    let all = Some(replicas(object));
    let revision = |field| object::at(object, &["status", field]).and_then(Value::as_str);
    integer(object, &["status", "readyReplicas"]) == all
        && integer(object, &["status", "currentReplicas"]) == all
        && revision("currentRevision").is_some()
        && revision("currentRevision") == revision("updateRevision")
}

fn daemon_set(object: &Value) -> bool {
    let wanted = integer(object, &["status", "desiredNumberScheduled"]);
    wanted.is_some()
        && ["numberReady", "updatedNumberScheduled", "numberAvailable"]
            .iter()
            .all(|field| integer(object, &["status", field]) == wanted)
}

fn replica_set(object: &Value) -> bool {
    let observed = integer(object, &["status", "observedGeneration"]).unwrap_or_default();
    observed >= object::generation(object)
        && !is_true(object, "ReplicaFailure")
        && integer(object, &["status", "availableReplicas"]).unwrap_or_default() >= replicas(object)
}

/// Returns true if the first decisive condition is a success.
fn job(object: &Value) -> bool {
    let decisive = object::conditions(object).iter().find(|found| {
        matches!(
            object::text(found, &["type"]),
            "Failed" | "Suspended" | "Complete"
        ) && object::text(found, &["status"]) == "True"
    });
    decisive.is_some_and(|found| object::text(found, &["type"]) == "Complete")
}

fn cron_job(object: &Value) -> bool {
    if object::at(object, &["spec", "suspend"]) == Some(&Value::Bool(true)) {
        return true;
    }
    let time = |field| {
        object::text(object, &["status", field])
            .parse::<jiff::Timestamp>()
            .ok()
    };
    let Some(scheduled) = time("lastScheduleTime") else {
        return false;
    };
    let active = object::at(object, &["status", "active"])
        .and_then(Value::as_array)
        .is_some_and(|jobs| !jobs.is_empty());
    active || time("lastSuccessfulTime").is_some_and(|succeeded| succeeded >= scheduled)
}

/// Returns true if the first decisive condition is a success.
fn autoscaler(object: &Value) -> bool {
    const FAILURES: [&str; 4] = [
        "FailedGetScale",
        "FailedUpdateScale",
        "FailedGetResourceMetric",
        "InvalidSelector",
    ];
    const ACTIVE: [&str; 2] = ["ScalingActive", "ScalingLimited"];
    let decisive = object::conditions(object).iter().find(|found| {
        let kind = object::text(found, &["type"]);
        object::text(found, &["status"]) == "True"
            && (FAILURES.contains(&kind) || ACTIVE.contains(&kind))
    });
    decisive.is_some_and(|found| ACTIVE.contains(&object::text(found, &["type"])))
}
