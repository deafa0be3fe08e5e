//! Upstreams, requests and gRPC calls. What can be known to be wrong before a run is reported here: files that are
//! missing, services that nothing describes, URLs, headers and messages that hold no expression.

mod body;
mod common;
mod grpc;
mod request;
mod tls;
mod upstreams;

pub(super) use grpc::grpc;
pub(super) use request::request;
pub(super) use upstreams::upstreams;

use crosscut_assertion::template;
use crosscut_expr::Scope;
use crosscut_messages::add_header;
use crosscut_yaml::Node;
use http::HeaderMap;
use serde_json::Value;

use super::Reader;
use super::expectation::Context;
use super::fields::{Fields, wrong_type};
use crate::diagnostic::Diagnostic;
use crate::model::Place;
use crate::variables::Names;

/// Checks the names that a template uses.
fn check(reader: &mut Reader<'_>, node: &Node, place: &Place, names: &Names) {
    names.check_template(node, place, &mut reader.problems);
}

/// The value of a template that needs no names.
fn constant(node: &Node) -> Option<Value> {
    template(node, &Scope::new()).ok()
}

/// A text that may be missing, as a template.
fn text(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    field: &'static str,
    names: &Names,
) -> Option<Node> {
    let node = fields.get(field)?;
    if node.as_str().is_none() {
        reader.problem(wrong_type(node, fields.place(), field, "a string"));
        return None;
    }
    check(reader, node, fields.place(), names);
    Some(node.clone())
}

/// Names with a text or a list of texts each.
fn headers(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    field: &'static str,
    names: &Names,
) -> Option<Node> {
    let node = fields.get(field)?;
    let Some(entries) = node.entries() else {
        reader.problem(wrong_type(node, fields.place(), field, "a mapping"));
        return None;
    };
    check(reader, node, fields.place(), names);
    for entry in entries {
        // What an expression gives is known in the run; the name is known now.
        let value = constant(&entry.value).unwrap_or_else(|| Value::Array(Vec::new()));
        if let Err(error) = add_header(&mut HeaderMap::new(), &entry.key.text, &value) {
            let place = fields.place().with_span(entry.key.span);
            let problem = Diagnostic::error("suite::header", error.to_string(), place)
                .with_help("write name: \"text\", or a list of texts for several of one name");
            reader.problem(problem);
        }
    }
    Some(node.clone())
}

/// What may stand beside other actions means nothing here.
fn nothing_beside(reader: &mut Reader<'_>, verb: &str, action: &Fields<'_>) {
    for field in ["on", "validation", "subresource"] {
        if let Some(node) = action.get(field) {
            let message = format!("{verb} has no {field}");
            let place = action.place().with_span(node.span);
            let problem = Diagnostic::error("suite::beside", message, place).with_help(format!(
                "remove it: a {verb} goes where its address leads, not to a cluster"
            ));
            reader.problem(problem);
        }
    }
}

/// The context with more names bound.
fn with_names<'a>(context: &Context<'a>, names: &'a Names) -> Context<'a> {
    Context {
        folder: context.folder,
        names,
    }
}

/// The names of a context and these.
fn naming(names: &Names, more: &[&str]) -> Names {
    let mut names = names.clone();
    more.iter().for_each(|name| names.bind(name));
    names
}
