//! Texts by chance.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::Value;

use super::arguments::Call;
use super::{Function, Outcome, function, unsupported};
use crate::error::EvaluationError;

/// The most that a repetition without an upper bound adds to its lower bound.
const MOST_MORE: u32 = 32;

/// What a class is narrowed to, if it has any of these.
const PRINTABLE: std::ops::RangeInclusive<u32> = 0x21..=0x7e;

pub(super) const FUNCTIONS: &[Function] = &[function("random", 1, 1, random)];

/// A text that matches a pattern, by the scope's seed.
fn random(call: &Call<'_>) -> Outcome {
    let pattern = call.string(0)?;
    if pattern.is_empty() {
        return Err(call.invalid("the pattern is empty"));
    }
    let hir = regex_syntax::parse(pattern).map_err(|error| call.invalid(error.to_string()))?;
    // Without a seed, even what leaves no choice is not given.
    below(call, 1)?;
    let mut text = String::new();
    write(call, &hir, &mut text)?;
    Ok(Value::String(text))
}

fn write(call: &Call<'_>, hir: &Hir, text: &mut String) -> Result<(), EvaluationError> {
    call.budget().step(1)?;
    call.budget().room(text.len())?;
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Ok(()),
        HirKind::Literal(literal) => {
            text.push_str(&String::from_utf8_lossy(&literal.0));
            Ok(())
        }
        HirKind::Class(class) => {
            text.push(letter(call, &ranges(class))?);
            Ok(())
        }
        HirKind::Repetition(repetition) => {
            let least = repetition.min;
            let most = repetition
                .max
                .unwrap_or_else(|| least.saturating_add(MOST_MORE));
            let more = below(call, u64::from(most.saturating_sub(least)) + 1)?;
            for _ in 0..u64::from(least) + more {
                write(call, &repetition.sub, text)?;
            }
            Ok(())
        }
        HirKind::Capture(capture) => write(call, &capture.sub, text),
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(call, part, text)),
        HirKind::Alternation(parts) => {
            let index = below(call, crate::budget::count(parts.len()))?;
            let part = usize::try_from(index)
                .ok()
                .and_then(|index| parts.get(index));
            part.map_or(Ok(()), |part| write(call, part, text))
        }
    }
}

/// Returns the ranges of a class: those of printable ASCII, if it has any.
fn ranges(class: &Class) -> Vec<(u32, u32)> {
    let all: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class
            .iter()
            .map(|range| (range.start().into(), range.end().into()))
            .collect(),
        Class::Bytes(class) => class
            .iter()
            .map(|range| (range.start().into(), range.end().into()))
            .collect(),
    };
    let narrowed: Vec<(u32, u32)> = all
        .iter()
        .map(|(start, end)| (*start.max(PRINTABLE.start()), *end.min(PRINTABLE.end())))
        .filter(|(start, end)| start <= end)
        .collect();
    if narrowed.is_empty() { all } else { narrowed }
}

/// Returns one of the letters of some ranges, each as likely as any other.
fn letter(call: &Call<'_>, ranges: &[(u32, u32)]) -> Result<char, EvaluationError> {
    let size = |(start, end): &(u32, u32)| u64::from(end - start) + 1;
    let mut index = below(call, ranges.iter().map(size).sum())?;
    for range in ranges {
        if index < size(range) {
            let letter = u32::try_from(index).ok().and_then(|index| {
                // Between the ends there may be no letters: surrogates.
                char::from_u32(range.0 + index).or(char::from_u32(range.0))
            });
            return letter.ok_or_else(|| call.invalid("the pattern has a class without letters"));
        }
        index -= size(range);
    }
    Err(call.invalid("the pattern has a class without letters"))
}

/// Returns a number from 0 up to, and without, `bound`.
fn below(call: &Call<'_>, bound: u64) -> Result<u64, EvaluationError> {
    let Some(number) = call.context().scope.surroundings().next_number() else {
        return Err(unsupported(call));
    };
    Ok(number.checked_rem(bound).unwrap_or(0))
}
