//! Admission that protects used objects from deletion, as Crossplane's webhook `nousages.protection.crossplane.io`
//! does.

use crosscut_objects::{Admission, Operation, Patch, Refusal, Review};
use serde_json::{Value, json};

use super::{ANNOTATION_ATTEMPT, API_VERSION, Kind, LABEL_IN_USE, is_usage_of};
use crate::object;
use crate::work::FIELD_MANAGER;

/// The admission plugin. It checks only objects with the label for used objects.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UsageAdmission;

impl Admission for UsageAdmission {
    fn review(&self, review: &Review<'_>) -> Result<(), Refusal> {
        let (Operation::Delete, None, Some(old)) =
            (review.operation, review.subresource, review.old)
        else {
            return Ok(());
        };
        if object::label(old, LABEL_IN_USE) != "true" {
            return Ok(());
        }
        let group = object::group_of(API_VERSION);
        let listed = [Kind::Usage, Kind::ClusterUsage]
            .map(|kind| review.store.list(group, kind.plural(), None));
        let usages: Vec<&Value> = listed
            .iter()
            .flatten()
            .map(AsRef::as_ref)
            .filter(|usage| is_usage_of(usage, old))
            .collect();
        match usages.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(Refusal {
                code: 409,
                reason: "Conflict",
                message: format!(
                    "admission webhook \"nousages.protection.crossplane.io\" denied the request: {}",
                    message(usages.len(), first)
                ),
                patch: attempt(old, review.propagation),
            }),
        }
    }
}

/// Returns a patch that records the propagation policy of a refused deletion on the object, unless already
/// recorded. A usage with `replayDeletion` repeats the deletion when the usage is deleted.
fn attempt(old: &Value, policy: Option<&str>) -> Option<Patch> {
    let policy = policy.unwrap_or("Background");
    (object::annotation(old, ANNOTATION_ATTEMPT) != policy).then(|| Patch {
        manager: FIELD_MANAGER,
        merge: json!({"metadata": {"annotations": {ANNOTATION_ATTEMPT: policy}}}),
    })
}

/// Returns the reason why an object may not be deleted.
fn message(count: usize, first: &Value) -> String {
    let name = object::name(first);
    let id = match object::namespace(first) {
        "" => format!("{name:?}"),
        namespace => format!("{name:?} (in namespace {namespace:?})"),
    };
    let start = format!(
        "This resource is in-use by {count} usage(s), including the *v1beta1.{} {id}",
        object::kind(first)
    );
    if let Some(by) = object::at(first, &["spec", "by"]) {
        return format!(
            "{start} by resource {}/{}.",
            object::kind(by),
            object::text(by, &["resourceRef", "name"])
        );
    }
    match object::text(first, &["spec", "reason"]) {
        "" => format!("{start}."),
        reason => format!("{start} with reason: {reason:?}."),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // Source: Crossplane 2.2.0, internal/webhook/protection/usage (inUseMessage; %T of the API types).
    #[rstest]
    #[case::by(
        json!({"kind": "Usage", "metadata": {"name": "u", "namespace": "n"}, "spec": {"by": {"kind": "Release", "resourceRef": {"name": "r"}}}}),
        "This resource is in-use by 2 usage(s), including the *v1beta1.Usage \"u\" (in namespace \"n\") by resource Release/r."
    )]
    #[case::reason(
        json!({"kind": "ClusterUsage", "metadata": {"name": "u"}, "spec": {"reason": "needed"}}),
        "This resource is in-use by 2 usage(s), including the *v1beta1.ClusterUsage \"u\" with reason: \"needed\"."
    )]
    fn messages(#[case] usage: Value, #[case] text: &str) {
        assert_eq!(message(2, &usage), text);
    }

    // Source: Crossplane 2.2.0, internal/webhook/protection/usage (validateNoUsages).
    #[rstest]
    #[case::first(json!({}), Some("Foreground"), Some("Foreground"))]
    #[case::default_policy(json!({}), None, Some("Background"))]
    #[case::same_again(json!({ANNOTATION_ATTEMPT: "Background"}), None, None)]
    #[case::another_policy(json!({ANNOTATION_ATTEMPT: "Background"}), Some("Orphan"), Some("Orphan"))]
    fn attempts_are_noted(
        #[case] annotations: Value,
        #[case] policy: Option<&str>,
        #[case] noted: Option<&str>,
    ) {
        let old = json!({"metadata": {"annotations": annotations}});
        let patch = attempt(&old, policy);
        let found =
            patch.map(|patch| patch.merge["metadata"]["annotations"][ANNOTATION_ATTEMPT].clone());
        assert_eq!(found, noted.map(Value::from));
    }
}
