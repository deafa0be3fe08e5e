//! The readiness of an Object, by its policy.

use crosscut_schema::{Query, query};
use serde_json::Value;

/// The result of a policy for the target's object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    Unready,
    /// Not ready, and the provider says why.
    Failed(String),
    /// The query cannot be evaluated here.
    Unknown(String),
}

/// Judges the target's object. `SuccessfulCreate` is the default policy; `asked` is the query of another.
pub(super) fn readiness(policy: &str, asked: &str, live: &Value) -> Readiness {
    let conditions = live["status"]["conditions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let ready = match policy {
        "DeriveFromObject" => conditions
            .iter()
            .any(|one| one["type"] == "Ready" && one["status"] == "True"),
        "AllTrue" => !conditions.is_empty() && conditions.iter().all(|one| one["status"] == "True"),
        "DeriveFromCelQuery" => return by_query(asked, live),
        _ => true,
    };
    if ready {
        Readiness::Ready
    } else {
        Readiness::Unready
    }
}

fn by_query(asked: &str, live: &Value) -> Readiness {
    if asked.is_empty() {
        return Readiness::Failed("cel query cannot be empty".to_owned());
    }
    match query(asked, live) {
        Query::Is(true) => Readiness::Ready,
        Query::Is(false) => Readiness::Unready,
        Query::Failed(why) => Readiness::Failed(why),
        Query::Unevaluated(why) => Readiness::Unknown(why),
    }
}

/// Returns true if the policy is about the object being as it should be, which shows only when it is looked at again.
pub(super) fn is_of_the_apply(policy: &str) -> bool {
    matches!(policy, "" | "SuccessfulCreate")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{Readiness, readiness};

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
        let expected = if ready {
            Readiness::Ready
        } else {
            Readiness::Unready
        };
        assert_eq!(readiness(policy, "", &conditions(given)), expected);
    }

    fn failed(why: &str) -> Readiness {
        Readiness::Failed(why.to_owned())
    }

    /// Source: provider-kubernetes 1.2 (checkDeriveFromCelQuery): what does not compile, or is of no type `bool` for the
    /// compiler, is not ready, and nothing says why; what fails says so.
    #[rstest]
    #[case::number("object.spec.n == 1", Readiness::Ready)]
    #[case::other_number("object.spec.n > 1", Readiness::Unready)]
    #[case::has("has(object.spec.n) && !has(object.status)", Readiness::Ready)]
    #[case::list("object.spec.list.exists(one, one.name == 'b')", Readiness::Ready)]
    #[case::all(
        "object.spec.list.all(one, one.name.startsWith('a'))",
        Readiness::Unready
    )]
    #[case::text("object.metadata.name + '-x' == 'thing-x'", Readiness::Ready)]
    #[case::choice("object.spec.n == 1 ? true : false", Readiness::Ready)]
    #[case::of_no_type("object.spec.on", Readiness::Unready)]
    #[case::number_itself("size(object.spec.list)", Readiness::Unready)]
    #[case::mistake("object.spec.n ==", Readiness::Unready)]
    #[case::no_such_variable("self.spec.n == 1", Readiness::Unready)]
    #[case::of_kubernetes_alone("object.metadata.name.lowerAscii() == 'thing'", Readiness::Unready)]
    #[case::empty("", failed("cel query cannot be empty"))]
    #[case::missing(
        "object.status.phase == 'Up'",
        failed("failed to eval the program: no such key: status")
    )]
    #[case::typed("type(object.spec.n) == int", Readiness::Unknown("it uses arithmetic, floating-point literals or functions that are not here".to_owned()))]
    #[case::arithmetic("object.spec.n % 2 == 1", Readiness::Unknown("it uses arithmetic, floating-point literals or functions that are not here".to_owned()))]
    fn queries(#[case] asked: &str, #[case] expected: Readiness) {
        let live = json!({"metadata": {"name": "thing"}, "spec": {"n": 1, "on": true, "list": [{"name": "a"}, {"name": "b"}]}});
        assert_eq!(readiness("DeriveFromCelQuery", asked, &live), expected);
    }
}
