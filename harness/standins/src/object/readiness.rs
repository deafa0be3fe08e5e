//! When an Object is ready, by its policy.

use serde_json::Value;

/// Whether the target's object is ready. `SuccessfulCreate` is the default; queries are refused before this.
pub(super) fn is_ready(policy: &str, live: &Value) -> bool {
    let conditions = live["status"]["conditions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    match policy {
        "DeriveFromObject" => conditions
            .iter()
            .any(|one| one["type"] == "Ready" && one["status"] == "True"),
        "AllTrue" => !conditions.is_empty() && conditions.iter().all(|one| one["status"] == "True"),
        _ => true,
    }
}

/// Whether the policy is about the object being as it should be, which shows only when it is looked at again.
pub(super) fn is_of_the_apply(policy: &str) -> bool {
    matches!(policy, "" | "SuccessfulCreate")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::is_ready;

    fn conditions(list: &[(&str, &str)]) -> Value {
        let list: Vec<Value> = list
            .iter()
            .map(|(kind, status)| json!({ "type": kind, "status": status }))
            .collect();
        json!({ "status": { "conditions": list } })
    }

    /// Source: provider-kubernetes 1.2, the readiness policies.
    #[rstest]
    #[case("", &[], true)]
    #[case("SuccessfulCreate", &[("Ready", "False")], true)]
    #[case("DeriveFromObject", &[], false)]
    #[case("DeriveFromObject", &[("Ready", "True"), ("Other", "False")], true)]
    #[case("DeriveFromObject", &[("Ready", "False")], false)]
    #[case("AllTrue", &[], false)]
    #[case("AllTrue", &[("Ready", "True"), ("Other", "False")], false)]
    #[case("AllTrue", &[("Ready", "True"), ("Other", "True")], true)]
    fn policies(#[case] policy: &str, #[case] given: &[(&str, &str)], #[case] ready: bool) {
        assert_eq!(is_ready(policy, &conditions(given)), ready);
    }
}
