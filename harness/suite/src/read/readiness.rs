//! `ready` of a program under test.

use std::time::Duration;

use camino::Utf8Path;
use crosscut_yaml::{Kind, Node};

use super::Reader;
use super::expectation::expectation;
use super::fields::place_of;
use super::fields::{Fields, wrong_type};
use crate::diagnostic::Diagnostic;
use crate::model::{Place, Readiness, Side};

const WAYS: [&str; 5] = ["tcp", "http", "grpc", "expect", "exit"];

/// When the program counts as started, and how long it may take. `side` is where its kubeconfig leads to.
pub(super) fn readiness(
    reader: &mut Reader<'_>,
    program: &Fields<'_>,
    side: Option<Side>,
    folder: &Utf8Path,
) -> (Readiness, Option<Duration>) {
    let Some(node) = program.get("ready") else {
        return (Readiness::AtOnce, None);
    };
    let known: Vec<&str> = WAYS.into_iter().chain(["on", "within"]).collect();
    let Some(fields) = Fields::of(reader, node, program.place(), "ready", &known) else {
        return (Readiness::AtOnce, None);
    };
    let within = fields.duration(reader, "within");
    let sides = [("control", Side::Control), ("target", Side::Target)];
    let side = fields.word(reader, "on", &sides).or(side);
    let ready = one(reader, &fields, side.unwrap_or_default(), folder);
    (ready.unwrap_or_default(), within)
}

fn one(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    side: Side,
    folder: &Utf8Path,
) -> Option<Readiness> {
    let given: Vec<&str> = WAYS
        .into_iter()
        .filter(|way| fields.get(way).is_some())
        .collect();
    let [way] = given[..] else {
        if !fields.has_unknown() {
            let message = if given.is_empty() {
                "nothing says when the program is ready".to_owned()
            } else {
                format!("{} stand here together", given.join(" and "))
            };
            let problem = Diagnostic::error("suite::ready", message, fields.place().clone());
            let help = "give exactly one of tcp, http, grpc, expect and exit; without ready, it is at once";
            reader.problem(problem.with_help(help));
        }
        return None;
    };
    let node = fields.get(way)?;
    match way {
        "tcp" => port(reader, node, fields.place()).map(Readiness::Tcp),
        "http" => http(reader, node, fields.place()),
        "grpc" => grpc(reader, node, fields.place()),
        "exit" => exit(reader, node, fields.place()),
        _ => Some(Readiness::Expect {
            expectations: expectation(reader, node, fields.place(), folder),
            side,
        }),
    }
}

fn http(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<Readiness> {
    let fields = Fields::of(reader, node, place, "http", &["port", "path"])?;
    let path = text_or(reader, &fields, "path", "/");
    let written = path.as_str().unwrap_or_default();
    if !written.starts_with(['/', '(']) {
        let message = format!("\"{written}\" is no path of a URL");
        let problem = Diagnostic::error("suite::ready", message, place_of(&fields, "path"));
        reader.problem(problem.with_help("begin it with /, for example /readyz"));
    }
    let port = fields.required(reader, "port")?;
    let port = port_of(reader, port, &fields)?;
    Some(Readiness::Http { port, path })
}

fn grpc(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<Readiness> {
    let fields = Fields::of(reader, node, place, "grpc", &["port", "service"])?;
    let service = text_or(reader, &fields, "service", "");
    let port = fields.required(reader, "port")?;
    let port = port_of(reader, port, &fields)?;
    Some(Readiness::Grpc { port, service })
}

fn text_or(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    field: &'static str,
    default: &str,
) -> Node {
    let default = Node {
        kind: Kind::String(default.to_owned()),
        span: fields.place().span,
    };
    match fields.string(reader, field) {
        Some(_) => fields.get(field).cloned().unwrap_or(default),
        None => default,
    }
}

fn exit(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<Readiness> {
    let status = match &node.kind {
        Kind::Number(number) => number.as_u64().and_then(|status| u8::try_from(status).ok()),
        _ => None,
    };
    if status.is_none() {
        let expected = "an exit status from 0 to 255";
        reader.problem(wrong_type(node, place, "exit", expected));
    }
    status.map(|status| Readiness::Exit(i32::from(status)))
}

fn port_of(reader: &mut Reader<'_>, node: &Node, fields: &Fields<'_>) -> Option<Node> {
    port(reader, node, fields.place())
}

/// A number, or an expression that gives one.
fn port(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<Node> {
    let is_one = match &node.kind {
        Kind::Number(number) => number
            .as_u64()
            .is_some_and(|port| (1..=u64::from(u16::MAX)).contains(&port)),
        Kind::String(text) => text.starts_with('(') && text.ends_with(')'),
        _ => false,
    };
    if is_one {
        return Some(node.clone());
    }
    let problem = Diagnostic::error(
        "suite::ready",
        "this is no port",
        place.with_span(node.span),
    );
    reader.problem(problem.with_help(
        "write a number from 1 to 65535, or ($ports.NAME) with the name among the ports",
    ));
    None
}
