//! JSONPath as Kubernetes reads it in printer columns (client-go's `util/jsonpath`, Kubernetes 1.34).
//!
//! The dialect is Kubernetes' own: a backslash escapes dots in fields, a filter has one comparison, and a missing field
//! is no error. Crates for JSONPath follow RFC 9535, which gives the same texts other meanings.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::scan::{self, Malformed};

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JsonPath(Vec<Step>);

/// One step of a path: from the current values to the next ones.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// The field of each mapping.
    Field(String),
    /// All elements of each mapping or list.
    Wildcard,
    /// Each mapping and list, with those nested in it.
    Recursive,
    /// A range of elements of each list.
    Slice(Slice),
    /// The results of several paths, one after the other.
    Union(Vec<Vec<Step>>),
    /// The elements of each list for which a comparison holds.
    Filter(Box<Filter>),
    /// A literal text, as one value.
    Text(String),
    /// A literal number or boolean, once for each current value.
    Literal(Value),
    /// A word without a meaning in this dialect.
    Unknown,
}

/// The elements of a list: `[start:end:step]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) step: Option<i64>,
    /// True if there is no colon, so that `start` is the only element.
    pub(super) single: bool,
}

/// A comparison of two paths from each element.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub(super) left: Vec<Step>,
    /// The operator and the right side. `None`: the left side must have a value.
    pub(super) comparison: Option<(String, Vec<Step>)>,
}

/// The error of a path that does not fit a value; the cell of its column is empty then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfollowed;

impl JsonPath {
    /// Parses a path such as `.spec.size`.
    pub(crate) fn parse(text: &str) -> Result<JsonPath, Malformed> {
        scan::steps(text).map(JsonPath)
    }

    /// Returns the values at the path, in order.
    pub(crate) fn find(&self, root: &Value) -> Result<Vec<Value>, Unfollowed> {
        walk(&self.0, vec![root.clone()])
    }
}

fn walk(steps: &[Step], values: Vec<Value>) -> Result<Vec<Value>, Unfollowed> {
    steps
        .iter()
        .try_fold(values, |values, step| take(step, values))
}

fn take(step: &Step, values: Vec<Value>) -> Result<Vec<Value>, Unfollowed> {
    match step {
        Step::Field(name) => Ok(values
            .iter()
            .filter_map(|value| value.get(name).cloned())
            .collect()),
        Step::Wildcard => Ok(values.iter().flat_map(within).collect()),
        Step::Recursive => {
            let mut found = Vec::new();
            values.iter().for_each(|value| descend(value, &mut found));
            Ok(found)
        }
        Step::Slice(slice) => sliced(slice, &values),
        Step::Union(paths) => {
            let each = paths.iter().map(|path| walk(path, values.clone()));
            let each: Result<Vec<_>, _> = each.collect();
            each.map(|each| each.into_iter().flatten().collect())
        }
        Step::Filter(filter) => filtered(filter, &values),
        Step::Text(text) => Ok(vec![Value::from(text.as_str())]),
        Step::Literal(literal) => Ok(vec![literal.clone(); values.len()]),
        Step::Unknown => Err(Unfollowed),
    }
}

fn within(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Object(fields) => fields.values().cloned().collect(),
        _ => Vec::new(),
    }
}

fn descend(value: &Value, found: &mut Vec<Value>) {
    let inner = within(value);
    if inner.is_empty() {
        return;
    }
    found.push(value.clone());
    inner.iter().for_each(|value| descend(value, found));
}

fn sliced(slice: &Slice, values: &[Value]) -> Result<Vec<Value>, Unfollowed> {
    let mut found = Vec::new();
    for value in values.iter().filter(|value| !value.is_null()) {
        let items = value.as_array().ok_or(Unfollowed)?;
        match bounds(slice, items.len())? {
            // client-go ends the whole step at the first list without a selected element.
            None => return Ok(found),
            Some((range, step)) => found.extend(items[range].iter().step_by(step).cloned()),
        }
    }
    Ok(found)
}

type Bounds = (std::ops::Range<usize>, usize);

fn bounds(slice: &Slice, length: usize) -> Result<Option<Bounds>, Unfollowed> {
    let total = i64::try_from(length).map_err(|_| Unfollowed)?;
    let mut start = slice.start.unwrap_or(0);
    let mut end = match slice.single {
        true => start.checked_add(1).ok_or(Unfollowed)?,
        false => slice.end.unwrap_or(total),
    };
    if start < 0 {
        start += total;
    }
    if end < 0 || (end == 0 && slice.single) {
        end += total;
    }
    if start == end {
        return Ok(None);
    }
    let step = match slice.step.map(usize::try_from) {
        None => 1,
        Some(Ok(step)) if step > 0 => step,
        Some(_) => return Err(Unfollowed),
    };
    let (Ok(from), Ok(to)) = (usize::try_from(start), usize::try_from(end)) else {
        return Err(Unfollowed);
    };
    if from >= length || to > length || from > to {
        return Err(Unfollowed);
    }
    Ok(Some((from..to, step)))
}

fn filtered(filter: &Filter, values: &[Value]) -> Result<Vec<Value>, Unfollowed> {
    let mut found = Vec::new();
    for value in values {
        for item in value.as_array().ok_or(Unfollowed)? {
            if holds(filter, item)? {
                found.push(item.clone());
            }
        }
    }
    Ok(found)
}

fn holds(filter: &Filter, item: &Value) -> Result<bool, Unfollowed> {
    let left = walk(&filter.left, vec![item.clone()]);
    let Some((operator, right)) = &filter.comparison else {
        // client-go keeps the values before the step that failed.
        return Ok(left.map_or(true, |left| !left.is_empty()));
    };
    let Some(left) = single(left?)? else {
        return Ok(false);
    };
    let Some(right) = single(walk(right, vec![item.clone()])?)? else {
        return Ok(false);
    };
    compared(operator, &left, &right)
}

/// Returns the only value, or `None` if there are none; a comparison of several values fails.
fn single(values: Vec<Value>) -> Result<Option<Value>, Unfollowed> {
    let mut values = values.into_iter();
    let first = values.next();
    match values.next() {
        Some(_) => Err(Unfollowed),
        None => Ok(first),
    }
}

fn compared(operator: &str, left: &Value, right: &Value) -> Result<bool, Unfollowed> {
    let ordering = ordered(left, right)?;
    let is_ordered = !left.is_boolean();
    match operator {
        "==" => Ok(ordering == Ordering::Equal),
        "!=" => Ok(ordering != Ordering::Equal),
        "<" if is_ordered => Ok(ordering == Ordering::Less),
        "<=" if is_ordered => Ok(ordering != Ordering::Greater),
        ">" if is_ordered => Ok(ordering == Ordering::Greater),
        ">=" if is_ordered => Ok(ordering != Ordering::Less),
        _ => Err(Unfollowed),
    }
}

/// Compares two values of one type. Whole numbers and other numbers are different types.
fn ordered(left: &Value, right: &Value) -> Result<Ordering, Unfollowed> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Ok(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Ok(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => numbers(left, right),
        _ => Err(Unfollowed),
    }
}

fn numbers(left: &Number, right: &Number) -> Result<Ordering, Unfollowed> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Ok(left.cmp(&right)),
        (None, None) => {
            let (left, right) = (left.as_f64(), right.as_f64());
            left.partial_cmp(&right).ok_or(Unfollowed)
        }
        _ => Err(Unfollowed),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{JsonPath, Unfollowed};

    fn thing() -> Value {
        json!({
            "metadata": {"annotations": {"a.io/b": "c"}, "labels": {"x": "y"}},
            "spec": {"size": 3, "half": 0.5, "on": true, "list": ["a", "b", "c"], "nothing": null},
            "status": {"conditions": [
                {"type": "Ready", "status": "True", "observedGeneration": 2},
                {"type": "Synced", "status": "False"},
            ]},
        })
    }

    #[rstest]
    #[case::field(".spec.size", json!([3]))]
    #[case::missing(".spec.colour", json!([]))]
    #[case::below_what_is_missing(".nothing.at.all", json!([]))]
    #[case::below_a_text(".spec.list.x", json!([]))]
    #[case::null(".spec.nothing", json!([null]))]
    #[case::escaped_dots(r".metadata.annotations.a\.io/b", json!(["c"]))]
    #[case::quoted(".metadata.labels['x']", json!(["y"]))]
    #[case::quoted_with_a_dot(r".metadata.annotations['a\.io/b']", json!(["c"]))]
    #[case::index(".spec.list[1]", json!(["b"]))]
    #[case::from_the_end(".spec.list[-1]", json!(["c"]))]
    #[case::second_from_the_end(".spec.list[-2]", json!(["b"]))]
    #[case::slice(".spec.list[0:2]", json!(["a", "b"]))]
    #[case::slice_with_a_step(".spec.list[0:3:2]", json!(["a", "c"]))]
    #[case::slice_to_the_end(".spec.list[1:]", json!(["b", "c"]))]
    #[case::all(".spec.list[*]", json!(["a", "b", "c"]))]
    #[case::wildcard(".metadata.labels.*", json!(["y"]))]
    #[case::union(".spec.list[0,2]", json!(["a", "c"]))]
    #[case::index_of_nothing(".spec.colours[0]", json!([]))]
    #[case::filter(r#".status.conditions[?(@.type=="Ready")].status"#, json!(["True"]))]
    #[case::filter_with_spaces(".status.conditions[?(@.type == 'Synced')].status", json!(["False"]))]
    #[case::filter_by_number(".status.conditions[?(@.observedGeneration>1)].type", json!(["Ready"]))]
    #[case::filter_by_presence(".status.conditions[?(@.observedGeneration)].type", json!(["Ready"]))]
    #[case::filter_that_holds_for_none(".status.conditions[?(@.type!='x')].nothing", json!([]))]
    #[case::recursive("..observedGeneration", json!([2]))]
    #[case::filter_of_text(".spec.list[?(@=='b')]", json!(["b"]))]
    fn a_path_leads_to(#[case] path: &str, #[case] expected: Value) {
        let found = JsonPath::parse(path).unwrap().find(&thing());
        assert_eq!(found.map(Value::from), Ok(expected));
    }

    #[rstest]
    #[case::out_of_bounds(".spec.list[3]")]
    #[case::index_of_a_number(".spec.size[0]")]
    #[case::filter_of_a_mapping(".spec[?(@.x=='y')]")]
    #[case::unlike_types(".status.conditions[?(@.type==1)]")]
    #[case::order_of_booleans(".status.conditions[?(true<false)]")]
    fn a_path_cannot_be_followed(#[case] path: &str) {
        let found = JsonPath::parse(path).unwrap().find(&thing());
        assert_eq!(found, Err(Unfollowed));
    }

    #[rstest]
    #[case::no_end_of_an_index(".spec.list[0")]
    #[case::no_number(".spec.list[a]")]
    #[case::no_end_of_a_filter(".spec.list[?(@.a]")]
    #[case::a_sign(".spec.list]")]
    #[case::dots("....a")]
    fn a_path_does_not_parse(#[case] path: &str) {
        assert!(JsonPath::parse(path).is_err());
    }
}
