//! The emitter: values as YAML in the block style of kubectl.

use serde_json::{Map, Value};

use crate::scalar;

/// Formats the value as a YAML document that ends with a newline.
///
/// Strings that a reader of YAML 1.1 or 1.2 may take for another type are quoted. Strings of several
/// lines become literal blocks if that preserves every character.
///
/// ```
/// use crosscut_yaml::to_yaml;
/// use serde_json::json;
///
/// assert_eq!(to_yaml(&json!({"yes": "no", "size": 1})), "size: 1\n'yes': 'no'\n");
/// ```
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut text, map, 0),
        Value::Array(items) if !items.is_empty() => sequence(&mut text, items, 0),
        other => {
            // Without indentation, a line of a text could look like the end of the document.
            text.push_str(&inline(other, 2));
            text.push('\n');
        }
    }
    text
}

fn mapping(text: &mut String, map: &Map<String, Value>, indent: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 || text.ends_with('\n') {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str(&string(key, None));
        text.push(':');
        nested(text, value, indent);
    }
}

/// Writes the value after a key: a block below, or a scalar on the same line.
fn nested(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            mapping(text, map, indent + 2);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            sequence(text, items, indent);
        }
        other => {
            text.push(' ');
            text.push_str(&inline(other, indent + 2));
            text.push('\n');
        }
    }
}

fn sequence(text: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 || text.ends_with('\n') {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(text, map, indent + 2),
            Value::Array(items) if !items.is_empty() => sequence(text, items, indent + 2),
            other => {
                text.push_str(&inline(other, indent + 2));
                text.push('\n');
            }
        }
    }
}

fn inline(value: &Value, indent: usize) -> String {
    match value {
        Value::String(content) => string(content, Some(indent)),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        other => other.to_string(),
    }
}

/// Formats a string. If `block` is given and the string fits, it becomes a literal block with that
/// indentation.
fn string(content: &str, block: Option<usize>) -> String {
    if let Some(indent) = block.filter(|_| fits_block(content)) {
        return literal(content, indent);
    }
    if is_plain(content) {
        content.to_owned()
    } else {
        quoted(content)
    }
}

fn fits_block(content: &str) -> bool {
    content.contains('\n')
        && !content.starts_with([' ', '\n', '\t'])
        && content
            .chars()
            .all(|letter| letter == '\n' || letter == '\t' || is_printable(letter))
        && content
            .lines()
            .all(|line| !line.ends_with([' ', '\t']) && !line.starts_with('\t'))
}

fn literal(content: &str, indent: usize) -> String {
    let body = content.trim_end_matches('\n');
    let trailing = content.len() - body.len();
    let (chomping, extra) = match trailing {
        0 => ("|-", 0),
        1 => ("|", 0),
        newlines => ("|+", newlines - 1),
    };
    let mut text = chomping.to_owned();
    for line in body.split('\n') {
        text.push('\n');
        if !line.is_empty() {
            text.push_str(&" ".repeat(indent));
            text.push_str(line);
        }
    }
    text.push_str(&"\n".repeat(extra));
    text
}

/// Returns true if the string needs no quotes, even as a key.
fn is_plain(content: &str) -> bool {
    let Some(first) = content.chars().next() else {
        return false;
    };
    !scalar::reads_as_other(content)
        && !content.ends_with([' ', ':'])
        && !"-?:,[]{}#&*!|>'\"%@` \t".contains(first)
        && !content.contains(": ")
        && !content.contains(" #")
        && !content.contains(['[', ']', '{', '}', ','])
        && content
            .chars()
            .all(|letter| letter != '\t' && is_printable(letter))
        && !content.starts_with("---")
        && !content.starts_with("...")
}

fn is_printable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Quotes a string with single quotes, or with double quotes if characters must be escaped.
fn quoted(content: &str) -> String {
    if content.chars().all(is_printable) {
        return format!("'{}'", content.replace('\'', "''"));
    }
    let mut text = String::from('"');
    for letter in content.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            letter if is_printable(letter) => text.push(letter),
            letter if u32::from(letter) <= 0xff => {
                text.push_str(&format!("\\x{:02x}", u32::from(letter)));
            }
            letter if u32::from(letter) <= 0xffff => {
                text.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            letter => text.push_str(&format!("\\U{:08x}", u32::from(letter))),
        }
    }
    text.push('"');
    text
}
