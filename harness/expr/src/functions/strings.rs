//! Functions on strings. Positions and lengths count characters, not bytes.

use serde_json::{Value, json};

use super::arguments::Call;
use super::{Function, Outcome, function};
use crate::budget::count;
use crate::error::EvaluationError;

/// The bytes that a part of a string takes, beside its text.
const PER_PART: usize = size_of::<Value>() + 16;

/// No string is padded to more than this.
const WIDEST: usize = 100_000;

pub(super) const FUNCTIONS: &[Function] = &[
    function("compare", 2, 2, compare),
    function("concat", 2, 2, |call| {
        Ok(json!(format!("{}{}", call.string(0)?, call.string(1)?)))
    }),
    function("ends_with", 2, 2, |call| {
        Ok(json!(call.string(0)?.ends_with(call.string(1)?)))
    }),
    function("equal_fold", 2, 2, |call| {
        Ok(json!(
            call.string(0)?.to_lowercase() == call.string(1)?.to_lowercase()
        ))
    }),
    function("find_first", 2, 4, |call| find(call, false)),
    function("find_last", 2, 4, |call| find(call, true)),
    function("lower", 1, 1, |call| {
        Ok(json!(call.string(0)?.to_lowercase()))
    }),
    function("pad_left", 2, 3, |call| pad(call, true)),
    function("pad_right", 2, 3, |call| pad(call, false)),
    function("replace", 4, 4, replace),
    function("replace_all", 3, 3, |call| replaced(call, usize::MAX)),
    function("split", 2, 2, split),
    function("starts_with", 2, 2, |call| {
        Ok(json!(call.string(0)?.starts_with(call.string(1)?)))
    }),
    function("to_lower", 1, 1, |call| {
        Ok(json!(call.string(0)?.to_lowercase()))
    }),
    function("to_upper", 1, 1, |call| {
        Ok(json!(call.string(0)?.to_uppercase()))
    }),
    function("trim", 2, 2, |call| trim(call, true, true)),
    function("trim_left", 1, 2, |call| trim(call, true, false)),
    function("trim_prefix", 2, 2, trim_prefix),
    function("trim_right", 1, 2, |call| trim(call, false, true)),
    function("trim_space", 1, 1, |call| Ok(json!(call.string(0)?.trim()))),
    function("truncate", 2, 2, truncate),
    function("upper", 1, 1, |call| {
        Ok(json!(call.string(0)?.to_uppercase()))
    }),
];

/// -1, 0 or 1.
fn compare(call: &Call<'_>) -> Outcome {
    Ok(json!(call.string(0)?.cmp(call.string(1)?) as i8))
}

/// The position of a part of a text, of the text's characters from one position up to another; null if it is not there.
fn find(call: &Call<'_>, last: bool) -> Outcome {
    let (text, part) = (call.string(0)?, call.string(1)?);
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let bound = |index: usize, otherwise: i64| -> Result<usize, EvaluationError> {
        let given = if index < call.count() {
            call.integer(index)?
        } else {
            otherwise
        };
        let given = if given < 0 {
            given.saturating_add(length)
        } else {
            given
        };
        Ok(usize::try_from(given.clamp(0, length)).unwrap_or(0))
    };
    let (from, to) = (bound(2, 0)?, bound(3, length)?);
    if part.is_empty() || from >= to {
        return Ok(Value::Null);
    }
    let byte = |position: usize| {
        let letter = text.char_indices().nth(position);
        letter.map_or(text.len(), |(byte, _)| byte)
    };
    let searched = text.get(byte(from)..byte(to)).unwrap_or_default();
    let found = if last {
        searched.rfind(part)
    } else {
        searched.find(part)
    };
    let before = found.and_then(|byte| searched.get(..byte));
    Ok(before.map_or(Value::Null, |before| json!(from + before.chars().count())))
}

fn pad(call: &Call<'_>, left: bool) -> Outcome {
    let text = call.string(0)?;
    let width =
        usize::try_from(call.integer(1)?).map_err(|_| call.invalid("the width is negative"))?;
    if width > WIDEST {
        return Err(call.invalid(format!("the width is more than {WIDEST}")));
    }
    let filler = call.optional_string(2)?.unwrap_or(" ");
    if filler.chars().count() != 1 {
        return Err(call.invalid("the padding must be one character"));
    }
    let padding = filler.repeat(width.saturating_sub(text.chars().count()));
    Ok(json!(if left {
        format!("{padding}{text}")
    } else {
        format!("{text}{padding}")
    }))
}

/// Replaces the first so many; all if the number is negative.
fn replace(call: &Call<'_>) -> Outcome {
    replaced(
        call,
        usize::try_from(call.integer(3)?).unwrap_or(usize::MAX),
    )
}

fn replaced(call: &Call<'_>, most: usize) -> Outcome {
    let (text, old, new) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let times = text.matches(old).take(most).count();
    let added = times.saturating_mul(new.len());
    call.budget().step(count(times))?;
    call.budget().room(text.len().saturating_add(added))?;
    Ok(json!(text.replacen(old, new, times)))
}

fn split(call: &Call<'_>) -> Outcome {
    let (text, separator) = (call.string(0)?, call.string(1)?);
    let most = text.len() / separator.len().max(1) + 1;
    let room = most.min(text.matches(separator).count() + 1);
    call.budget().step(count(room))?;
    call.budget()
        .room(text.len() + room.saturating_mul(PER_PART))?;
    if separator.is_empty() {
        return Ok(text
            .chars()
            .map(|letter| json!(letter.to_string()))
            .collect());
    }
    Ok(text.split(separator).map(Value::from).collect())
}

fn trim(call: &Call<'_>, left: bool, right: bool) -> Outcome {
    let set = call.optional_string(1)?.unwrap_or_default();
    let unwanted = |letter: char| {
        if set.is_empty() {
            letter.is_whitespace()
        } else {
            set.contains(letter)
        }
    };
    let mut text = call.string(0)?;
    if left {
        text = text.trim_start_matches(unwanted);
    }
    if right {
        text = text.trim_end_matches(unwanted);
    }
    Ok(json!(text))
}

fn trim_prefix(call: &Call<'_>) -> Outcome {
    let text = call.string(0)?;
    Ok(json!(text.strip_prefix(call.string(1)?).unwrap_or(text)))
}

fn truncate(call: &Call<'_>) -> Outcome {
    let length = usize::try_from(call.integer(1)?).unwrap_or(0);
    Ok(json!(
        call.string(0)?.chars().take(length).collect::<String>()
    ))
}
