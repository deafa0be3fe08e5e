//! The subject of a document: the fields that identify the objects.

use std::collections::BTreeMap;

use crosscut_expr::{Budget, Scope};
use crosscut_yaml::{Kind, Node};
use serde_json::{Map, Value};

use crate::name::{Name, name, text, unsuited};
use crate::problem::Problem;
use crate::template::{template, template_within};

/// The objects of a document: one by its name, or all that the labels select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The apiVersion.
    pub api_version: Option<Name>,
    /// The kind.
    pub kind: Option<Name>,
    /// The name.
    pub name: Option<Name>,
    /// The namespace.
    pub namespace: Option<Name>,
    /// The labels that select objects, if there is no name.
    pub labels: BTreeMap<String, String>,
    /// True for objects of every namespace. A document never sets this.
    pub everywhere: bool,
}

impl Subject {
    /// Reads the subject of `document`, a template with the value `value`.
    ///
    /// # Errors
    /// Returns a [`Problem`] for each name, namespace, kind or apiVersion that is not text or is empty, and for each
    /// label that is not text. A label may be empty, as in Kubernetes.
    pub fn of(document: &Node, value: &Value) -> Result<Subject, Vec<Problem>> {
        Reading::new(document, value, false).subject()
    }

    /// Reads the subject of a document to write, in which `null` removes a label.
    ///
    /// # Errors
    /// Returns problems as [`Subject::of`] does, except for labels that are a literal `null` in the document.
    pub fn of_written(document: &Node, value: &Value) -> Result<Subject, Vec<Problem>> {
        Reading::new(document, value, true).subject()
    }
}

/// Reads the subject of an assertion. Only the fields that identify objects are templates.
pub(crate) fn subject(document: &Node, scope: &Scope) -> Result<Subject, Vec<Problem>> {
    Subject::of(document, &identity(document, scope)?)
}

/// Checks that the given fields of a mapping are names, as far as they do not depend on an actual value.
///
/// # Errors
/// Returns a [`Problem`] for each field that is not text, or is empty.
pub(crate) fn names(mapping: &Node, names: &[&str], scope: &Scope) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for what in names {
        let Some(written) = mapping.get(what).filter(|node| !is_assertion(node)) else {
            continue;
        };
        // An expression that cannot be evaluated without a value is about the actual value.
        if let Ok(value) = template(written, scope) {
            problems.extend(name(what, written, &value).err());
        }
    }
    match problems {
        problems if problems.is_empty() => Ok(()),
        problems => Err(problems),
    }
}

/// Returns the fields of an assertion that identify objects. A mapping of expressions is an assertion about a field,
/// and identifies no object.
fn identity(document: &Node, scope: &Scope) -> Result<Value, Vec<Problem>> {
    let mut templates = Templates {
        budget: Budget::new(scope),
        scope,
        problems: Vec::new(),
    };
    let mut value = templates.fields(document, &["apiVersion", "kind"]);
    if let Some(metadata) = document.get("metadata") {
        let mut found = match metadata.kind {
            Kind::Mapping(_) => Value::Object(templates.fields(metadata, &["name", "namespace"])),
            _ => templates.value(metadata),
        };
        if let (Some(labels), Value::Object(found)) = (metadata.get("labels"), &mut found) {
            found.insert("labels".to_owned(), templates.labels(labels));
        }
        value.insert("metadata".to_owned(), found);
    }
    match templates.problems {
        problems if problems.is_empty() => Ok(Value::Object(value)),
        problems => Err(problems),
    }
}

struct Templates<'a> {
    budget: Budget,
    scope: &'a Scope,
    problems: Vec<Problem>,
}

impl Templates<'_> {
    fn value(&mut self, node: &Node) -> Value {
        let value = template_within(&self.budget, node, &Value::Null, self.scope);
        value.unwrap_or_else(|problems| {
            self.problems.extend(problems);
            Value::Null
        })
    }

    fn fields(&mut self, node: &Node, names: &[&str]) -> Map<String, Value> {
        let fields = names
            .iter()
            .filter_map(|name| Some((*name, node.get(name)?)));
        fields
            .filter(|(_, node)| !is_assertion(node))
            .map(|(name, node)| (name.to_owned(), self.value(node)))
            .collect()
    }

    fn labels(&mut self, labels: &Node) -> Value {
        let Some(entries) = labels.entries() else {
            return self.value(labels);
        };
        let selecting = entries
            .iter()
            .filter(|entry| !is_special(&entry.key.text) && !is_assertion(&entry.value));
        selecting
            .map(|entry| (entry.key.text.clone(), self.value(&entry.value)))
            .collect()
    }
}

fn is_special(key: &str) -> bool {
    key.starts_with(['(', '~', '\\']) || key.contains("->")
}

/// Returns true for a mapping of expressions about the value.
fn is_assertion(node: &Node) -> bool {
    let entries = node.entries().unwrap_or_default();
    !entries.is_empty() && entries.iter().all(|entry| is_special(&entry.key.text))
}

/// A document with its value, read together: the document shows how each value was written.
struct Reading<'a> {
    document: &'a Node,
    value: &'a Value,
    /// True if a literal `null` removes a label.
    removes: bool,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn new(document: &'a Node, value: &'a Value, removes: bool) -> Reading<'a> {
        Reading {
            document,
            value,
            removes,
            problems: Vec::new(),
        }
    }

    fn subject(mut self) -> Result<Subject, Vec<Problem>> {
        let subject = Subject {
            api_version: self.name(&["apiVersion"]),
            kind: self.name(&["kind"]),
            name: self.name(&["metadata", "name"]),
            namespace: self.name(&["metadata", "namespace"]),
            labels: self.labels(),
            everywhere: false,
        };
        self.mapping("field metadata", &["metadata"]);
        // generateName must only be text. The API server validates the rest.
        self.name(&["metadata", "generateName"]);
        if self.problems.is_empty() {
            Ok(subject)
        } else {
            Err(self.problems)
        }
    }

    fn name(&mut self, path: &[&str]) -> Option<Name> {
        let (written, value) = self.at(path)?;
        let what = path.last().copied().unwrap_or_default();
        name(what, written, value)
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }

    fn labels(&mut self) -> BTreeMap<String, String> {
        let path = ["metadata", "labels"];
        let Some(labels) = self.mapping("field labels", &path) else {
            return BTreeMap::new();
        };
        let keys: Vec<&String> = labels.keys().collect();
        let mut read = BTreeMap::new();
        for key in keys {
            let Some((written, value)) = self.at(&["metadata", "labels", key]) else {
                continue;
            };
            if self.removes && written.is_null() {
                continue;
            }
            match text(&format!("label {key}"), written, value) {
                Ok(text) => drop(read.insert(key.clone(), text.to_owned())),
                Err(problem) => self.problems.push(problem),
            }
        }
        read
    }

    /// Returns the mapping at `path`, if there is one. Adds a problem for another value.
    fn mapping(&mut self, what: &str, path: &[&str]) -> Option<&'a Map<String, Value>> {
        let (written, value) = self.at(path)?;
        if self.removes && written.is_null() {
            return None;
        }
        if value.as_object().is_none() {
            let problem = unsuited(what, written, value, "a mapping");
            self.problems.push(problem);
        }
        value.as_object()
    }

    /// Returns the value at `path` and its node: the last node of the path that is in the document.
    fn at(&self, path: &[&str]) -> Option<(&'a Node, &'a Value)> {
        let (mut written, mut value) = (self.document, self.value);
        for key in path {
            value = value.as_object()?.get(*key)?;
            written = written.get(key).unwrap_or(written);
        }
        Some((written, value))
    }
}
