//! `table`: what is printed of objects.

use crosscut_yaml::{Entry, Key, Kind, Node};

use super::Reader;
use super::expectation::{Context, expectation, reference_node, without_any_namespace};
use super::fields::Fields;
use crate::diagnostic::Diagnostic;
use crate::model::{ActionKind, Place, Reference, Resource, Table};

/// What a table can be judged by.
const JUDGED: [&str; 3] = ["columns", "wide", "rows"];

/// Reads which objects are printed, and what the table must be like.
pub(super) fn table(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    context: &Context<'_>,
) -> Option<ActionKind> {
    let naming = ["apiVersion", "kind", "name", "namespace", "labels"];
    let known: Vec<&str> = naming.into_iter().chain(JUDGED).collect();
    let fields = Fields::of(reader, node, place, "table", &known)?;
    fields.required(reader, "apiVersion")?;
    fields.required(reader, "kind")?;
    let (selected, everywhere) = without_any_namespace(&reference_node(&fields, node));
    let reference = Reference {
        node: selected,
        place: fields.place().clone(),
    };
    context
        .names
        .check_template(&reference.node, &reference.place, &mut reader.problems);
    if JUDGED.iter().all(|field| fields.get(field).is_none()) {
        let message = "nothing says what the table must look like";
        let problem = Diagnostic::error("suite::missing_field", message, fields.place().clone());
        reader.problem(problem.with_help("add columns: [Name, Age], or rows: with what each has"));
        return None;
    }
    let resource = Resource {
        node: judged_node(&fields, node),
        place: fields.place().clone(),
        template: true,
    };
    Some(ActionKind::Table(Box::new(Table {
        reference,
        everywhere,
        expectation: expectation(reader, &resource, context)?,
    })))
}

/// One assertion on all that is judged.
fn judged_node(fields: &Fields<'_>, node: &Node) -> Node {
    let entries = JUDGED.iter().filter_map(|field| {
        let value = fields.get(field)?.clone();
        let key = Key {
            text: (*field).to_owned(),
            span: value.span,
        };
        Some(Entry { key, value })
    });
    Node {
        kind: Kind::Mapping(entries.collect()),
        span: node.span,
    }
}
