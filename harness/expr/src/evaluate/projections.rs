//! Projections, filters, flattening, indices and slices.

use std::borrow::Cow;

use serde_json::Value;

use super::{Context, Found, NULL, Result, then, truth};
use crate::ast::Node;
use crate::budget::count;

/// Start, stop and step of a slice. The step is not 0: the parser refuses that.
type Bounds = (Option<i64>, Option<i64>, i64);

pub(super) fn evaluate<'v>(
    node: &'v Node,
    current: &'v Value,
    context: Context<'v>,
) -> Result<Found<'v>> {
    let value = |node: &'v Node| super::evaluate(node, current, context);
    match node {
        Node::Flatten(inner) => match value(inner)? {
            Cow::Borrowed(Value::Array(items)) => flatten(items, context),
            Cow::Owned(Value::Array(items)) => flatten(&items, context),
            _ => Ok(Cow::Borrowed(NULL)),
        },
        Node::Project(list, each) => match value(list)? {
            Cow::Borrowed(Value::Array(items)) => project(items, None, each, context),
            Cow::Owned(Value::Array(items)) => project_made(items, None, each, context),
            // A slice of a string is a string: what follows is evaluated on it.
            text if text.is_string() && is_slice(list) => then(each, text, context),
            _ => Ok(Cow::Borrowed(NULL)),
        },
        Node::ProjectValues(map, each) => match value(map)? {
            Cow::Borrowed(Value::Object(entries)) => project(entries.values(), None, each, context),
            Cow::Owned(Value::Object(entries)) => project_made(
                entries.into_iter().map(|(_, item)| item),
                None,
                each,
                context,
            ),
            _ => Ok(Cow::Borrowed(NULL)),
        },
        Node::Filter {
            list,
            condition,
            then,
        } => match value(list)? {
            Cow::Borrowed(Value::Array(items)) => project(items, Some(condition), then, context),
            Cow::Owned(Value::Array(items)) => project_made(items, Some(condition), then, context),
            _ => Ok(Cow::Borrowed(NULL)),
        },
        _ => Ok(Cow::Borrowed(NULL)),
    }
}

/// Evaluates `each` on every item that the condition holds for. Nulls are left out.
fn project<'v>(
    items: impl IntoIterator<Item = &'v Value>,
    condition: Option<&'v Node>,
    each: &'v Node,
    context: Context<'v>,
) -> Result<Found<'v>> {
    let mut results = Vec::new();
    for item in items {
        if let Some(condition) = condition
            && !truth(condition, item, context)?
        {
            continue;
        }
        let found = super::evaluate(each, item, context)?;
        if !found.is_null() {
            results.push(context.budget.owned(found)?);
        }
    }
    Ok(Cow::Owned(Value::Array(results)))
}

/// As [`project`], on items that were made: those that stay are not copied.
fn project_made<'v>(
    items: impl IntoIterator<Item = Value>,
    condition: Option<&'v Node>,
    each: &'v Node,
    context: Context<'v>,
) -> Result<Found<'v>> {
    let mut results = Vec::new();
    for item in items {
        if let Some(condition) = condition
            && !truth(condition, &item, context)?
        {
            continue;
        }
        let found = then(each, Cow::Owned(item), context)?;
        if !found.is_null() {
            results.push(context.budget.owned(found)?);
        }
    }
    Ok(Cow::Owned(Value::Array(results)))
}

fn is_slice(node: &Node) -> bool {
    matches!(node, Node::Sub(_, right) if matches!(**right, Node::Slice { .. }))
}

fn flatten<'v>(items: &[Value], context: Context<'_>) -> Result<Found<'v>> {
    let mut flat = Vec::new();
    for item in items {
        context.budget.step(1)?;
        match item {
            Value::Array(inner) => {
                for item in inner {
                    flat.push(context.budget.copy(item)?);
                }
            }
            other => flat.push(context.budget.copy(other)?),
        }
    }
    Ok(Cow::Owned(Value::Array(flat)))
}

pub(super) fn at(value: &Value, index: i64) -> &Value {
    let Value::Array(items) = value else {
        return NULL;
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let index = if index < 0 {
        index.saturating_add(length)
    } else {
        index
    };
    let item = usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index));
    item.unwrap_or(NULL)
}

pub(super) fn slice<'v>(value: &Value, bounds: Bounds, context: Context<'_>) -> Result<Found<'v>> {
    match value {
        Value::Array(items) => {
            let mut part = Vec::new();
            for item in indices(items.len(), bounds).filter_map(|index| items.get(index)) {
                context.budget.step(1)?;
                part.push(context.budget.copy(item)?);
            }
            Ok(Cow::Owned(Value::Array(part)))
        }
        Value::String(text) => {
            context.budget.make(size_of::<Value>() + text.len())?;
            context.budget.step(count(text.len()))?;
            let letters: Vec<char> = text.chars().collect();
            let part: String = indices(letters.len(), bounds)
                .filter_map(|index| letters.get(index))
                .collect();
            Ok(Cow::Owned(Value::String(part)))
        }
        _ => Ok(Cow::Borrowed(NULL)),
    }
}

/// Returns the indices of a slice, as Python counts them.
fn indices(length: usize, (start, stop, step): Bounds) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (low, high) = if step < 0 {
        (-1, length - 1)
    } else {
        (0, length)
    };
    let clamp = |bound: i64| {
        if bound < 0 {
            (bound.saturating_add(length)).max(low)
        } else {
            bound.min(high)
        }
    };
    let first = start.map_or(if step < 0 { high } else { low }, clamp);
    let last = stop.map_or(if step < 0 { low } else { high }, clamp);
    std::iter::successors(Some(first), move |index| index.checked_add(step))
        .take_while(move |index| {
            if step < 0 {
                *index > last
            } else {
                *index < last
            }
        })
        .filter_map(|index| usize::try_from(index).ok())
}
