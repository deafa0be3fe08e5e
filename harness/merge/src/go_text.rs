//! JSON values as Go prints them: in JSON, with `%v`, and with `%#v`. kube-apiserver's texts are made of these.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// From here on, and below its inverse's neighbourhood, Go's JSON has exponents.
const LARGE: f64 = 1e21;
const SMALL: f64 = 1e-6;

/// Returns the value as encoding/json writes it, with `<`, `>` and `&` escaped.
#[must_use]
pub fn json(value: &Value) -> String {
    match value {
        Value::Number(number) => json_number(number),
        Value::String(text) => json_string(text),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(json), ",")),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{}:{}", json_string(name), json(value)));
            format!("{{{}}}", joined(fields, ","))
        }
        Value::Null | Value::Bool(_) => value.to_string(),
    }
}

/// Returns the value as `%v` prints it.
///
/// ```
/// use crosscut_merge::go_text::plain;
/// use serde_json::json;
///
/// assert_eq!(plain(&json!("text")), "text");
/// assert_eq!(plain(&json!(3)), "3");
/// ```
#[must_use]
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => plain_number(number),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(plain), " ")),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name}:{}", plain(value)));
            format!("map[{}]", joined(fields, " "))
        }
        Value::Bool(_) => value.to_string(),
        Value::Null => "<nil>".to_owned(),
    }
}

/// As `%#v` prints it.
pub(crate) fn syntax(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!(
            "[]interface {{}}{{{}}}",
            joined(items.iter().map(syntax), ", ")
        ),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{}:{}", quoted(name), syntax(value)));
            format!("map[string]interface {{}}{{{}}}", joined(fields, ", "))
        }
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Number(_) | Value::Bool(_) => plain(value),
    }
}

/// As `%T` prints its type.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::Bool(_) => "bool",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Null => "<nil>",
    }
}

/// As `%q` prints it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for one in text.chars() {
        match one {
            '"' | '\\' => out.extend(['\\', one]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => _ = write!(out, "\\x{:02x}", u32::from(one)),
            _ => out.push(one),
        }
    }
    out.push('"');
    out
}

fn joined(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}

fn json_string(text: &str) -> String {
    let escaped = Value::from(text).to_string();
    let mut out = String::with_capacity(escaped.len());
    for one in escaped.chars() {
        match one {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                _ = write!(out, "\\u{:04x}", u32::from(one));
            }
            _ => out.push(one),
        }
    }
    out
}

fn json_number(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let size = float.abs();
    if size != 0.0 && !(SMALL..LARGE).contains(&size) {
        return with_exponent(float, 1);
    }
    float.to_string()
}

fn plain_number(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let size = float.abs();
    if size != 0.0 && !(1e-4..LARGE).contains(&size) {
        return with_exponent(float, 2);
    }
    float.to_string()
}

/// `1e+21`, `1e-7`: the exponent has a sign, and at least so many digits.
fn with_exponent(float: f64, digits: usize) -> String {
    let text = format!("{float:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent
        .strip_prefix('-')
        .map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{mantissa}e{sign}{exponent:0>digits$}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json as value;

    use super::*;

    #[rstest]
    #[case::whole_float(value!(2.0), "2", "2", "2")]
    #[case::integer(value!(-7), "-7", "-7", "-7")]
    #[case::large(value!(1e21), "1e+21", "1e+21", "1e+21")]
    #[case::almost_large(value!(1e20), "100000000000000000000", "100000000000000000000", "100000000000000000000")]
    #[case::small(value!(0.000_05), "0.00005", "5e-05", "5e-05")]
    #[case::tiny(value!(1.5e-7), "1.5e-7", "1.5e-07", "1.5e-07")]
    #[case::zero(value!(0.0), "0", "0", "0")]
    #[case::text(value!("a<\"\t\u{2028}"), "\"a\\u003c\\\"\\t\\u2028\"", "a<\"\t\u{2028}", "\"a<\\\"\\t\u{2028}\"")]
    #[case::null(value!(null), "null", "<nil>", "interface {}(nil)")]
    #[case::list(value!(["a", 1]), "[\"a\",1]", "[a 1]", "[]interface {}{\"a\", 1}")]
    #[case::map(value!({ "a": true, "b": {} }), "{\"a\":true,\"b\":{}}", "map[a:true b:map[]]", "map[string]interface {}{\"a\":true, \"b\":map[string]interface {}{}}")]
    fn values_are_printed(
        #[case] given: Value,
        #[case] as_json: &str,
        #[case] as_plain: &str,
        #[case] as_syntax: &str,
    ) {
        assert_eq!(json(&given), as_json);
        assert_eq!(plain(&given), as_plain);
        assert_eq!(syntax(&given), as_syntax);
    }

    #[rstest]
    #[case::bell("\u{7}\u{8}\u{b}\u{c}\r\n", "\"\\a\\b\\v\\f\\r\\n\"")]
    #[case::control("\u{1}\u{7f}", "\"\\x01\\x7f\"")]
    #[case::backslash("\\", "\"\\\\\"")]
    fn unusual_texts_are_quoted(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(quoted(text), expected);
    }

    #[rstest]
    #[case(value!("a"), "string")]
    #[case(value!(1), "int64")]
    #[case(value!(1.5), "float64")]
    #[case(value!(true), "bool")]
    #[case(value!([]), "[]interface {}")]
    #[case(value!({}), "map[string]interface {}")]
    #[case(value!(null), "<nil>")]
    fn types_have_names(#[case] given: Value, #[case] name: &str) {
        assert_eq!(type_name(&given), name);
    }
}
