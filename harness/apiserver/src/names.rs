//! The formats of names, labels and annotations, with the texts of kube-apiserver 1.34.

use crate::served::NameRule;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Returns the errors of an object's name.
pub(crate) fn object(rule: NameRule, name: &str) -> Vec<String> {
    match rule {
        NameRule::Subdomain => subdomain(name),
        NameRule::Label => dotless(name, 63, is_label, LABEL),
        NameRule::Label1035 => dotless(name, 63, is_label_1035, LABEL_1035),
        NameRule::PathSegment => path_segment(name),
    }
}

/// Returns the errors of a subdomain: labels with dots between them.
pub(crate) fn subdomain(name: &str) -> Vec<String> {
    let mut problems = length(name, 253);
    if !name.split('.').all(is_label) {
        problems.push(SUBDOMAIN.to_owned());
    }
    problems
}

/// Returns the errors of one label, such as a namespace's name.
pub(crate) fn label(name: &str) -> Vec<String> {
    let mut problems = length(name, 63);
    if !is_label(name) {
        problems.push(LABEL.to_owned());
    }
    problems
}

/// Returns the errors of a name that may have a prefix, such as a label's key.
pub(crate) fn qualified(text: &str) -> Vec<String> {
    let (prefix, name) = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => {
            return vec![format!(
                "a qualified name {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    let mut problems = Vec::new();
    match prefix {
        Some("") => problems.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => problems.extend(
            subdomain(prefix)
                .into_iter()
                .map(|problem| format!("prefix part {problem}")),
        ),
        None => {}
    }
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    } else {
        problems.extend(
            length(name, 63)
                .into_iter()
                .map(|problem| format!("name part {problem}")),
        );
    }
    if !is_word(name) {
        problems.push(format!("name part {QUALIFIED}"));
    }
    problems
}

/// Returns the errors of a label's value.
pub(crate) fn label_value(text: &str) -> Vec<String> {
    let mut problems = length(text, 63);
    if !text.is_empty() && !is_word(text) {
        problems.push(LABEL_VALUE.to_owned());
    }
    problems
}

fn length(text: &str, limit: usize) -> Vec<String> {
    if text.len() <= limit {
        return Vec::new();
    }
    // kube-apiserver's texts have another unit for each; valid names are ASCII, so the limit is the same.
    let unit = if limit == 253 { "characters" } else { "bytes" };
    vec![format!("must be no more than {limit} {unit}")]
}

fn dotless(name: &str, limit: usize, is: fn(&str) -> bool, text: &str) -> Vec<String> {
    let mut problems = length(name, limit);
    if is(name) {
        return problems;
    }
    problems.push(match name.contains('.') {
        true => "must not contain dots".to_owned(),
        false => text.to_owned(),
    });
    problems
}

fn path_segment(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    ['/', '%']
        .iter()
        .filter(|sign| name.contains(**sign))
        .map(|sign| format!("may not contain '{sign}'"))
        .collect()
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let good = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.first().is_some_and(good)
        && bytes.last().is_some_and(good)
        && bytes.iter().all(|byte| good(byte) || *byte == b'-')
}

fn is_label_1035(text: &str) -> bool {
    is_label(text) && text.starts_with(|letter: char| letter.is_ascii_lowercase())
}

fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}
