//! Functions that ask the clock, the environment or chance.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crosscut_expr::{Environment, EvaluationError, Expression, Scope, Surroundings, Unset};
use rstest::rstest;
use serde_json::{Value, json};

fn evaluated(text: &str, surroundings: Surroundings) -> Result<Value, EvaluationError> {
    let scope = Scope::new().with_surroundings(surroundings);
    Expression::parse(text)
        .unwrap()
        .evaluate(&Value::Null, &scope)
}

#[rstest]
#[case("time_now()", "2026-01-01T00:00:01Z")]
#[case("time_now_utc()", "2026-01-01T00:00:01Z")]
#[case("time_since('', '2025-12-31T23:59:00Z', '')", "1m1.5s")]
fn the_clock_is_the_scopes(#[case] text: &str, #[case] expected: &str) {
    let now: jiff::Timestamp = "2026-01-01T00:00:01.5Z".parse().unwrap();
    let surroundings = Surroundings::new().with_clock(Arc::new(move || now));
    assert_eq!(evaluated(text, surroundings), Ok(json!(expected)));
}

#[rstest]
#[case::set("A", Some("1"))]
#[case::not_set("B", Some(""))]
#[case::not_allowed("C", None)]
fn a_variable_that_may_be_read(#[case] name: &str, #[case] expected: Option<&str>) {
    let environment = Environment {
        variables: BTreeMap::from([("A".to_owned(), "1".to_owned())]),
        unset: Unset::Named(BTreeSet::from(["A".to_owned(), "B".to_owned()])),
    };
    let surroundings = Surroundings::new().with_environment(environment);
    let outcome = evaluated(&format!("env('{name}')"), surroundings);
    match expected {
        Some(value) => assert_eq!(outcome, Ok(json!(value))),
        None => assert!(outcome.unwrap_err().is_unsupported()),
    }
}

#[test]
fn all_variables_may_be_read() {
    let environment = Environment {
        variables: BTreeMap::new(),
        unset: Unset::Any,
    };
    let surroundings = Surroundings::new().with_environment(environment);
    assert_eq!(evaluated("env('A')", surroundings), Ok(json!("")));
}

#[rstest]
#[case("[a-z]{8}")]
#[case("(foo|bar)-[0-9]{2,4}")]
#[case("x+y*z?")]
#[case(r"\d{3}\.\w[^a]")]
#[case("^.{5}$")]
fn chance_gives_what_the_pattern_matches(#[case] pattern: &str) {
    let anchored = format!("^(?:{pattern})$");
    let text =
        format!("[random('{pattern}'), random('{pattern}')][?!regex_match('{anchored}', @)]");
    for seed in 0..50 {
        let outcome = evaluated(&text, Surroundings::new().with_seed(seed));
        assert_eq!(outcome, Ok(json!([])), "{seed}");
    }
}

#[test]
fn the_same_seed_gives_the_same() {
    let text = "[random('[a-z]{8}'), random('[a-z]{8}')]";
    let given = |seed| evaluated(text, Surroundings::new().with_seed(seed)).unwrap();
    assert_eq!(given(1), given(1));
    assert_ne!(given(1), given(2));
    assert_ne!(given(1)[0], given(1)[1]);
}

#[test]
fn a_pattern_by_chance_has_a_bound() {
    let outcome = evaluated(
        "random('(a{1000}){1000}{1000}')",
        Surroundings::new().with_seed(1),
    );
    let outcome = outcome.unwrap_err();
    assert!(outcome.is_over_budget(), "{outcome}");
}
