//! Kubernetes' own kinds: what kube-apiserver 1.34 serves by default, before any CustomResourceDefinition.
//!
//! A control plane that lacks one of these lacks a part of Kubernetes; any other kind comes with a definition. Kinds
//! that only a flag of kube-apiserver turns on (alpha and beta versions) are not among them.

/// The groups of Kubernetes itself, those that 1.34 serves no more or only by a flag among them. Other groups that end
/// in `k8s.io`, such as `gateway.networking.k8s.io`, come with definitions.
const GROUPS: [&str; 24] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// The kinds by apiVersion, in the order of discovery.
const KINDS: [(&str, &[&str]); 22] = [
    (
        "v1",
        &[
            "Binding",
            "ComponentStatus",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "Namespace",
            "Node",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
    ),
    ("apiregistration.k8s.io/v1", &["APIService"]),
    (
        "apps/v1",
        &[
            "ControllerRevision",
            "DaemonSet",
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
        ],
    ),
    ("events.k8s.io/v1", &["Event"]),
    (
        "authentication.k8s.io/v1",
        &["SelfSubjectReview", "TokenReview"],
    ),
    (
        "authorization.k8s.io/v1",
        &[
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
    ),
    ("autoscaling/v2", &["HorizontalPodAutoscaler"]),
    ("autoscaling/v1", &["HorizontalPodAutoscaler"]),
    ("batch/v1", &["CronJob", "Job"]),
    ("certificates.k8s.io/v1", &["CertificateSigningRequest"]),
    (
        "networking.k8s.io/v1",
        &[
            "IPAddress",
            "Ingress",
            "IngressClass",
            "NetworkPolicy",
            "ServiceCIDR",
        ],
    ),
    ("policy/v1", &["PodDisruptionBudget"]),
    (
        "rbac.authorization.k8s.io/v1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
    ),
    (
        "storage.k8s.io/v1",
        &[
            "CSIDriver",
            "CSINode",
            "CSIStorageCapacity",
            "StorageClass",
            "VolumeAttachment",
            "VolumeAttributesClass",
        ],
    ),
    (
        "admissionregistration.k8s.io/v1",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io/v1", &["CustomResourceDefinition"]),
    ("scheduling.k8s.io/v1", &["PriorityClass"]),
    ("coordination.k8s.io/v1", &["Lease"]),
    ("node.k8s.io/v1", &["RuntimeClass"]),
    ("discovery.k8s.io/v1", &["EndpointSlice"]),
    (
        "flowcontrol.apiserver.k8s.io/v1",
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    (
        "resource.k8s.io/v1",
        &[
            "DeviceClass",
            "ResourceClaim",
            "ResourceClaimTemplate",
            "ResourceSlice",
        ],
    ),
];

/// Returns true for a kind that kube-apiserver 1.34 serves by default. `api_version` is `v1` or `group/version`.
///
/// ```
/// assert!(crosscut_kinds::is_built_in("apps/v1", "Deployment"));
/// assert!(!crosscut_kinds::is_built_in("example.org/v1", "Widget"));
/// ```
#[must_use]
pub fn is_built_in(api_version: &str, kind: &str) -> bool {
    KINDS
        .iter()
        .any(|(version, kinds)| *version == api_version && kinds.contains(&kind))
}

/// Returns true for a group of Kubernetes itself, which no definition brings. The core group is the empty text.
///
/// ```
/// assert!(crosscut_kinds::is_own_group("rbac.authorization.k8s.io"));
/// assert!(!crosscut_kinds::is_own_group("gateway.networking.k8s.io"));
/// ```
#[must_use]
pub fn is_own_group(group: &str) -> bool {
    GROUPS.contains(&group)
}

/// Returns the group of an apiVersion; that of `v1` is empty.
#[must_use]
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // Source: discovery of kube-apiserver 1.34.3 with its default flags.
    #[rstest]
    #[case::pod("v1", "Pod", true)]
    #[case::deployment("apps/v1", "Deployment", true)]
    #[case::autoscaler("autoscaling/v2", "HorizontalPodAutoscaler", true)]
    #[case::claim_of_devices("resource.k8s.io/v1", "ResourceClaim", true)]
    #[case::misspelt("v1", "Podd", false)]
    #[case::another_version("apps/v1beta1", "Deployment", false)]
    #[case::gone("extensions/v1beta1", "Ingress", false)]
    #[case::by_a_flag("resource.k8s.io/v1beta1", "ResourceClaim", false)]
    #[case::of_a_definition("gateway.networking.k8s.io/v1", "Gateway", false)]
    fn built_in_kinds(#[case] api_version: &str, #[case] kind: &str, #[case] expected: bool) {
        assert_eq!(is_built_in(api_version, kind), expected);
    }

    #[rstest]
    #[case::core("v1", true)]
    #[case::plain("apps/v1", true)]
    #[case::dotted("networking.k8s.io/v1", true)]
    #[case::removed("extensions/v1beta1", true)]
    #[case::by_definition("gateway.networking.k8s.io/v1", false)]
    #[case::of_a_user("example.org/v1", false)]
    fn own_groups(#[case] api_version: &str, #[case] expected: bool) {
        assert_eq!(is_own_group(group_of(api_version)), expected);
    }

    #[test]
    fn every_kind_is_in_an_own_group() {
        for (api_version, _) in KINDS {
            assert!(is_own_group(group_of(api_version)), "{api_version}");
        }
    }
}
