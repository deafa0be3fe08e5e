//! The approval condition of a definition in one of Kubernetes' own API groups.

use crosscut_objects::object;
use serde_json::Value;

/// The condition, and its annotation.
pub(super) const CONDITION: &str = "KubernetesAPIApprovalPolicyConformant";
const APPROVED: &str = "api-approved.kubernetes.io";
const POLICY: &str = "see https://github.com/kubernetes/enhancements/pull/1111";

/// Returns status, reason and message of the condition; `None` in groups that are not Kubernetes'
/// own.
pub(super) fn approval(definition: &Value) -> Option<(&'static str, &'static str, String)> {
    if !is_protected(object::text(definition, &["spec", "group"])) {
        return None;
    }
    let must = format!("protected groups must have approval annotation \"{APPROVED}\"");
    Some(match object::annotation(definition, APPROVED) {
        "" => ("False", "MissingAnnotation", format!("{must}, {POLICY}")),
        given if given.starts_with("unapproved") => {
            let message = format!("not approved: \"{given}\"");
            ("False", "UnapprovedAnnotation", message)
        }
        given if is_url(given) => {
            let message = format!("approved in {given}");
            ("True", "ApprovedAnnotation", message)
        }
        _ => {
            let either = "with either a URL or a reason starting with \"unapproved\"";
            let message = format!("{must} {either}, {POLICY}");
            ("False", "InvalidAnnotation", message)
        }
    })
}

fn is_protected(group: &str) -> bool {
    let within = |domain: &str| {
        group
            .strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    within("k8s.io") || within("kubernetes.io")
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|url| url.scheme().is_some() && url.host().is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::approval;

    /// Source: apiextensions-apiserver 0.34, its controller for this condition.
    #[rstest]
    #[case("inference.networking.k8s.io", "https://example.org/pull/1", Some(("True", "ApprovedAnnotation", "approved in https://example.org/pull/1")))]
    #[case("inference.networking.k8s.io", "unapproved, an experiment", Some(("False", "UnapprovedAnnotation", "not approved: \"unapproved, an experiment\"")))]
    #[case("k8s.io", "", Some(("False", "MissingAnnotation", "protected groups must have approval annotation \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111")))]
    #[case("kubernetes.io", "soon", Some(("False", "InvalidAnnotation", "protected groups must have approval annotation \"api-approved.kubernetes.io\" with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111")))]
    #[case("example.org", "", None)]
    #[case("notk8s.io", "", None)]
    fn groups_and_annotations(
        #[case] group: &str,
        #[case] annotation: &str,
        #[case] expected: Option<(&str, &str, &str)>,
    ) {
        let definition = json!({
            "metadata": {"annotations": {"api-approved.kubernetes.io": annotation}},
            "spec": {"group": group},
        });
        let found = approval(&definition);
        let found = found
            .as_ref()
            .map(|(status, reason, message)| (*status, *reason, message.as_str()));
        assert_eq!(found, expected);
    }
}
