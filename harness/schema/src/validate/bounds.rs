//! The validation of lengths, ranges, patterns, formats and choices.

use serde_json::{Number, Value};

use crate::field_error::{FieldError, FieldErrorKind};
use crate::node::{Bounds, Node};

pub(super) fn check(node: &Node, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let bounds = &node.bounds;
    match value {
        Value::String(text) => string(bounds, text, path, errors),
        Value::Number(given) => number(bounds, given, path, errors),
        Value::Array(items) => count(
            &Count {
                least: bounds.min_items,
                most: bounds.max_items,
                what: "items",
            },
            items.len(),
            path,
            errors,
        ),
        Value::Object(map) => count(
            &Count {
                least: bounds.min_properties,
                most: bounds.max_properties,
                what: "properties",
            },
            map.len(),
            path,
            errors,
        ),
        Value::Null | Value::Bool(_) => {}
    }
    if !bounds.choices.is_empty() && !bounds.choices.contains(value) {
        let supported: Vec<String> = bounds.choices.iter().map(plain).collect();
        errors.push(FieldError::not_supported(path, value.clone(), &supported));
    }
}

/// Returns a value as text, without the quotes of a string.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Validates a string. Only the first failed limit is reported; the format is validated separately.
fn string(bounds: &Bounds, text: &str, path: &str, errors: &mut Vec<FieldError>) {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let invalid =
        |detail: String| FieldError::invalid(path, text, format!("{path} in body {detail}"));
    if let Some(most) = bounds.max_length.filter(|most| length > *most) {
        let unit = if most == 1 { "byte" } else { "bytes" };
        let detail = format!("may not be more than {most} {unit}");
        errors.push(FieldError::new(FieldErrorKind::TooLong, path, text, detail));
    } else if let Some(least) = bounds.min_length.filter(|least| length < *least) {
        errors.push(invalid(format!("should be at least {least} chars long")));
    } else if let Some(pattern) = bounds
        .pattern
        .as_ref()
        .filter(|pattern| !pattern.is_match(text))
    {
        errors.push(invalid(format!("should match '{pattern}'")));
    }
    if let Some(format) = bounds.format.filter(|format| !format.holds(text)) {
        let detail = format!(
            "{path} in body must be of type {}: \"{text}\"",
            format.name()
        );
        errors.push(FieldError::new(
            FieldErrorKind::TypeInvalid,
            path,
            text,
            detail,
        ));
    }
}

fn number(bounds: &Bounds, given: &Number, path: &str, errors: &mut Vec<FieldError>) {
    let mut invalid = |detail: String| {
        let value = Value::Number(given.clone());
        errors.push(FieldError::invalid(
            path,
            value,
            format!("{path} in body {detail}"),
        ));
    };
    let value = given.as_f64().unwrap_or(f64::NAN);
    let bound = |number: &Option<Number>| number.as_ref().and_then(Number::as_f64);
    if let (Some(of), Some(number)) = (bound(&bounds.multiple_of), &bounds.multiple_of)
        && (value / of).fract() != 0.0
    {
        invalid(format!("should be a multiple of {number}"));
    }
    if let (Some(most), Some(number)) = (bound(&bounds.maximum), &bounds.maximum) {
        match bounds.exclusive_maximum {
            true if value >= most => invalid(format!("should be less than {number}")),
            false if value > most => invalid(format!("should be less than or equal to {number}")),
            _ => {}
        }
    }
    if let (Some(least), Some(number)) = (bound(&bounds.minimum), &bounds.minimum) {
        match bounds.exclusive_minimum {
            true if value <= least => invalid(format!("should be greater than {number}")),
            false if value < least => {
                invalid(format!("should be greater than or equal to {number}"));
            }
            _ => {}
        }
    }
}

struct Count {
    least: Option<u64>,
    most: Option<u64>,
    what: &'static str,
}

fn count(bounds: &Count, given: usize, path: &str, errors: &mut Vec<FieldError>) {
    let given = u64::try_from(given).unwrap_or(u64::MAX);
    if let Some(least) = bounds.least.filter(|least| given < *least) {
        let detail = format!(
            "{path} in body should have at least {least} {}",
            bounds.what
        );
        errors.push(FieldError::invalid(path, given, detail));
    }
    if let Some(most) = bounds.most.filter(|most| given > *most) {
        let unit = if most == 1 { "item" } else { "items" };
        let detail = format!("must have at most {most} {unit}");
        errors.push(FieldError::new(
            FieldErrorKind::TooMany,
            path,
            given,
            detail,
        ));
    }
}
