//! Metrics in Prometheus' text format, as Chainsaw's `x_metrics_decode` gives them: a list of samples in the order of the
//! text, each with its `metric` (labels, and its name as `__name__`), `value` and `timestamp` in milliseconds.

use serde_json::{Map, Value, json};

use super::arguments::Call;
use super::{Function, Outcome, function};
use crate::budget::count;
use crate::value::number;

pub(super) const FUNCTIONS: &[Function] = &[function("x_metrics_decode", 1, 1, decode)];

fn decode(call: &Call<'_>) -> Outcome {
    let text = call.string(0)?;
    let now = call.context().scope.surroundings().now();
    let now = now.map_or(Value::Null, |now| json!(now.as_millisecond()));
    let mut samples = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        call.budget().step(count(1 + line.len() / 4))?;
        let sample = sample(line, &now);
        samples.push(
            sample.ok_or_else(|| {
                call.invalid(format!("line {} is no sample of a metric", index + 1))
            })?,
        );
    }
    Ok(Value::Array(samples))
}

/// `name{label="value"} 1.5 1700000000000`, where labels and timestamp may be left out.
fn sample(line: &str, now: &Value) -> Option<Value> {
    let end = line
        .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != ':')
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let mut metric = Map::from_iter([("__name__".to_owned(), json!(name))]);
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('{') {
        Some(labels) => read_labels(labels, &mut metric)?,
        None => rest,
    };
    let mut words = rest.split_whitespace();
    let value = value(words.next()?)?;
    let timestamp = match words.next() {
        Some(word) => json!(word.parse::<i64>().ok()?),
        None => now.clone(),
    };
    let sample = json!({"metric": metric, "value": value, "timestamp": timestamp});
    words.next().is_none().then_some(sample)
}

/// A float; those that JSON does not have are texts.
fn value(word: &str) -> Option<Value> {
    let value: f64 = word.parse().ok()?;
    Some(number(value).unwrap_or_else(|| {
        json!(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        })
    }))
}

/// Reads labels up to, and with, the closing brace, and returns what stands behind it.
fn read_labels<'t>(text: &'t str, metric: &mut Map<String, Value>) -> Option<&'t str> {
    let mut rest = text.trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Some(behind);
        }
        let (name, behind) = rest.split_once('=')?;
        let quoted = behind.trim_start().strip_prefix('"')?;
        let (value, behind) = quoted_text(quoted)?;
        metric.insert(name.trim().to_owned(), json!(value));
        let behind = behind.trim_start();
        rest = behind.strip_prefix(',').unwrap_or(behind).trim_start();
    }
}

/// A text up to its closing quote, and what stands behind it.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(index + 1..)?)),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}
