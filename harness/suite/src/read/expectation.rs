//! Assertion documents, and the parts of an action that are documents.

use camino::Utf8Path;
use crosscut_assertion::Assertion;
use crosscut_yaml::{Entry, Key, Kind, Node};

use super::Reader;
use super::fields::Fields;
use super::resources::{FIELDS, resources};
use crate::diagnostic::Diagnostic;
use crate::model::{Expectation, Place, Resource};
use crate::variables::{Names, expression_problem};

/// What the reading of an action's parts shares.
pub(super) struct Context<'a> {
    /// The folder of the document's file.
    pub(super) folder: &'a Utf8Path,
    /// What is bound.
    pub(super) names: &'a Names,
}

pub(super) fn check_resource(reader: &mut Reader<'_>, resource: &Resource, context: &Context<'_>) {
    for field in ["apiVersion", "kind"] {
        if resource.node.get(field).is_none() {
            let message = format!("the resource has no {field}");
            let problem =
                Diagnostic::error("suite::missing_field", message, resource.place.clone());
            reader.problem(problem.with_help("every object has an apiVersion and a kind"));
        }
    }
    if resource.template {
        let mut problems = Vec::new();
        let names = context.names;
        names.check_template(&resource.node, &resource.place, &mut problems);
        let problems = problems.into_iter().map(|problem| match problem.code() {
            "suite::expression" => problem.with_help(AS_IT_IS),
            _ => problem,
        });
        reader.problems.extend(problems);
    }
}

/// What to do about a text of a manifest that is no expression.
const AS_IT_IS: &str = "text in parentheses that is no expression is written \\(text)\\; with template: false beside it, a \
     document is written as it is";

pub(super) fn reference_node(fields: &Fields<'_>, node: &Node) -> Node {
    let entry = |field: &str| {
        let value = fields.get(field)?.clone();
        let key = Key {
            text: field.to_owned(),
            span: value.span,
        };
        Some(Entry { key, value })
    };
    let metadata = ["name", "namespace", "labels"]
        .into_iter()
        .filter_map(entry)
        .collect();
    let mut entries: Vec<Entry> = ["apiVersion", "kind"]
        .into_iter()
        .filter_map(entry)
        .collect();
    entries.push(Entry {
        key: Key {
            text: "metadata".to_owned(),
            span: node.span,
        },
        value: Node {
            kind: Kind::Mapping(metadata),
            span: node.span,
        },
    });
    Node {
        kind: Kind::Mapping(entries),
        span: node.span,
    }
}

/// Compiles an assertion document.
pub(super) fn expectation(
    reader: &mut Reader<'_>,
    resource: &Resource,
    context: &Context<'_>,
) -> Option<Expectation> {
    let expectation = compiled(reader, resource)?;
    let (fields, place) = (expectation.assertion.fields(), &resource.place);
    context
        .names
        .check_fields(fields, place, &mut reader.problems);
    context.names.check(
        expectation.assertion.free_variables(),
        &resource.place,
        &mut reader.problems,
    );
    Some(expectation)
}

/// An assertion whose names are not looked at.
pub(super) fn compiled(reader: &mut Reader<'_>, resource: &Resource) -> Option<Expectation> {
    let (node, everywhere) = without_any_namespace(&resource.node);
    match Assertion::parse(&node) {
        Ok(assertion) => Some(Expectation {
            assertion,
            node,
            everywhere,
            place: resource.place.clone(),
        }),
        Err(problems) => {
            for problem in problems {
                reader.problem(expression_problem(problem, &resource.place));
            }
            None
        }
    }
}

/// The document without the namespace `*`, and whether it has that: no namespace has this name.
pub(super) fn without_any_namespace(node: &Node) -> (Node, bool) {
    let mut node = node.clone();
    let is_any = |entry: &Entry| entry.key.text == "namespace" && entry.value.as_str() == Some("*");
    let mut found = false;
    if let Kind::Mapping(entries) = &mut node.kind {
        let metadata = entries
            .iter_mut()
            .find(|entry| entry.key.text == "metadata");
        if let Some(Kind::Mapping(fields)) = metadata.map(|entry| &mut entry.value.kind) {
            found = fields.iter().any(is_any);
            fields.retain(|entry| !is_any(entry));
        }
    }
    (node, found)
}

/// The expectations of `expect` below `ready`.
pub(super) fn expectation(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Vec<Expectation> {
    let Some(fields) = Fields::of(reader, node, place, "an assertion", &FIELDS) else {
        return Vec::new();
    };
    resources(reader, &fields, folder)
        .iter()
        .filter_map(|resource| compiled(reader, resource))
        .collect()
}
