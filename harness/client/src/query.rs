//! The query strings of requests.

use std::collections::BTreeMap;

use crosscut_objects::{FieldValidation, Options};

/// Returns the text behind the question mark; may be empty.
pub(crate) fn text(options: &Options<'_>) -> String {
    let mut terms = Vec::new();
    if !options.field_manager.is_empty() {
        terms.push(format!("fieldManager={}", escape(options.field_manager)));
    }
    match options.field_validation {
        FieldValidation::Strict => terms.push("fieldValidation=Strict".to_owned()),
        FieldValidation::Warn => {}
        FieldValidation::Ignore => terms.push("fieldValidation=Ignore".to_owned()),
    }
    if options.force {
        terms.push("force=true".to_owned());
    }
    if options.dry_run {
        terms.push("dryRun=All".to_owned());
    }
    terms.extend(options.labels.and_then(selector));
    terms.join("&")
}

/// Returns an equality selector; `None` if there are no labels.
fn selector(labels: &BTreeMap<String, String>) -> Option<String> {
    let terms: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    (!terms.is_empty()).then(|| format!("labelSelector={}", escape(&terms.join(","))))
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
        let options = Options {
            labels: Some(&labels),
            ..Options::default()
        };
        assert_eq!(text(&options), "labelSelector=a.io/b%3Dc%20d%2Ce%3D");
    }

    #[test]
    fn a_name_stays_in_its_part_of_a_path() {
        assert_eq!(segment("system:node-1.a"), "system:node-1.a");
        assert_eq!(segment("a/b?c#d e%"), "a%2Fb%3Fc%23d%20e%25");
    }
}
