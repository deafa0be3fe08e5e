//! `apply` and `patch`: documents to write, and how they are written.

use crosscut_yaml::{Kind, Node};

use super::Reader;
use super::expectation::{Context, check_resource};
use super::fields::place_of;
use super::fields::{Fields, wrong_type};
use super::resources::{self, resources};
use crate::diagnostic::Diagnostic;
use crate::model::{Method, Operations, Resource, Validation, Warnings, Write};

/// What may stand beside `apply` and `patch` alone; `reject` has it within.
const BESIDE_WRITES: [&str; 4] = ["validation", "subresource", "template", "warnings"];
/// The fields of a document that says no more than which object is meant.
const NAMING: [&str; 3] = ["apiVersion", "kind", "metadata"];
/// The operations of RFC 6902, and the fields that each must have beside `op` and `path`.
const OPERATIONS: [(&str, &str); 6] = [
    ("add", "value"),
    ("remove", ""),
    ("replace", "value"),
    ("move", "from"),
    ("copy", "from"),
    ("test", "value"),
];

/// Reports what belongs to writes and stands beside another action.
pub(super) fn only_beside_writes(reader: &mut Reader<'_>, verb: &str, fields: &Fields<'_>) {
    if matches!(verb, "apply" | "patch") {
        return;
    }
    for field in BESIDE_WRITES {
        // Requests and calls report these two themselves, among others.
        let is_reported = matches!(
            (verb, field),
            ("request" | "grpc", "validation" | "subresource")
        );
        if fields.get(field).is_none() || is_reported {
            continue;
        }
        let help = match (verb, field) {
            ("reject", "warnings") => "remove it: a refusal is judged by its message".to_owned(),
            ("reject", _) => format!("move {field} into reject"),
            ("expect" | "absent" | "count" | "events", "template") => {
                "in an assertion, write \\(text)\\ for a text in parentheses".to_owned()
            }
            _ => format!("remove {field}"),
        };
        let message = format!("{field} belongs to apply and patch");
        let problem = Diagnostic::error("suite::action", message, place_of(fields, field));
        reader.problem(problem.with_help(help));
    }
}

/// Reads what `apply` or `patch` writes. `node` is its value, and what may stand beside it is in `beside`.
pub(super) fn write(
    reader: &mut Reader<'_>,
    verb: &'static str,
    node: &Node,
    beside: &Fields<'_>,
    context: &Context<'_>,
) -> Option<Write> {
    let more: &[&str] = match verb {
        "apply" => &["template", "serverSide"],
        _ => &["template", "type", "operations"],
    };
    let known: Vec<&str> = resources::FIELDS.iter().chain(more).copied().collect();
    let documents = Fields::of(reader, node, beside.place(), verb, &known)?;
    let template = documents.boolean(reader, "template");
    let template = template.or_else(|| beside.boolean(reader, "template"));
    let template = template.unwrap_or(reader.template);
    let mut resources = resources(reader, &documents, context.folder);
    for resource in &mut resources {
        resource.template = template;
        check_resource(reader, resource, context);
    }
    let method = match verb {
        "apply" => applied(reader, &documents, context),
        _ => patched(reader, &documents, &resources, template, context),
    };
    Some(Write {
        subresource: subresource(reader, verb, &method, beside),
        validation: validation(reader, beside),
        warnings: warnings(reader, beside, context),
        resources,
        method,
    })
}

fn validation(reader: &mut Reader<'_>, beside: &Fields<'_>) -> Validation {
    let words = [
        ("strict", Validation::Strict),
        ("warn", Validation::Warn),
        ("ignore", Validation::Ignore),
    ];
    let validation = beside.word(reader, "validation", &words);
    validation.unwrap_or_default()
}

fn subresource(
    reader: &mut Reader<'_>,
    verb: &str,
    method: &Method,
    beside: &Fields<'_>,
) -> Option<String> {
    let subresource = beside.string(reader, "subresource");
    if subresource.is_some() && verb == "apply" && matches!(method, Method::Merge) {
        let problem = Diagnostic::error(
            "suite::subresource",
            "apply cannot write a subresource",
            beside.place().clone(),
        );
        reader.problem(problem.with_help("use patch, or apply it with serverSide: {}"));
    }
    subresource
}

/// `serverSide` of `apply`.
fn applied(reader: &mut Reader<'_>, documents: &Fields<'_>, context: &Context<'_>) -> Method {
    let Some(node) = documents.get("serverSide") else {
        return Method::Merge;
    };
    let known = ["fieldManager", "force"];
    let Some(fields) = Fields::of(reader, node, documents.place(), "serverSide", &known) else {
        return Method::Merge;
    };
    let manager = fields.get("fieldManager").cloned();
    if let Some(manager) = &manager {
        fields.required_string(reader, "fieldManager");
        let names = context.names;
        names.check_template(manager, fields.place(), &mut reader.problems);
    }
    Method::ServerSide {
        manager,
        force: fields.boolean(reader, "force").unwrap_or(false),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kinds {
    Merge,
    Strategic,
    Json,
}

/// `type` and `operations` of `patch`.
fn patched(
    reader: &mut Reader<'_>,
    documents: &Fields<'_>,
    resources: &[Resource],
    template: bool,
    context: &Context<'_>,
) -> Method {
    let words = [
        ("merge", Kinds::Merge),
        ("strategic", Kinds::Strategic),
        ("json", Kinds::Json),
    ];
    let kind = documents.word(reader, "type", &words);
    let operations = documents.get("operations");
    match (kind, operations) {
        (Some(Kinds::Json), Some(node)) => {
            let place = documents.place().with_span(node.span);
            if template {
                let names = context.names;
                names.check_template(node, &place, &mut reader.problems);
            }
            check_operations(reader, documents);
            resources
                .iter()
                .for_each(|resource| only_names(reader, resource));
            Method::Json(Operations {
                node: node.clone(),
                template,
                place,
            })
        }
        (Some(Kinds::Json), None) => {
            documents.required(reader, "operations");
            Method::Merge
        }
        (kind, Some(_)) => {
            let message = "operations belong to patches of type json";
            let place = place_of(documents, "operations");
            let problem = Diagnostic::error("suite::patch", message, place);
            reader.problem(problem.with_help("add type: json"));
            merging(kind)
        }
        (kind, None) => merging(kind),
    }
}

fn merging(kind: Option<Kinds>) -> Method {
    match kind {
        Some(Kinds::Strategic) => Method::Strategic,
        _ => Method::Merge,
    }
}

/// The document of a JSON patch says which object is patched, and nothing that would not be done.
fn only_names(reader: &mut Reader<'_>, resource: &Resource) {
    let entries = resource.node.entries().unwrap_or_default();
    let metadata = resource.node.get("metadata").and_then(Node::entries);
    let others = entries
        .iter()
        .filter(|entry| !NAMING.contains(&entry.key.text.as_str()))
        .chain(
            metadata
                .unwrap_or_default()
                .iter()
                .filter(|entry| !matches!(entry.key.text.as_str(), "name" | "namespace")),
        );
    for entry in others {
        let message = format!(
            "{} is not written: a JSON patch does what its operations say",
            entry.key.text
        );
        let place = resource.place.with_span(entry.key.span);
        let problem = Diagnostic::error("suite::patch", message, place);
        reader
            .problem(problem.with_help("keep apiVersion, kind, and metadata's name and namespace"));
    }
}

fn check_operations(reader: &mut Reader<'_>, documents: &Fields<'_>) {
    let items = documents.list(reader, "operations");
    if items.is_empty()
        && documents
            .get("operations")
            .is_some_and(|node| node.items().is_some())
    {
        let place = place_of(documents, "operations");
        let problem = Diagnostic::error("suite::patch", "there is no operation here", place);
        reader.problem(problem.with_help("add one, such as {op: remove, path: /spec/size}"));
    }
    for item in items {
        check_operation(reader, item, documents);
    }
}

fn check_operation(reader: &mut Reader<'_>, node: &Node, documents: &Fields<'_>) {
    let known = ["op", "path", "from", "value"];
    let Some(fields) = Fields::of(reader, node, documents.place(), "an operation", &known) else {
        return;
    };
    fields.required(reader, "op");
    fields.required(reader, "path");
    let Some(needed) = fields.word(reader, "op", &OPERATIONS) else {
        return;
    };
    if !needed.is_empty() {
        fields.required(reader, needed);
    }
    for field in ["path", "from"] {
        let text = fields.string(reader, field).unwrap_or_default();
        if !text.is_empty() && !text.starts_with(['/', '(']) {
            let message = format!("\"{text}\" is no JSON pointer");
            let problem = Diagnostic::error("suite::patch", message, place_of(&fields, field));
            reader.problem(
                problem.with_help("write it as /spec/size; in a name, / is ~1 and ~ is ~0"),
            );
        }
    }
}

/// `warnings`: texts that the API server's warnings must contain.
fn warnings(
    reader: &mut Reader<'_>,
    beside: &Fields<'_>,
    context: &Context<'_>,
) -> Option<Warnings> {
    let node = beside.get("warnings")?;
    let place = beside.place().with_span(node.span);
    let texts = beside.list(reader, "warnings").to_vec();
    for text in &texts {
        if !matches!(&text.kind, Kind::String(text) if !text.is_empty()) {
            reader.problem(wrong_type(
                text,
                &place,
                "a warning",
                "a text that is not empty",
            ));
        }
        let names = context.names;
        names.check_template(text, &place, &mut reader.problems);
    }
    Some(Warnings { texts, place })
}
