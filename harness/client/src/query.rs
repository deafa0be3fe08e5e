//! The query strings of requests.

use std::collections::BTreeMap;

use crate::write::Validation;

/// Returns the parameter for the field manager.
pub(crate) fn as_manager(manager: &str) -> String {
    format!("fieldManager={}", escape(manager))
}

/// Returns the parameter for the validation of fields. Empty if it is the server's default.
pub(crate) fn validation(validation: Validation) -> &'static str {
    match validation {
        Validation::Strict => "&fieldValidation=Strict",
        Validation::Warn => "",
        Validation::Ignore => "&fieldValidation=Ignore",
    }
}

/// Returns the parameter for an equality selector. Empty if there are no labels.
pub(crate) fn selector(labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let terms: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!("labelSelector={}", escape(&terms.join(",")))
}

/// Percent-encodes the characters with a special meaning in a query.
fn escape(text: &str) -> String {
    escaped(text, b"/:")
}

/// Percent-encodes the characters with a special meaning in one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    escaped(text, b":")
}

/// Percent-encodes all characters but letters, digits, `-._~` and `plain`.
fn escaped(text: &str, plain: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            byte if plain.contains(&byte) => escaped.push(char::from(byte)),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_survives_a_query_string() {
        let labels = BTreeMap::from([
            ("a.io/b".to_owned(), "c d".to_owned()),
            ("e".to_owned(), String::new()),
        ]);
        assert_eq!(selector(&labels), "labelSelector=a.io/b%3Dc%20d%2Ce%3D");
    }

    #[test]
    fn a_name_stays_in_its_part_of_a_path() {
        assert_eq!(segment("system:node-1.a"), "system:node-1.a");
        assert_eq!(segment("a/b?c#d e%"), "a%2Fb%3Fc%23d%20e%25");
    }
}
