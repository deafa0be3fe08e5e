//! Plain scalars. Source: the behaviour of go-yaml v2 under sigs.k8s.io/yaml 1.6.

use rstest::rstest;
use serde_json::{Value, json};

use crate::value;

#[rstest]
#[case::yes("yes", json!(true))]
#[case::no("No", json!(false))]
#[case::on("on", json!(true))]
#[case::off("OFF", json!(false))]
#[case::single_y("y", json!(true))]
#[case::single_n("N", json!(false))]
#[case::mixed_case_is_a_string("yEs", json!("yEs"))]
#[case::null("[null]", json!([null]))]
#[case::binary("!!binary aGVsbG8=", json!("hello"))]
#[case::tilde("[~]", json!([null]))]
#[case::decimal("42", json!(42))]
#[case::negative("-42", json!(-42))]
#[case::plus("+42", json!(42))]
#[case::underscores("1_000", json!(1000))]
#[case::octal_of_yaml_1_1("0777", json!(511))]
#[case::octal_of_yaml_1_2("0o777", json!(511))]
#[case::not_octal("0899", json!(899.0))]
#[case::hexadecimal("0xFF", json!(255))]
#[case::base_two("0b101", json!(5))]
#[case::largest("18446744073709551615", json!(18_446_744_073_709_551_615_u64))]
#[case::smallest("-9223372036854775808", json!(-9_223_372_036_854_775_808_i64))]
#[case::float("1.5", json!(1.5))]
#[case::leading_dot(".5", json!(0.5))]
#[case::exponent("1e3", json!(1000.0))]
#[case::exponent_with_sign("1.5E-2", json!(0.015))]
#[case::version("1.2.3", json!("1.2.3"))]
#[case::two_signs("+-1", json!("+-1"))]
#[case::lone_minus("['-']", json!(["-"]))]
#[case::infinity_has_no_json(".inf", json!(".inf"))]
#[case::timestamp_is_a_string("2001-12-14t21:59:43.10-05:00", json!("2001-12-14t21:59:43.10-05:00"))]
#[case::date_is_a_string("2026-01-02", json!("2026-01-02"))]
#[case::quoted_is_a_string("'yes'", json!("yes"))]
#[case::tagged_string("!!str 42", json!("42"))]
#[case::tagged_integer("!!int '42'", json!(42))]
#[case::own_tag_is_ignored("!mine 42", json!(42))]
#[case::duration("10m0s", json!("10m0s"))]
#[case::cidr("10.0.0.0/24", json!("10.0.0.0/24"))]
fn resolves(#[case] text: &str, #[case] expected: Value) {
    assert_eq!(value(text), expected);
}
