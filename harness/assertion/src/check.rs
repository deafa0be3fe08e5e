//! A tree against a value: every mismatch, with its path.

use crosscut_expr::{EvaluationError, Scope, equal};
use crosscut_yaml::Span;
use serde_json::{Value, json};

use crate::grammar::{Each, Statement};
use crate::tree::{Entry, Matcher, Tree};

/// One difference between a document and a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// Where in the value, such as `spec.versions[0].name`; expressions as they are written.
    pub path: String,
    /// Where in the document.
    pub span: Span,
    /// What is wrong, as a sentence fragment.
    pub message: String,
    /// What the document says.
    pub expected: Value,
    /// What there is; `None` where there is nothing.
    pub actual: Option<Value>,
    /// Whether it is unknown if this differs: an expression asks for what is not here.
    pub unsupported: bool,
}

/// Every mismatch.
pub(crate) fn check(tree: &Tree, actual: &Value, scope: &Scope) -> Vec<Mismatch> {
    let mut checker = Checker { found: Vec::new() };
    checker.tree(tree, actual, "", scope);
    checker.found
}

struct Checker {
    found: Vec<Mismatch>,
}

impl Checker {
    fn report(
        &mut self,
        path: &str,
        span: Span,
        message: impl Into<String>,
        expected: Value,
        actual: Option<Value>,
    ) {
        let path = if path.is_empty() {
            "(the object)".to_owned()
        } else {
            path.to_owned()
        };
        self.found.push(Mismatch {
            path,
            span,
            message: message.into(),
            expected,
            actual,
            unsupported: false,
        });
    }

    fn tree(&mut self, tree: &Tree, actual: &Value, path: &str, scope: &Scope) {
        match &tree.matcher {
            Matcher::Scalar(expected) => self.scalar(expected, actual, path, tree.span),
            Matcher::Expression(expression) => match expression.evaluate(actual, scope) {
                Ok(expected) => self.value(&expected, actual, path, tree.span),
                Err(error) => self.unevaluated(expression.text(), &error, actual, path, tree.span),
            },
            Matcher::List(items) => self.list(tree, items, actual, path, scope),
            Matcher::Map(entries) => self.map(entries, tree, actual, path, scope),
        }
    }

    fn unevaluated(
        &mut self,
        text: &str,
        error: &EvaluationError,
        actual: &Value,
        path: &str,
        span: Span,
    ) {
        self.report(
            path,
            span,
            error.to_string(),
            json!(format!("({text})")),
            Some(actual.clone()),
        );
        if let Some(mismatch) = self.found.last_mut() {
            mismatch.unsupported = matches!(error, EvaluationError::Unsupported(_));
        }
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
        self.report(path, span, message, expected.clone(), Some(actual.clone()));
    }

    /// What an expression gave: maps are subsets here, too.
    fn value(&mut self, expected: &Value, actual: &Value, path: &str, span: Span) {
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
                self.report(path, span, message, expected.clone(), Some(actual.clone()));
            }
            _ => self.scalar(expected, actual, path, span),
        }
    }

    fn list(&mut self, tree: &Tree, items: &[Tree], actual: &Value, path: &str, scope: &Scope) {
        let Value::Array(found) = actual else {
            let message = format!("is {}, not a list", kind(actual));
            return self.report(
                path,
                tree.span,
                message,
                tree.expected(),
                Some(actual.clone()),
            );
        };
        if items.len() != found.len() {
            let message = format!("has {}, not {}", elements(found.len()), items.len());
            return self.report(
                path,
                tree.span,
                message,
                tree.expected(),
                Some(actual.clone()),
            );
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
                Some(Value::Null),
            );
        }
        let mut scope = scope.clone();
        for entry in entries {
            let Some(found) = self.projected(entry, actual, path, &scope) else {
                continue;
            };
            let path = child_of(path, entry);
            if let Some(name) = &entry.key.binding {
                scope = scope.bind(name, found.clone());
            }
            match &entry.key.each {
                None => self.tree(&entry.tree, &found, &path, &scope),
                Some(each) => self.each(each, entry, &found, &path, &scope),
            }
        }
    }

    /// What an entry's key stands for. `None` is reported.
    fn projected(
        &mut self,
        entry: &Entry,
        actual: &Value,
        path: &str,
        scope: &Scope,
    ) -> Option<Value> {
        let path = child_of(path, entry);
        match &entry.key.statement {
            Statement::Text(key) => match actual {
                Value::Object(found) => {
                    if !found.contains_key(key) {
                        self.report(&path, entry.span, "is missing", entry.tree.expected(), None);
                    }
                    found.get(key).cloned()
                }
                other => {
                    let message = format!("is missing: what it should be in is {}", kind(other));
                    self.report(&path, entry.span, message, entry.tree.expected(), None);
                    None
                }
            },
            Statement::Expression(expression) => match expression.evaluate(actual, scope) {
                Ok(value) => Some(value),
                Err(error) => {
                    self.unevaluated(expression.text(), &error, actual, &path, entry.span);
                    None
                }
            },
        }
    }

    /// Every element; none is fine, as in Chainsaw.
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
                    Some(other.clone()),
                );
            }
        }
    }
}

impl Tree {
    /// What the document says here, expressions as they are written.
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
    /// The key as it is written, without what stands around it.
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

/// The path of a key; keys with dots and the like are quoted.
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
