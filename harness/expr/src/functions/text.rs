//! Patterns and encodings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::{NoExpand, Regex, RegexBuilder};
use serde_json::{Value, json};

use super::arguments::Call;
use super::{Function, Outcome, function};
use crate::error::EvaluationError;
use crate::value::type_name;

/// A compiled pattern may take this many bytes.
const LARGEST_PATTERN: usize = 1 << 20;

pub(super) const FUNCTIONS: &[Function] = &[
    function("base64_decode", 1, 1, base64_decode),
    function("base64_encode", 1, 1, |call| {
        Ok(json!(STANDARD.encode(call.string(0)?)))
    }),
    function("label_match", 2, 2, label_match),
    function("path_canonicalize", 1, 1, path_canonicalize),
    function("pattern_match", 2, 2, |call| {
        Ok(json!(matches_wildcard(call.string(0)?, &subject(call, 1)?)))
    }),
    function("regex_match", 2, 2, |call| {
        Ok(json!(pattern(call)?.is_match(&subject(call, 1)?)))
    }),
    function("regex_replace_all", 3, 3, regex_replace_all),
    function("regex_replace_all_literal", 3, 3, regex_replace_all_literal),
    function("wildcard", 2, 2, |call| {
        Ok(json!(matches_wildcard(call.string(0)?, call.string(1)?)))
    }),
];

fn base64_decode(call: &Call<'_>) -> Outcome {
    let bytes = STANDARD
        .decode(call.string(0)?)
        .map_err(|error| call.invalid(error.to_string()))?;
    String::from_utf8(bytes)
        .map(Value::String)
        .map_err(|_| call.invalid("the bytes are no text"))
}

/// Whether every label of the first is in the second with the same value.
fn label_match(call: &Call<'_>) -> Outcome {
    let (wanted, labels) = (call.object(0)?, call.object(1)?);
    Ok(json!(
        wanted
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
    ))
}

/// Go's `filepath.Join` of one path: without `.`, `..` and doubled slashes.
fn path_canonicalize(call: &Call<'_>) -> Outcome {
    let path = call.string(0)?;
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    Ok(json!(match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) =>
            if path.is_empty() {
                String::new()
            } else {
                ".".to_owned()
            },
        (false, false) => joined,
    }))
}

/// A string, or a number as it is written.
fn subject(call: &Call<'_>, index: usize) -> Result<String, EvaluationError> {
    match call.value(index)? {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(call.wrong(index, "a string or a number", type_name(other))),
    }
}

fn pattern(call: &Call<'_>) -> Result<Regex, EvaluationError> {
    RegexBuilder::new(call.string(0)?)
        .size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|error| call.invalid(error.to_string()))
}

fn regex_replace_all(call: &Call<'_>) -> Outcome {
    Ok(json!(pattern(call)?.replace_all(
        &subject(call, 1)?,
        subject(call, 2)?.as_str()
    )))
}

fn regex_replace_all_literal(call: &Call<'_>) -> Outcome {
    Ok(json!(pattern(call)?.replace_all(
        &subject(call, 1)?,
        NoExpand(&subject(call, 2)?)
    )))
}

/// `*` stands for any characters, `?` for one.
fn matches_wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut next) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(next) {
            Some('*') => {
                star = Some((next, at));
                next += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[at] => {
                at += 1;
                next += 1;
            }
            _ => match star {
                // The last star takes one character more, and the rest is tried again.
                Some((position, taken)) => {
                    star = Some((position, taken + 1));
                    next = position + 1;
                    at = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[next..].iter().all(|letter| *letter == '*')
}
