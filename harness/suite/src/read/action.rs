//! One action of a step.

use camino::Utf8Path;
use crosscut_yaml::{Entry, Key, Kind, Node};

use super::bindings::bindings;
use super::count::count;
use super::expectation::{Context, expectation, reference_node};
use super::fields::{Fields, duration, place_of, wrong_type};
use super::resources::{self, resources};
use super::table::table;
use super::{Reader, programs, traffic, written};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Action, ActionKind, Binding, EventJudgement, Expectation, Place, Propagation, Reference,
    Refusal, Resource, Served, Side,
};
use crate::variables::Names;

const VERBS: [&str; 13] = [
    "apply", "patch", "delete", "expect", "absent", "count", "table", "reject", "events", "sleep",
    "program", "request", "grpc",
];
const WRITES: [&str; 3] = ["apply", "patch", "delete"];
/// What may stand beside the verb.
const BESIDE: [&str; 10] = [
    "on",
    "bindings",
    "validation",
    "subresource",
    "template",
    "warnings",
    "outputs",
    "within",
    "served",
    "notMine",
];

/// Reads an action: a mapping with exactly one verb, and what may stand beside it.
pub(super) fn action(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
    names: &Names,
) -> Option<Action> {
    let known: Vec<&str> = VERBS.into_iter().chain(BESIDE).collect();
    let fields = Fields::of(reader, node, place, "an action", &known)?;
    let mut names = names.clone();
    let bindings = bindings(reader, &fields, "bindings", &mut names);
    let sides = [("control", Side::Control), ("target", Side::Target)];
    let side = fields.word(reader, "on", &sides).unwrap_or_default();
    let verb = one_verb(reader, &fields, &VERBS)?;
    let context = Context {
        folder,
        names: &names,
    };
    written::only_beside_writes(reader, verb, &fields);
    let kind = read_verb(reader, verb, &fields, &context)?;
    let outputs = outputs(reader, &fields, &kind, &mut names);
    let served = served(reader, &fields, &kind);
    let not_mine = not_mine(reader, &fields, &kind);
    Some(Action {
        kind,
        side,
        bindings,
        outputs,
        within: fields.duration(reader, "within"),
        served,
        not_mine,
        place: fields.place().clone(),
    })
}

/// Returns true if the kinds of what is absent are served.
fn served(reader: &mut Reader<'_>, fields: &Fields<'_>, kind: &ActionKind) -> Served {
    if fields.get("served").is_some() && !matches!(kind, ActionKind::Absent(_)) {
        let place = place_of(fields, "served");
        let problem = Diagnostic::error("suite::action", "served belongs to absent", place);
        reader.problem(problem.with_help("remove served"));
    }
    match fields.boolean(reader, "served") {
        Some(false) => Served::MustNot,
        Some(true) | None => Served::Must,
    }
}

/// Returns true if a write may change what the run did not make.
fn not_mine(reader: &mut Reader<'_>, fields: &Fields<'_>, kind: &ActionKind) -> bool {
    let is_write = matches!(
        kind,
        ActionKind::Apply(_)
            | ActionKind::Patch(_)
            | ActionKind::Delete { .. }
            | ActionKind::Reject { .. }
    );
    if fields.get("notMine").is_some() && !is_write {
        let message = "notMine belongs to what changes objects: apply, patch, delete and reject";
        let problem = Diagnostic::error("suite::action", message, place_of(fields, "notMine"));
        reader.problem(problem.with_help("remove notMine"));
    }
    fields.boolean(reader, "notMine").unwrap_or(false)
}

/// Returns what an expectation binds of the object that it is about, for what follows.
fn outputs(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    kind: &ActionKind,
    names: &mut Names,
) -> Vec<Binding> {
    for field in ["outputs", "within"] {
        if fields.get(field).is_some() && !matches!(kind, ActionKind::Expect(_)) {
            let message = format!("{field} belongs to expect");
            let problem = Diagnostic::error("suite::action", message, place_of(fields, field));
            reader.problem(problem.with_help(format!("remove {field}, or expect something")));
        }
    }
    let outputs = bindings(reader, fields, "outputs", names);
    if let (ActionKind::Expect(expectations), Some(_)) = (kind, fields.get("outputs"))
        && expectations.len() != 1
    {
        let message = "outputs are of one object, and this expects several things";
        let problem = Diagnostic::error("suite::action", message, place_of(fields, "outputs"));
        reader
            .problem(problem.with_help("give the document that they are of an expect of its own"));
    }
    outputs
}

fn one_verb(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    verbs: &[&'static str],
) -> Option<&'static str> {
    let given: Vec<&'static str> = verbs
        .iter()
        .copied()
        .filter(|verb| fields.get(verb).is_some())
        .collect();
    if let [verb] = given[..] {
        return Some(verb);
    }
    if given.is_empty() && fields.has_unknown() {
        return None;
    }
    let message = if given.is_empty() {
        "there is no action here".to_owned()
    } else {
        format!("{} stand here together", given.join(" and "))
    };
    let problem = Diagnostic::error("suite::action", message, fields.place().clone())
        .with_help(format!("give exactly one of {}", verbs.join(", ")));
    reader.problem(problem);
    None
}

fn read_verb(
    reader: &mut Reader<'_>,
    verb: &'static str,
    fields: &Fields<'_>,
    context: &Context<'_>,
) -> Option<ActionKind> {
    let node = fields.get(verb)?;
    match verb {
        "expect" => Some(ActionKind::Expect(expectations(
            reader,
            node,
            fields.place(),
            context,
        ))),
        "absent" => Some(ActionKind::Absent(expectations(
            reader,
            node,
            fields.place(),
            context,
        ))),
        "count" => count(reader, node, fields.place(), context),
        "table" => table(reader, node, fields.place(), context),
        "events" => events(reader, node, fields.place(), context),
        "reject" => reject(reader, node, fields.place(), context),
        "program" => programs::action(reader, node, fields.place(), context.names),
        "sleep" => duration(reader, node, fields.place(), "sleep").map(ActionKind::Sleep),
        "request" => traffic::request(reader, node, fields, context).map(ActionKind::Request),
        "grpc" => traffic::grpc(reader, node, fields, context).map(ActionKind::Grpc),
        _ => write(reader, verb, fields, context),
    }
}

/// `apply`, `patch` or `delete`; validation and subresource stand beside the verb.
fn write(
    reader: &mut Reader<'_>,
    verb: &'static str,
    fields: &Fields<'_>,
    context: &Context<'_>,
) -> Option<ActionKind> {
    let node = fields.get(verb)?;
    if verb == "delete" {
        return delete(reader, node, fields.place(), context);
    }
    let write = written::write(reader, verb, node, fields, context)?;
    Some(match verb {
        "apply" => ActionKind::Apply(write),
        _ => ActionKind::Patch(write),
    })
}

/// `delete` names objects by fields of its own, which become a template like any other.
fn delete(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    context: &Context<'_>,
) -> Option<ActionKind> {
    let known = [
        "apiVersion",
        "kind",
        "name",
        "namespace",
        "labels",
        "propagation",
    ];
    let fields = Fields::of(reader, node, place, "delete", &known)?;
    let words = [
        ("background", Propagation::Background),
        ("foreground", Propagation::Foreground),
        ("orphan", Propagation::Orphan),
    ];
    let propagation = fields.word(reader, "propagation", &words);
    fields.required(reader, "apiVersion")?;
    fields.required(reader, "kind")?;
    if fields.get("name").is_none() && fields.get("labels").is_none() {
        let problem = Diagnostic::error(
            "suite::missing_field",
            "delete has neither name nor labels",
            fields.place().clone(),
        );
        reader.problem(problem.with_help("labels: {} means every object of the kind"));
    }
    let node = reference_node(&fields, node);
    context
        .names
        .check_template(&node, fields.place(), &mut reader.problems);
    let references = vec![Reference {
        node,
        place: fields.place().clone(),
    }];
    Some(ActionKind::Delete {
        references,
        propagation,
    })
}

fn reject(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    context: &Context<'_>,
) -> Option<ActionKind> {
    let known: Vec<&str> = WRITES
        .into_iter()
        .chain([
            "code",
            "reason",
            "message",
            "validation",
            "subresource",
            "template",
        ])
        .collect();
    let fields = Fields::of(reader, node, place, "reject", &known)?;
    let verb = one_verb(reader, &fields, &WRITES)?;
    let write = Box::new(write(reader, verb, &fields, context)?);
    let refusal = Refusal {
        code: code(reader, &fields),
        reason: reason(reader, &fields),
        message: messages(reader, &fields, context),
    };
    warn_of_any_refusal(reader, &fields);
    Some(ActionKind::Reject { write, refusal })
}

/// Warns of a `reject` that any refusal satisfies, that of a misspelled field among them.
fn warn_of_any_refusal(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    let parts = ["code", "reason", "message"];
    if parts.iter().any(|part| fields.get(part).is_some()) {
        return;
    }
    let message = "any refusal will do here, for whatever reason";
    let warning = Diagnostic::warning("lint::any_refusal", message, fields.place().clone());
    reader.warnings.push(warning.with_help(
        "say what the refusal must be by code, reason or message, such as code: 422 or message: spec.size",
    ));
}

fn reason(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    let reason = fields.string(reader, "reason")?;
    if reason.is_empty() {
        says_nothing(reader, "reason", place_of(fields, "reason"));
    }
    Some(reason)
}

/// Reports a part of a refusal that every refusal has.
fn says_nothing(reader: &mut Reader<'_>, field: &str, place: Place) {
    let message = format!("the {field} is empty: every refusal has it");
    let problem = Diagnostic::error("suite::empty", message, place);
    reader.problem(problem.with_help(format!(
        "write what the {field} must be, or remove the field"
    )));
}

fn code(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<u16> {
    let node = fields.get("code")?;
    let code = match &node.kind {
        Kind::Number(number) => number.as_u64().and_then(|code| u16::try_from(code).ok()),
        _ => None,
    };
    if !code.is_some_and(|code| (400..600).contains(&code)) {
        reader.problem(wrong_type(
            node,
            fields.place(),
            "code",
            "an HTTP status of a refusal, such as 422",
        ));
    }
    code
}

/// One text or a list of texts that the message must contain.
fn messages(reader: &mut Reader<'_>, fields: &Fields<'_>, context: &Context<'_>) -> Vec<Node> {
    let Some(node) = fields.get("message") else {
        return Vec::new();
    };
    let nodes = match &node.kind {
        Kind::Sequence(items) => items.clone(),
        _ => vec![node.clone()],
    };
    if nodes.is_empty() {
        says_nothing(reader, "message", place_of(fields, "message"));
    }
    for node in &nodes {
        if node.as_str().is_some_and(|text| text.trim().is_empty()) {
            says_nothing(reader, "message", fields.place().with_span(node.span));
        }
        if node.as_str().is_none() {
            reader.problem(wrong_type(
                node,
                fields.place(),
                "message",
                "a string or a list of strings",
            ));
        }
        context
            .names
            .check_template(node, fields.place(), &mut reader.problems);
    }
    nodes
}

fn expectations(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    context: &Context<'_>,
) -> Vec<Expectation> {
    let Some(fields) = Fields::of(reader, node, place, "an assertion", &resources::FIELDS) else {
        return Vec::new();
    };
    let resources = resources(reader, &fields, context.folder);
    resources
        .into_iter()
        .filter_map(|resource| expectation(reader, &resource, context))
        .collect()
}

/// Assertions on Events: apiVersion and kind are implied, and must not say otherwise.
fn events(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    context: &Context<'_>,
) -> Option<ActionKind> {
    let known: Vec<&str> = resources::FIELDS.into_iter().chain(["absent"]).collect();
    let fields = Fields::of(reader, node, place, "events", &known)?;
    let absent = fields.boolean(reader, "absent").unwrap_or(false);
    let mut expectations = Vec::new();
    for resource in resources(reader, &fields, context.folder) {
        let resource = as_event(reader, resource);
        if let Some(expectation) = expectation(reader, &resource, context) {
            expectations.push(EventJudgement {
                expectation,
                absent,
            });
        }
    }
    Some(ActionKind::Events(expectations))
}

fn as_event(reader: &mut Reader<'_>, mut resource: Resource) -> Resource {
    let span = resource.node.span;
    for (field, implied) in [("apiVersion", "v1"), ("kind", "Event")] {
        match resource.node.get(field) {
            Some(node) if node.as_str() == Some(implied) => {}
            Some(node) => {
                let message = format!("{field} is {implied} for events");
                let place = resource.place.with_span(node.span);
                let problem = Diagnostic::error("suite::events", message, place);
                reader.problem(problem.with_help(format!("leave {field} out")));
            }
            None => {
                let value = Node {
                    kind: Kind::String(implied.to_owned()),
                    span,
                };
                let entry = Entry {
                    key: Key {
                        text: field.to_owned(),
                        span,
                    },
                    value,
                };
                if let Kind::Mapping(entries) = &mut resource.node.kind {
                    entries.insert(0, entry);
                }
            }
        }
    }
    resource
}
