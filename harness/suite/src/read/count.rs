//! `count`: how many objects match an assertion.

use crosscut_yaml::{Kind, Node};

use super::Reader;
use super::expectation::{Context, expectation};
use super::fields::place_of;
use super::fields::{Fields, wrong_type};
use super::resources::{FIELDS, resources};
use crate::diagnostic::Diagnostic;
use crate::model::{ActionKind, Count, Expectation, Place, Resource};

/// Reads what `count` counts, and how many there must be.
pub(super) fn count(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    context: &Context<'_>,
) -> Option<ActionKind> {
    let known: Vec<&str> = FIELDS.into_iter().chain(["exactly", "each"]).collect();
    let fields = Fields::of(reader, node, place, "count", &known)?;
    let documents = resources(reader, &fields, context.folder);
    if documents.len() > 1 {
        let message = "count is about one document, and here are several";
        let problem = Diagnostic::error("suite::count", message, fields.place().clone());
        reader.problem(problem.with_help("give each document a count of its own"));
    }
    let exactly = exactly(reader, &fields, context)?;
    let each = each(reader, &fields, &exactly, context);
    let expectation = expectation(reader, documents.first()?, context)?;
    names_a_kind(reader, &expectation);
    Some(ActionKind::Count(Box::new(Count {
        expectation,
        exactly,
        each,
    })))
}

/// The number, or an expression of one.
fn exactly(reader: &mut Reader<'_>, fields: &Fields<'_>, context: &Context<'_>) -> Option<Node> {
    let node = fields.required(reader, "exactly")?;
    let is_expression = node.as_str().is_some_and(|text| text.starts_with('('));
    let is_number = match &node.kind {
        Kind::Number(number) => number.as_u64().is_some(),
        _ => false,
    };
    if !is_number && !is_expression {
        reader.problem(wrong_type(
            node,
            fields.place(),
            "exactly",
            "a whole number, such as 2",
        ));
    }
    let place = place_of(fields, "exactly");
    context
        .names
        .check_template(node, &place, &mut reader.problems);
    Some(node.clone())
}

/// Returns what each object that is counted must be like as well.
fn each(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    exactly: &Node,
    context: &Context<'_>,
) -> Option<Expectation> {
    let node = fields.get("each")?;
    if node.entries().is_none_or(<[_]>::is_empty) {
        reader.problem(wrong_type(
            node,
            fields.place(),
            "each",
            "a mapping with fields",
        ));
        return None;
    }
    if matches!(&exactly.kind, Kind::Number(number) if number.as_u64() == Some(0)) {
        let message = "each judges nothing where there must be no object";
        let problem = Diagnostic::error("suite::count", message, place_of(fields, "each"));
        reader.problem(problem.with_help("remove each"));
    }
    let resource = Resource {
        node: node.clone(),
        place: place_of(fields, "each"),
        template: true,
    };
    expectation(reader, &resource, context)
}

/// Without a kind there is nothing to count.
fn names_a_kind(reader: &mut Reader<'_>, expectation: &Expectation) {
    for field in ["apiVersion", "kind"] {
        if expectation.node.get(field).is_none() {
            let message = format!("the document to count has no {field}");
            let problem =
                Diagnostic::error("suite::missing_field", message, expectation.place.clone());
            reader.problem(problem.with_help("objects are counted by their kind"));
        }
    }
}
