//! Regular expressions and wildcards.

use regex::{NoExpand, Regex, RegexBuilder, Replacer};
use regex_syntax::hir::{Hir, HirKind};
use serde_json::{Value, json};

use super::arguments::Call;
use super::{Function, Outcome, function};
use crate::budget::count;
use crate::error::EvaluationError;
use crate::value::type_name;

/// A compiled pattern may take this many bytes.
const LARGEST_PATTERN: usize = 1 << 20;

/// The steps that a match takes.
const PER_MATCH: u64 = 20;

pub(super) const FUNCTIONS: &[Function] = &[
    function("pattern_match", 2, 2, |call| {
        wildcard(call, call.string(0)?, &subject(call, 1)?)
    }),
    function("regex_match", 2, 2, regex_match),
    function("regex_replace_all", 3, 3, |call| {
        replaced(call, subject(call, 2)?.as_str())
    }),
    function("regex_replace_all_literal", 3, 3, |call| {
        replaced(call, NoExpand(&subject(call, 2)?))
    }),
    function("wildcard", 2, 2, |call| {
        wildcard(call, call.string(0)?, call.string(1)?)
    }),
];

/// A string, or a number as it is written.
fn subject(call: &Call<'_>, index: usize) -> Result<String, EvaluationError> {
    match call.value(index)? {
        Value::String(_) => Ok(call.string(index)?.to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(call.wrong(index, "a string or a number", type_name(other))),
    }
}

/// A compiled pattern, and how many places of it can be active at a time.
struct Pattern {
    regex: Regex,
    weight: u64,
    longest: Option<usize>,
}

impl Pattern {
    /// Returns the pattern that is a call's first argument.
    fn of(call: &Call<'_>) -> Result<Pattern, EvaluationError> {
        let text = call.string(0)?;
        let invalid = |reason: String| call.invalid(reason);
        let hir = regex_syntax::parse(text).map_err(|error| invalid(error.to_string()))?;
        let weight = weight(&hir);
        call.budget().step(weight)?;
        let regex = RegexBuilder::new(text)
            .size_limit(LARGEST_PATTERN)
            .build()
            .map_err(|error| invalid(error.to_string()))?;
        Ok(Pattern {
            regex,
            weight,
            longest: hir.properties().maximum_len(),
        })
    }

    /// Takes the steps of a search: the longest that one may take is the text's length times the pattern's.
    fn search(&self, call: &Call<'_>, bytes: usize) -> Result<(), EvaluationError> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        call.budget().step(bytes.saturating_mul(self.weight) / 16)
    }

    /// Takes the steps of a match: finding its parts, and looking at what may belong to it behind its end.
    fn found(&self, call: &Call<'_>, rest: usize) -> Result<(), EvaluationError> {
        let bytes = self.longest.map_or(rest, |longest| longest.min(rest));
        call.budget().step(PER_MATCH)?;
        call.budget().read(bytes / 4)
    }
}

/// Returns how many places a pattern has, repetitions written out.
fn weight(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(literal) => count(literal.0.len()),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            weight(&repetition.sub).saturating_mul(times.into())
        }
        HirKind::Capture(capture) => weight(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            let weights = parts.iter().map(weight);
            weights.fold(0, u64::saturating_add)
        }
    }
}

fn regex_match(call: &Call<'_>) -> Outcome {
    let (pattern, text) = (Pattern::of(call)?, subject(call, 1)?);
    pattern.search(call, text.len())?;
    Ok(json!(pattern.regex.is_match(&text)))
}

fn replaced(call: &Call<'_>, mut with: impl Replacer) -> Outcome {
    let (pattern, text) = (Pattern::of(call)?, subject(call, 1)?);
    pattern.search(call, text.len())?;
    let mut result = String::new();
    let mut end = 0;
    for found in pattern.regex.captures_iter(&text) {
        let Some(whole) = found.get(0) else {
            continue;
        };
        pattern.found(call, text.len() - whole.end())?;
        result.push_str(text.get(end..whole.start()).unwrap_or_default());
        with.replace_append(&found, &mut result);
        call.budget().room(result.len())?;
        end = whole.end();
    }
    result.push_str(text.get(end..).unwrap_or_default());
    Ok(Value::String(result))
}

/// `*` stands for any characters, `?` for one.
fn wildcard(call: &Call<'_>, pattern: &str, text: &str) -> Outcome {
    let work = pattern.len().saturating_mul(text.len());
    call.budget().read(work)?;
    Ok(json!(matches_wildcard(pattern, text)))
}

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
