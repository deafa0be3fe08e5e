//! Functions on arrays.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::arguments::Call;
use super::{Function, MANY, Outcome, function};
use crate::budget::{count, size};
use crate::error::EvaluationError;
use crate::evaluate::Found;
use crate::value::{compare_numbers, equal_counted, type_name};

pub(super) const FUNCTIONS: &[Function] = &[
    function("at", 2, 2, at),
    function("contains", 2, 2, contains),
    function("from_items", 1, 1, from_items),
    function("group_by", 2, 2, group_by),
    function("join", 2, 2, join),
    function("length", 1, 1, length),
    function("map", 2, 2, map),
    function("max", 1, 1, |call| extreme(call, Ordering::Greater)),
    function("max_by", 2, 2, |call| extreme_by(call, Ordering::Greater)),
    function("min", 1, 1, |call| extreme(call, Ordering::Less)),
    function("min_by", 2, 2, |call| extreme_by(call, Ordering::Less)),
    function("not_null", 1, MANY, not_null),
    function("object_from_lists", 2, 2, object_from_lists),
    function("reverse", 1, 1, reverse),
    function("sort", 1, 1, sort),
    function("sort_by", 2, 2, sort_by),
    function("to_array", 1, 1, to_array),
    function("zip", 1, MANY, zip),
];

fn at(call: &Call<'_>) -> Outcome {
    let items = call.array(0)?;
    let index = call.integer(1)?;
    let found = usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index));
    found
        .cloned()
        .ok_or_else(|| call.invalid(format!("there is no element {index} in {}", items.len())))
}

fn contains(call: &Call<'_>) -> Outcome {
    match (call.value(0)?, call.value(1)?) {
        (Value::String(_), Value::String(_)) => {
            Ok(json!(call.string(0)?.contains(call.string(1)?)))
        }
        (Value::String(_), _) => Ok(json!(false)),
        (Value::Array(items), wanted) => {
            let mut bytes = 0;
            let found = items
                .iter()
                .any(|item| equal_counted(item, wanted, &mut bytes));
            call.budget().read(bytes)?;
            Ok(json!(found))
        }
        (other, _) => Err(call.wrong(0, "an array or a string", type_name(other))),
    }
}

fn from_items(call: &Call<'_>) -> Outcome {
    let mut entries = Map::new();
    for item in call.array(0)? {
        match item.as_array().map(Vec::as_slice) {
            Some([Value::String(key), value]) => entries.insert(key.clone(), value.clone()),
            _ => return Err(call.invalid("every item must be a key and a value")),
        };
    }
    Ok(Value::Object(entries))
}

fn group_by(call: &Call<'_>) -> Outcome {
    let mut groups: Map<String, Value> = Map::new();
    for (key, item) in call.applied(1, 0)? {
        match &*key {
            Value::String(key) => {
                if let Value::Array(group) = groups.entry(key.as_str()).or_insert_with(|| json!([]))
                {
                    group.push(item.clone());
                }
            }
            Value::Null => {}
            other => {
                return Err(call.invalid(format!(
                    "a group's key must be a string, not {}",
                    type_name(other)
                )));
            }
        }
    }
    Ok(Value::Object(groups))
}

fn join(call: &Call<'_>) -> Outcome {
    let (separator, texts) = (call.string(0)?, call.strings(1)?);
    let gaps = texts.len().saturating_sub(1);
    let length: usize = texts.iter().map(|text| text.len()).sum();
    let length = length.saturating_add(gaps.saturating_mul(separator.len()));
    call.budget().room(length)?;
    Ok(json!(texts.join(separator)))
}

fn length(call: &Call<'_>) -> Outcome {
    match call.value(0)? {
        Value::String(_) => Ok(json!(call.string(0)?.chars().count())),
        Value::Array(items) => Ok(json!(items.len())),
        Value::Object(entries) => Ok(json!(entries.len())),
        other => Err(call.wrong(0, "a string, an array or an object", type_name(other))),
    }
}

fn map(call: &Call<'_>) -> Outcome {
    let mut results = Vec::new();
    for (found, _) in call.applied(0, 1)? {
        results.push(call.owned(found)?);
    }
    Ok(Value::Array(results))
}

fn not_null(call: &Call<'_>) -> Outcome {
    for index in 0..call.count() {
        let value = call.value(index)?;
        if !value.is_null() {
            return Ok(value.clone());
        }
    }
    Ok(Value::Null)
}

fn object_from_lists(call: &Call<'_>) -> Outcome {
    let values = call.array(1)?;
    let pairs = call.strings(0)?.into_iter().enumerate();
    let entries: Map<String, Value> = pairs
        .map(|(index, key)| {
            (
                key.to_owned(),
                values.get(index).cloned().unwrap_or_default(),
            )
        })
        .collect();
    Ok(Value::Object(entries))
}

fn reverse(call: &Call<'_>) -> Outcome {
    match call.value(0)? {
        Value::String(text) => Ok(json!(text.chars().rev().collect::<String>())),
        Value::Array(items) => Ok(items.iter().rev().cloned().collect()),
        other => Err(call.wrong(0, "a string or an array", type_name(other))),
    }
}

fn to_array(call: &Call<'_>) -> Outcome {
    match call.value(0)? {
        Value::Array(items) => Ok(Value::Array(items.clone())),
        other => Ok(json!([other])),
    }
}

fn zip(call: &Call<'_>) -> Outcome {
    let lists = (0..call.count())
        .map(|index| call.array(index))
        .collect::<Result<Vec<_>, _>>()?;
    let shortest = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    let mut rows = Vec::new();
    for row in 0..shortest {
        let cells = lists.iter().filter_map(|list| list.get(row));
        rows.push(cells.map(|cell| call.copy(cell)).collect::<Outcome>()?);
    }
    Ok(Value::Array(rows))
}

/// The order of two keys: both numbers, or both strings.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Checks that all keys can be put in order with each other, and takes the steps of doing so.
fn check_order<'v>(
    call: &Call<'_>,
    keys: impl Iterator<Item = &'v Value> + Clone,
) -> Result<(), EvaluationError> {
    let mut rest = keys.clone();
    let Some(first) = rest.next() else {
        return Ok(());
    };
    if order(first, first).is_none() || rest.any(|key| order(first, key).is_none()) {
        return Err(call.invalid("what is put in order must be all numbers or all strings"));
    }
    let (length, bytes) = keys.fold((0_usize, 0_usize), |(length, bytes), key| {
        (length + 1, bytes.saturating_add(size(key)))
    });
    let comparisons = length.checked_ilog2().unwrap_or(0) as usize + 1;
    call.budget().step(count(length))?;
    call.budget().read(bytes.saturating_mul(comparisons))
}

fn sort(call: &Call<'_>) -> Outcome {
    let items = call.array(0)?;
    check_order(call, items.iter())?;
    call.budget().room(items.iter().map(size).sum())?;
    let mut items = items.to_vec();
    items.sort_by(|left, right| order(left, right).unwrap_or(Ordering::Equal));
    Ok(Value::Array(items))
}

fn sort_by(call: &Call<'_>) -> Outcome {
    let mut items = call.applied(1, 0)?;
    check_order(call, items.iter().map(|(key, _)| &**key))?;
    items.sort_by(|(left, _), (right, _)| order(left, right).unwrap_or(Ordering::Equal));
    items.into_iter().map(|(_, item)| call.copy(item)).collect()
}

fn extreme(call: &Call<'_>, wanted: Ordering) -> Outcome {
    let items = call.array(0)?;
    check_order(call, items.iter())?;
    Ok(best(items.iter().map(|item| (item, item)), wanted))
}

fn extreme_by(call: &Call<'_>, wanted: Ordering) -> Outcome {
    let items = call.applied(1, 0)?;
    check_order(call, items.iter().map(|(key, _)| &**key))?;
    let pairs = items
        .iter()
        .map(|(key, item): &(Found<'_>, &Value)| (&**key, *item));
    Ok(best(pairs, wanted))
}

/// The item whose key is the first that no other beats; null if there is none.
fn best<'v>(items: impl Iterator<Item = (&'v Value, &'v Value)>, wanted: Ordering) -> Value {
    let better = |best: (&'v Value, &'v Value), next: (&'v Value, &'v Value)| {
        if order(next.0, best.0) == Some(wanted) {
            next
        } else {
            best
        }
    };
    items
        .reduce(better)
        .map(|(_, item)| item.clone())
        .unwrap_or_default()
}
