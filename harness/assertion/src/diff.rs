//! The difference between the expected and the actual value, as YAML.

use std::borrow::Cow;

use crosscut_expr::{Budget, Scope};
use crosscut_yaml::to_yaml;
use serde_json::{Map, Value};
use similar::{ChangeTag, TextDiff};

use crate::check::shown;
use crate::grammar::Statement;
use crate::tree::{Entry, Matcher, Tree};

/// The maximum number of lines of each document that are compared.
const MOST_LINES: usize = 5_000;

/// Returns lines of YAML, each with the mark ` `, `-` (expected) or `+` (actual).
pub(crate) fn diff(tree: &Tree, actual: &Value, scope: &Scope, budget: &Budget) -> String {
    let (expected, actual) = Views { budget }.view(tree, actual, scope);
    let (expected, actual) = (first_lines(&expected), first_lines(&actual));
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

/// Returns the first [`MOST_LINES`] lines of a value as YAML.
fn first_lines(value: &Value) -> String {
    let mut text = to_yaml(value);
    if let Some((end, _)) = text.match_indices('\n').nth(MOST_LINES - 1) {
        let more = text.get(end + 1..).unwrap_or_default().lines().count();
        text.truncate(end + 1);
        if more > 0 {
            text.push_str(&format!("… {more} more lines\n"));
        }
    }
    text
}

/// A builder of the two sides of a difference.
struct Views<'b> {
    budget: &'b Budget,
}

impl Views<'_> {
    fn copy(&self, value: &Value) -> Value {
        shown(value, self.budget)
    }

    /// Returns the document's value, and the part of the actual value that the document describes, in the same shape.
    fn view(&self, tree: &Tree, actual: &Value, scope: &Scope) -> (Value, Value) {
        match &tree.matcher {
            Matcher::Scalar(expected) => (expected.clone(), self.copy(actual)),
            Matcher::Expression(expression) => {
                let expected = expression
                    .evaluate_within(self.budget, actual, scope)
                    .and_then(|expected| self.budget.owned(expected))
                    .unwrap_or_else(|_| tree.expected());
                let actual = common(&expected, actual);
                (expected, actual)
            }
            Matcher::List(items) => self.list(items, actual, scope),
            Matcher::Map(entries) => self.map(entries, actual, scope),
        }
    }

    fn list(&self, items: &[Tree], actual: &Value, scope: &Scope) -> (Value, Value) {
        let Value::Array(found) = actual else {
            let expected = items.iter().map(Tree::expected).collect();
            return (expected, self.copy(actual));
        };
        let pairs: Vec<(Value, Value)> = items
            .iter()
            .zip(found)
            .map(|(item, actual)| self.view(item, actual, scope))
            .collect();
        let (mut left, mut right): (Vec<Value>, Vec<Value>) = pairs.into_iter().unzip();
        left.extend(items.iter().skip(found.len()).map(Tree::expected));
        right.extend(found.iter().skip(items.len()).map(|item| self.copy(item)));
        (Value::Array(left), Value::Array(right))
    }

    fn map(&self, entries: &[Entry], actual: &Value, scope: &Scope) -> (Value, Value) {
        let plain = |entry: &Entry| matches!(entry.key.statement, Statement::Text(_));
        if !actual.is_object() && !entries.is_empty() && entries.iter().all(plain) {
            let expected = entries
                .iter()
                .map(|entry| (entry.key.written(), entry.tree.expected()));
            return (Value::Object(expected.collect()), self.copy(actual));
        }
        let (mut left, mut right) = (Map::new(), Map::new());
        let mut scope = scope.clone();
        for entry in entries {
            let key = entry.key.written();
            let surrounding = scope.clone();
            let found = self.found(entry, actual, &surrounding);
            if let (Some(name), Some(found)) = (&entry.key.binding, &found) {
                scope = scope.bind_counted(name, self.copy(found));
            }
            match found {
                Some(found) if entry.key.each.is_none() => {
                    let (expected, actual) = self.view(&entry.tree, &found, &scope);
                    left.insert(key.clone(), expected);
                    right.insert(key, actual);
                }
                found => {
                    left.insert(key.clone(), entry.tree.expected());
                    right.extend(found.map(|found| (key, self.copy(&found))));
                }
            }
        }
        (Value::Object(left), Value::Object(right))
    }

    /// Returns the value for an entry's key, if there is one.
    fn found<'v>(
        &'v self,
        entry: &'v Entry,
        actual: &'v Value,
        scope: &'v Scope,
    ) -> Option<Cow<'v, Value>> {
        match &entry.key.statement {
            Statement::Text(text) => actual.get(text).map(Cow::Borrowed),
            Statement::Expression(expression) => {
                let found = expression.evaluate_within(self.budget, actual, scope);
                found.ok()
            }
        }
    }
}

/// Returns the part of `actual` that has a counterpart in `expected`.
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
