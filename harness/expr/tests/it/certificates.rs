//! `x509_decode` beside Go 1.26's `encoding/json` of what `crypto/x509` parsed: `tests/data/x509`. Their public key was put in as
//! kyverno-json does it.

use crosscut_expr::{EvaluationError, Expression, Scope, equal};
use rstest::rstest;
use serde_json::{Value, json};

fn decoded(pem: &str) -> Result<Value, EvaluationError> {
    let expression = Expression::parse("x509_decode(@)").unwrap();
    expression.evaluate(&json!(pem), &Scope::new())
}

#[rstest]
#[case::certificate(
    include_str!("../data/x509/cert.pem"),
    include_str!("../data/x509/cert.json")
)]
#[case::request(include_str!("../data/x509/csr.pem"), include_str!("../data/x509/csr.json"))]
fn all_fields_are_those_of_go(#[case] pem: &str, #[case] expected: &str) {
    let expected: Value = serde_json::from_str(expected).unwrap();
    let actual = decoded(pem).unwrap();
    for (field, expected) in expected.as_object().unwrap() {
        let actual = actual.get(field).unwrap_or(&Value::Null);
        assert!(equal(actual, expected), "{field}: {actual} {expected}");
    }
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&actual), names(&expected));
}

#[rstest]
#[case::other_algorithm(include_str!("../data/x509/ec.pem"), "not of the algorithm RSA")]
#[case::no_pem("text", "no PEM block")]
#[case::broken(
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "the certificate:"
)]
#[case::key("-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n", "is no certificate")]
fn what_is_none_is_a_mistake(#[case] pem: &str, #[case] expected: &str) {
    let error = decoded(pem).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}
