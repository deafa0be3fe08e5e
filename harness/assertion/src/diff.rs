//! What is expected against what there is, as a difference between two documents.

use crosscut_expr::Scope;
use crosscut_yaml::to_yaml;
use serde_json::{Map, Value};
use similar::{ChangeTag, TextDiff};

use crate::grammar::Statement;
use crate::tree::{Entry, Matcher, Tree};

/// Lines of YAML, each marked ` `, `-` (expected) or `+` (actual).
pub(crate) fn diff(tree: &Tree, actual: &Value, scope: &Scope) -> String {
    let (expected, actual) = view(tree, actual, scope);
    let (expected, actual) = (to_yaml(&expected), to_yaml(&actual));
    let mut text = String::new();
    let compared = TextDiff::from_lines(&expected, &actual);
    for change in compared.iter_all_changes() {
        text.push(match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        });
        text.push_str(change.value());
        if !change.value().ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

/// The document's value, and the part of the actual one that it speaks of, in the same shape.
fn view(tree: &Tree, actual: &Value, scope: &Scope) -> (Value, Value) {
    match &tree.matcher {
        Matcher::Scalar(expected) => (expected.clone(), actual.clone()),
        Matcher::Expression(expression) => {
            let expected = expression
                .evaluate(actual, scope)
                .unwrap_or_else(|_| tree.expected());
            let actual = common(&expected, actual);
            (expected, actual)
        }
        Matcher::List(items) => list(items, actual, scope),
        Matcher::Map(entries) => map(entries, actual, scope),
    }
}

fn list(items: &[Tree], actual: &Value, scope: &Scope) -> (Value, Value) {
    let Value::Array(found) = actual else {
        return (items.iter().map(Tree::expected).collect(), actual.clone());
    };
    let pairs: Vec<(Value, Value)> = items
        .iter()
        .zip(found)
        .map(|(item, actual)| view(item, actual, scope))
        .collect();
    let (mut left, mut right): (Vec<Value>, Vec<Value>) = pairs.into_iter().unzip();
    left.extend(items.iter().skip(found.len()).map(Tree::expected));
    right.extend(found.iter().skip(items.len()).cloned());
    (Value::Array(left), Value::Array(right))
}

fn map(entries: &[Entry], actual: &Value, scope: &Scope) -> (Value, Value) {
    if !actual.is_object()
        && !entries.is_empty()
        && entries
            .iter()
            .all(|entry| matches!(entry.key.statement, Statement::Text(_)))
    {
        let expected = entries
            .iter()
            .map(|entry| (entry.key.written(), entry.tree.expected()));
        return (Value::Object(expected.collect()), actual.clone());
    }
    let (mut left, mut right) = (Map::new(), Map::new());
    let mut scope = scope.clone();
    for entry in entries {
        let key = entry.key.written();
        let found = match &entry.key.statement {
            Statement::Text(text) => actual.get(text).cloned(),
            Statement::Expression(expression) => expression.evaluate(actual, &scope).ok(),
        };
        if let (Some(name), Some(found)) = (&entry.key.binding, &found) {
            scope = scope.bind(name, found.clone());
        }
        match found {
            Some(found) if entry.key.each.is_none() => {
                let (expected, actual) = view(&entry.tree, &found, &scope);
                left.insert(key.clone(), expected);
                right.insert(key, actual);
            }
            found => {
                left.insert(key.clone(), entry.tree.expected());
                right.extend(found.map(|found| (key, found)));
            }
        }
    }
    (Value::Object(left), Value::Object(right))
}

/// The part of `actual` that has a counterpart in `expected`.
fn common(expected: &Value, actual: &Value) -> Value {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => Value::Object(
            expected
                .iter()
                .filter_map(|(key, expected)| {
                    Some((key.clone(), common(expected, actual.get(key)?)))
                })
                .collect(),
        ),
        _ => actual.clone(),
    }
}
