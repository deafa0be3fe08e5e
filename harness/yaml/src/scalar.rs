//! Plain scalars, as go-yaml v2 resolves YAML 1.1 (same behaviour as its `resolve.go`).

use serde_json::Number;

use crate::Kind;

/// Returns the value of a plain (unquoted, untagged) scalar.
pub(crate) fn resolve(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            return Kind::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            return Kind::Bool(false);
        }
        _ => {}
    }
    match number(text) {
        Some(number) => Kind::Number(number),
        None => Kind::String(text.to_owned()),
    }
}

/// Parses a number. Returns `None` for infinities and NaN too, which JSON does not have; they stay strings.
pub(crate) fn number(text: &str) -> Option<Number> {
    let first = text.chars().next()?;
    if !(first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| float(&plain))
}

/// Parses a decimal, `0x`, `0b`, `0o` or YAML 1.1 octal number with a sign.
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = radix_of(digits);
    // A second sign is not a digit: `+-1` is a string.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        i64::try_from(-i128::from(value)).ok().map(Number::from)
    } else {
        Some(Number::from(value))
    }
}

fn radix_of(digits: &str) -> (u32, &str) {
    for (prefix, radix) in [
        ("0x", 16),
        ("0X", 16),
        ("0b", 2),
        ("0B", 2),
        ("0o", 8),
        ("0O", 8),
    ] {
        if let Some(digits) = digits.strip_prefix(prefix) {
            return (radix, digits);
        }
    }
    match digits.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => (8, octal),
        _ => (10, digits),
    }
}

/// Parses `1.5`, `.5`, `1.`, `1e3`, with a sign. The pattern is go-yaml's, so `1.2.3` and `1e` stay strings.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
    let valid_exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    if !digits(whole)
        || !digits(fraction)
        || (whole.is_empty() && fraction.is_empty())
        || !valid_exponent
    {
        return None;
    }
    Number::from_f64(text.strip_prefix('+').unwrap_or(text).parse().ok()?)
}

/// Returns true if a string must be quoted so that every reader takes it as a string.
pub(crate) fn reads_as_other(text: &str) -> bool {
    !matches!(resolve(text), Kind::String(_))
        || matches!(text, "=" | "<<")
        || looks_like_special_float(text)
        || looks_like_timestamp_or_sexagesimal(text)
}

fn looks_like_special_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan")
}

fn looks_like_timestamp_or_sexagesimal(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-'))
        && text
            .chars()
            .all(|letter| letter.is_ascii_digit() || "-+:.TtZz _eExXoObB".contains(letter))
}
