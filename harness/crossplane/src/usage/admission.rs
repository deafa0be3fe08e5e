//! Refuses to delete what is in use, as Crossplane's webhook `nousages.protection.crossplane.io` does.

use crosscut_apiserver::{Admission, Operation, Refusal, Review};
use serde_json::Value;

use super::{API_VERSION, Kind, LABEL_IN_USE, is_usage_of};
use crate::object;

/// The admission. It asks only about objects with the label that says that they are in use.
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
            }),
        }
    }
}

/// Why an object may not be deleted.
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
    use serde_json::json;

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
}
