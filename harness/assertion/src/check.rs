//! The check of a value against a tree: every mismatch, with its path.

use std::borrow::Cow;

use crosscut_expr::{Budget, EvaluationError, Scope, equal};
use crosscut_yaml::Span;
use serde_json::{Value, json};

use crate::grammar::{Each, Statement};
use crate::tree::{Entry, Matcher, Tree};

/// One difference between a document and a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The path in the value, such as `spec.versions[0].name`. Expressions are as in the document.
    pub path: String,
    /// The place in the document.
    pub span: Span,
    /// The message, as a sentence fragment.
    pub message: String,
    /// The expected value.
    pub expected: Value,
    /// The actual value; `None` if the field is missing.
    pub actual: Option<Value>,
    /// True if an expression needs an unsupported feature, so that the result is unknown.
    pub unsupported: bool,
    /// True if an expression could not be evaluated, so that the result is unknown.
    pub unevaluated: bool,
}

/// Returns every mismatch. All expressions share one budget; the check ends when it is used up.
pub(crate) fn check(tree: &Tree, actual: &Value, scope: &Scope, budget: &Budget) -> Vec<Mismatch> {
    let mut checker = Checker {
        found: Vec::new(),
        budget,
        over: false,
    };
    checker.tree(tree, actual, "", scope);
    checker.found
}

/// Returns a copy of a value for a report, or a note if the value is too large for the budget.
pub(crate) fn shown(value: &Value, budget: &Budget) -> Value {
    let copy = budget.copy_if_room(value);
    copy.unwrap_or_else(|| json!("(not shown: too large)"))
}

struct Checker<'b> {
    found: Vec<Mismatch>,
    budget: &'b Budget,
    /// True if the budget is used up, and the mismatch about that was reported.
    over: bool,
}

impl<'b> Checker<'b> {
    fn report(
        &mut self,
        path: &str,
        span: Span,
        message: impl Into<String>,
        expected: Value,
        actual: Option<&Value>,
    ) {
        let message = message.into();
        if let Err(error) = self.budget.make(path.len() + message.len()) {
            return self.unevaluated("…", &error, None, path, span);
        }
        let actual = actual.map(|actual| shown(actual, self.budget));
        let expected = shown(&expected, self.budget);
        self.push(path, span, message, expected, actual);
    }

    fn push(
        &mut self,
        path: &str,
        span: Span,
        message: String,
        expected: Value,
        actual: Option<Value>,
    ) {
        if self.over {
            return;
        }
        let path = if path.is_empty() {
            "(the object)".to_owned()
        } else {
            path.to_owned()
        };
        self.found.push(Mismatch {
            path,
            span,
            message,
            expected,
            actual,
            unsupported: false,
            unevaluated: false,
        });
    }

    fn tree(&mut self, tree: &Tree, actual: &Value, path: &str, scope: &Scope) {
        if !self.goes_on(path, tree.span) {
            return;
        }
        match &tree.matcher {
            Matcher::Scalar(expected) => self.scalar(expected, actual, path, tree.span),
            Matcher::Expression(expression) => {
                match expression.evaluate_within(self.budget, actual, scope) {
                    Ok(expected) => self.value(&expected, actual, path, tree.span),
                    Err(error) => {
                        self.unevaluated(expression.text(), &error, Some(actual), path, tree.span);
                    }
                }
            }
            Matcher::List(items) => self.list(tree, items, actual, path, scope),
            Matcher::Map(entries) => self.map(entries, tree, actual, path, scope),
        }
    }

    /// Counts a step. Returns false if the budget is used up, and reports that.
    fn goes_on(&mut self, path: &str, span: Span) -> bool {
        if let Err(error) = self.budget.step(1) {
            self.unevaluated("…", &error, None, path, span);
        }
        !self.over
    }

    fn unevaluated(
        &mut self,
        text: &str,
        error: &EvaluationError,
        actual: Option<&Value>,
        path: &str,
        span: Span,
    ) {
        let over = error.is_over_budget();
        let actual = actual.map(|actual| shown(actual, self.budget));
        let before = self.found.len();
        self.push(
            path,
            span,
            error.to_string(),
            json!(format!("({text})")),
            actual,
        );
        if let Some(mismatch) = self.found.get_mut(before) {
            mismatch.unsupported = error.is_unsupported();
            mismatch.unevaluated = !mismatch.unsupported;
        }
        self.over |= over;
    }

    fn scalar(&mut self, expected: &Value, actual: &Value, path: &str, span: Span) {
        if equal(expected, actual) {
            return;
        }
        let message = if kind(expected) == kind(actual) || actual.is_null() || expected.is_null() {
            "differs".to_owned()
        } else {
            format!("is {}, not {}", kind(actual), kind(expected))
        };
        self.report(path, span, message, expected.clone(), Some(actual));
    }

    /// Compares with the value of an expression. Maps in it are subsets too.
    fn value(&mut self, expected: &Value, actual: &Value, path: &str, span: Span) {
        if !self.goes_on(path, span) {
            return;
        }
        match (expected, actual) {
            (Value::Object(entries), Value::Object(found)) => {
                for (key, expected) in entries {
                    let path = child(path, key);
                    match found.get(key) {
                        Some(actual) => self.value(expected, actual, &path, span),
                        None => self.report(&path, span, "is missing", expected.clone(), None),
                    }
                }
            }
            (Value::Array(items), Value::Array(found)) if items.len() == found.len() => {
                for (index, (expected, actual)) in items.iter().zip(found).enumerate() {
                    self.value(expected, actual, &format!("{path}[{index}]"), span);
                }
            }
            (Value::Array(items), Value::Array(found)) => {
                let message = format!("has {}, not {}", elements(found.len()), items.len());
                self.report(path, span, message, expected.clone(), Some(actual));
            }
            _ => self.scalar(expected, actual, path, span),
        }
    }

    fn list(&mut self, tree: &Tree, items: &[Tree], actual: &Value, path: &str, scope: &Scope) {
        let Value::Array(found) = actual else {
            let message = format!("is {}, not a list", kind(actual));
            return self.report(path, tree.span, message, tree.expected(), Some(actual));
        };
        if items.len() != found.len() {
            let message = format!("has {}, not {}", elements(found.len()), items.len());
            return self.report(path, tree.span, message, tree.expected(), Some(actual));
        }
        for (index, (item, actual)) in items.iter().zip(found).enumerate() {
            self.tree(item, actual, &format!("{path}[{index}]"), scope);
        }
    }

    fn map(&mut self, entries: &[Entry], tree: &Tree, actual: &Value, path: &str, scope: &Scope) {
        if actual.is_null() {
            return self.report(
                path,
                tree.span,
                "is null",
                tree.expected(),
                Some(&Value::Null),
            );
        }
        let mut scope = scope.clone();
        for entry in entries {
            let surrounding = scope.clone();
            let Some(found) = self.projected(entry, actual, path, &surrounding) else {
                continue;
            };
            let path = child_of(path, entry);
            if let Some(name) = &entry.key.binding {
                match self.budget.copy(&found) {
                    Ok(bound) => scope = scope.bind_counted(name, bound),
                    Err(error) => {
                        self.unevaluated(&format!("…)->{name}"), &error, None, &path, entry.span);
                    }
                }
            }
            match &entry.key.each {
                None => self.tree(&entry.tree, &found, &path, &scope),
                Some(each) => self.each(each, entry, &found, &path, &scope),
            }
        }
    }

    /// Returns the value for an entry's key. `None` means that the missing value was reported.
    fn projected<'v>(
        &mut self,
        entry: &'v Entry,
        actual: &'v Value,
        path: &str,
        scope: &'v Scope,
    ) -> Option<Cow<'v, Value>>
    where
        'b: 'v,
    {
        let path = child_of(path, entry);
        match &entry.key.statement {
            Statement::Text(key) => match actual {
                Value::Object(found) => {
                    if !found.contains_key(key) {
                        self.report(&path, entry.span, "is missing", entry.tree.expected(), None);
                    }
                    found.get(key).map(Cow::Borrowed)
                }
                other => {
                    let message = format!("is missing: what it should be in is {}", kind(other));
                    self.report(&path, entry.span, message, entry.tree.expected(), None);
                    None
                }
            },
            Statement::Expression(expression) => {
                match expression.evaluate_within(self.budget, actual, scope) {
                    Ok(value) => Some(value),
                    Err(error) => {
                        let text = expression.text();
                        self.unevaluated(text, &error, Some(actual), &path, entry.span);
                        None
                    }
                }
            }
        }
    }

    /// Checks every element. A list without elements matches, as in Chainsaw.
    fn each(&mut self, each: &Each, entry: &Entry, found: &Value, path: &str, scope: &Scope) {
        let bound = |index: Value| match &each.index {
            Some(name) => scope.bind(name, index),
            None => scope.clone(),
        };
        match found {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.tree(
                        &entry.tree,
                        item,
                        &format!("{path}[{index}]"),
                        &bound(json!(index)),
                    );
                }
            }
            Value::Object(entries) => {
                for (key, item) in entries {
                    self.tree(&entry.tree, item, &child(path, key), &bound(json!(key)));
                }
            }
            other => {
                let message = format!("is {}, which has no elements", kind(other));
                self.report(
                    path,
                    entry.span,
                    message,
                    entry.tree.expected(),
                    Some(other),
                );
            }
        }
    }
}

impl Tree {
    /// Returns the expected value in the document, with expressions as text.
    pub(crate) fn expected(&self) -> Value {
        match &self.matcher {
            Matcher::Scalar(value) => value.clone(),
            Matcher::Expression(expression) => json!(format!("({})", expression.text())),
            Matcher::List(items) => items.iter().map(Tree::expected).collect(),
            Matcher::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.written(), entry.tree.expected()))
                    .collect(),
            ),
        }
    }
}

impl crate::grammar::Key {
    /// Returns the key as in the document, without the binding.
    pub(crate) fn written(&self) -> String {
        let statement = match &self.statement {
            Statement::Text(text) => text.clone(),
            Statement::Expression(expression) => format!("({})", expression.text()),
        };
        match &self.each {
            Some(Each { index }) => {
                format!("~{}.{statement}", index.as_deref().unwrap_or_default())
            }
            None => statement,
        }
    }
}

fn child_of(path: &str, entry: &Entry) -> String {
    match &entry.key.statement {
        Statement::Text(key) => child(path, key),
        Statement::Expression(expression) if path.is_empty() => format!("({})", expression.text()),
        Statement::Expression(expression) => format!("{path}.({})", expression.text()),
    }
}

/// Returns the path of a key. A key with dots or other special characters is quoted.
fn child(path: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_/$".contains(letter));
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{key:?}]"),
    }
}

fn elements(count: usize) -> String {
    if count == 1 {
        "1 element".to_owned()
    } else {
        format!("{count} elements")
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
