//! The properties of every value.

use crosscut_assertion::{Assertion, Subject, template};
use crosscut_expr::Scope;
use crosscut_yaml::{Limits, Node, parse, to_yaml};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Generates values whose strings have no special meaning.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(Value::from),
        "[a-z]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

fn document(value: &Value) -> Node {
    parse(&to_yaml(&json!({"value": value})), &Limits::default())
        .unwrap()
        .remove(0)
}

proptest! {
    #[test]
    fn a_value_is_as_it_says(value in value()) {
        let assertion = Assertion::parse(&document(&value)).unwrap();
        prop_assert_eq!(assertion.check(&json!({"value": value, "more": 1}), &Scope::new()), []);
    }

    #[test]
    fn without_expressions_an_assertion_fails_exactly_where_the_diff_is_not_empty(left in value(), right in value()) {
        let assertion = Assertion::parse(&document(&left)).unwrap();
        let actual = json!({"value": right});
        let holds = assertion.check(&actual, &Scope::new()).is_empty();
        let same = assertion.diff(&actual, &Scope::new()).lines().all(|line| line.starts_with(' '));
        // An empty map matches any value but null, and a diff shows no lines for an empty map.
        prop_assume!(!left.to_string().contains("{}"));
        prop_assert_eq!(holds, same, "{}", assertion.diff(&actual, &Scope::new()));
    }

    #[test]
    fn a_template_without_expressions_is_itself(value in value()) {
        prop_assert_eq!(template(&document(&value), &Scope::new()).unwrap(), json!({"value": value}));
    }

    /// Any values in place of names give these names as they are, or an error.
    #[test]
    fn a_subject_has_only_names_that_are_text(
        kind in value(), name in value(), namespace in value(), label in value(), is_expression in any::<bool>(),
    ) {
        let written = |field: &str, value: &Value| match is_expression {
            true => json!(format!("(${field})")),
            false => value.clone(),
        };
        let (kind_is, name_is) = (written("kind", &kind), written("name", &name));
        let (namespace_is, label_is) = (written("namespace", &namespace), written("label", &label));
        let text = to_yaml(&json!({
            "apiVersion": "v1", "kind": kind_is,
            "metadata": {"name": name_is, "namespace": namespace_is, "labels": {"app": label_is}},
        }));
        let document = parse(&text, &Limits::default()).unwrap().remove(0);
        let scope = [("kind", &kind), ("name", &name), ("namespace", &namespace), ("label", &label)]
            .into_iter()
            .fold(Scope::new(), |scope, (name, value)| scope.bind(name, value.clone()));
        let evaluated = template(&document, &scope).unwrap();
        let is_name = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        let all_are = [&kind, &name, &namespace].into_iter().all(is_name) && label.is_string();
        let asserted = Assertion::parse(&document).unwrap().subject(&scope);
        for subject in [Subject::of(&document, &evaluated), asserted] {
            prop_assert_eq!(subject.is_ok(), all_are, "{:?}", subject);
            if let Ok(subject) = subject {
                prop_assert_eq!(subject.kind.as_deref(), kind.as_str());
                prop_assert_eq!(subject.name.as_deref(), name.as_str());
                prop_assert_eq!(subject.namespace.as_deref(), namespace.as_str());
                prop_assert_eq!(subject.labels.get("app").map(String::as_str), label.as_str());
            }
        }
    }
}
