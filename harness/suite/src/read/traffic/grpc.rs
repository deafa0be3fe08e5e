//! `grpc`: calls of methods that a file describes.

use std::cell::RefCell;

use camino::Utf8Path;
use crosscut_messages::{Method, Schema, SchemaError, grpc_origin};
use crosscut_yaml::Node;

use super::body::file;
use super::common::{self, common};
use super::{check, constant, headers, naming, nothing_beside, with_names};
use crate::diagnostic::Diagnostic;
use crate::model::{Grpc, Place};
use crate::nearest::suggestion;
use crate::read::Reader;
use crate::read::expectation::Context;
use crate::read::fields::{Fields, wrong_type};
use crate::read::normalized;

const FIELDS: [&str; 7] = [
    "address", "proto", "method", "metadata", "message", "messages", "take",
];
/// The most answers after which a call can be left.
const MOST: usize = 1_000_000;

/// Reads a call; `action` is the mapping around it.
pub(in crate::read) fn grpc(
    reader: &mut Reader<'_>,
    node: &Node,
    action: &Fields<'_>,
    context: &Context<'_>,
) -> Option<Box<Grpc>> {
    nothing_beside(reader, "grpc", action);
    let known: Vec<&str> = FIELDS.into_iter().chain(common::FIELDS).collect();
    let fields = Fields::of(reader, node, action.place(), "grpc", &known)?;
    let names = naming(context.names, &["index"]);
    // TLS and what is expected of all calls together are not of one call.
    let common = common(reader, &fields, context);
    let context = with_names(context, &names);
    let metadata = headers(reader, &fields, "metadata", &names);
    let take = fields.number(reader, "take", 1..=MOST);
    let address = fields.required(reader, "address");
    if let Some(address) = address {
        check(reader, address, fields.place(), &names);
    }
    check_address(reader, &fields);
    let method = method(reader, &fields, context.folder);
    let messages = messages(reader, &fields, method.as_ref(), &context);
    Some(Box::new(Grpc {
        address: address?.clone(),
        method: method?,
        metadata,
        messages,
        take,
        common: common?,
    }))
}

fn check_address(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    let Some(node) = fields.get("address") else {
        return;
    };
    let known = constant(node).and_then(|text| text.as_str().map(str::to_owned));
    let wrong = match (node.as_str(), known) {
        (None, _) => Some(wrong_type(node, fields.place(), "address", "a string")),
        (_, None) => None,
        (_, Some(text)) => grpc_origin(&text, false).err().map(|error| {
            let place = fields.place().with_span(node.span);
            Diagnostic::error("suite::url", error.to_string(), place)
                .with_help("write host:port, or an expression that gives it")
        }),
    };
    if let Some(problem) = wrong {
        reader.problem(problem);
    }
}

/// The method, described by `proto`, or by what is built in.
fn method(reader: &mut Reader<'_>, fields: &Fields<'_>, folder: &Utf8Path) -> Option<Method> {
    let schema = match fields.get("proto") {
        Some(node) => described(reader, node, fields.place(), folder),
        None => built_in(reader, fields),
    };
    let path = fields.required_string(reader, "method")?;
    let place = fields.place().with_span(fields.get("method")?.span);
    match schema?.method(&path) {
        Ok(method) => Some(method),
        Err(error) => {
            let help = method_help(&error, &path, fields.get("proto").is_none());
            let problem = Diagnostic::error("suite::grpc_method", error.to_string(), place);
            reader.problem(problem.with_help(help));
            None
        }
    }
}

/// Returns the services that need no file.
fn built_in(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Schema> {
    let schema = Schema::health();
    if let Err(error) = &schema {
        let problem = Diagnostic::error("suite::grpc", error.to_string(), fields.place().clone());
        reader.problem(problem.with_help(schema_help(error)));
    }
    schema.ok()
}

/// Returns the advice on services that cannot be described.
fn schema_help(error: &SchemaError) -> &'static str {
    match error {
        SchemaError::LeftOut => "build crosscut with the cargo feature grpc; it is on by default",
        _ => "it is a .proto file, whose imports are relative to its folder, or a descriptor set",
    }
}

fn method_help(error: &SchemaError, path: &str, built_in: bool) -> String {
    match error {
        SchemaError::UnknownService { .. } if built_in => {
            "name the file that describes it in proto; without one, only grpc.health.v1.Health is known"
                .to_owned()
        }
        SchemaError::UnknownService { known, .. } if known.is_empty() => {
            "the file in proto describes no service".to_owned()
        }
        SchemaError::UnknownService { service, known } => {
            suggestion(service, known.iter().map(String::as_str))
        }
        SchemaError::UnknownMethod { method, known, .. } => {
            suggestion(method, known.iter().map(String::as_str))
        }
        _ => format!("write package.Service/Method, not {path}"),
    }
}

/// The services of a `.proto` file, or of any other file as a descriptor set.
fn described(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Option<Schema> {
    let bytes = file(reader, node, place, folder)?;
    let path = normalized(&folder.join(node.as_str()?));
    let schema = match (path.extension(), path.parent(), path.file_name()) {
        (Some("proto"), Some(folder), Some(name)) => {
            let files = reader.files();
            let imported = RefCell::new(Vec::new());
            let schema = Schema::compile(name, &|name| {
                let file = normalized(&folder.join(name));
                let text = files.read(&file).ok();
                imported.borrow_mut().push(file);
                text
            });
            reader.used.extend(imported.into_inner());
            schema
        }
        _ => Schema::from_descriptor_set(&bytes),
    };
    match schema {
        Ok(schema) => Some(schema),
        Err(error) => {
            let message = format!("{} describes no services: {error}", reader.shown(&path));
            let problem = Diagnostic::error("suite::proto", message, place.with_span(node.span));
            reader.problem(problem.with_help(schema_help(&error)));
            None
        }
    }
}

/// `message` or `messages`; those without expressions are checked against the method's type.
fn messages(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    method: Option<&Method>,
    context: &Context<'_>,
) -> Vec<Node> {
    if fields.get("message").is_some() && fields.get("messages").is_some() {
        let message = "message and messages stand here together";
        let problem = Diagnostic::error("suite::messages", message, fields.place().clone());
        reader.problem(problem.with_help("give one of them"));
    }
    let messages: Vec<Node> = match fields.get("message") {
        Some(node) => vec![node.clone()],
        None => fields.list(reader, "messages").to_vec(),
    };
    for node in &messages {
        check(reader, node, fields.place(), context.names);
        check_message(reader, node, fields.place(), method);
    }
    if let Some(method) = method
        && !method.takes_many()
        && messages.len() != 1
        && !fields.has_unknown()
    {
        let message = format!("the method takes one message, not {}", messages.len());
        let problem = Diagnostic::error("suite::messages", message, fields.place().clone());
        reader.problem(problem.with_help("write message: {} for an empty one"));
    }
    messages
}

fn check_message(reader: &mut Reader<'_>, node: &Node, place: &Place, method: Option<&Method>) {
    let wrong = method
        .zip(constant(node))
        .and_then(|(method, value)| method.message(&value).err());
    if let Some(error) = wrong {
        let place = place.with_span(node.span);
        let problem = Diagnostic::error("suite::message", error.to_string(), place).with_help(
            "messages are JSON as protobuf maps it: bytes are base64, names as in the file or in camel case",
        );
        reader.problem(problem);
    }
}
