//! `request`: HTTP.

use crosscut_messages::{Protocol, http_url, with_path};
use crosscut_yaml::Node;
use http::{Method, Uri};
use serde_json::Value;

use super::body::body;
use super::common::{self, common};
use super::{check, constant, headers, naming, nothing_beside, text, with_names};
use crate::diagnostic::Diagnostic;
use crate::model::Request;
use crate::read::Reader;
use crate::read::expectation::Context;
use crate::read::fields::Fields;

const FIELDS: [&str; 6] = ["method", "url", "path", "headers", "body", "protocol"];

/// Reads a request; `action` is the mapping around it.
pub(in crate::read) fn request(
    reader: &mut Reader<'_>,
    node: &Node,
    action: &Fields<'_>,
    context: &Context<'_>,
) -> Option<Box<Request>> {
    nothing_beside(reader, "request", action);
    let known: Vec<&str> = FIELDS.into_iter().chain(common::FIELDS).collect();
    let fields = Fields::of(reader, node, action.place(), "request", &known)?;
    let names = naming(context.names, &["index"]);
    // TLS and what is expected of all calls together are not of one call.
    let common = common(reader, &fields, context);
    let context = with_names(context, &names);
    let protocols = [("h1", Protocol::Http1), ("h2", Protocol::Http2)];
    let protocol = fields.word(reader, "protocol", &protocols);
    let method = text(reader, &fields, "method", &names);
    let path = text(reader, &fields, "path", &names);
    let headers = headers(reader, &fields, "headers", &names);
    let body = body(reader, &fields, &context);
    let url = fields.required(reader, "url")?;
    check(reader, url, fields.place(), &names);
    check_method(reader, &fields);
    check_url(reader, &fields, url);
    Some(Box::new(Request {
        method,
        url: url.clone(),
        path,
        headers,
        body: body?,
        protocol: protocol.unwrap_or_default(),
        common: common?,
    }))
}

fn check_method(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    let Some(node) = fields.get("method") else {
        return;
    };
    let known = |text: &str| {
        // Methods are case-sensitive, and all that are in use are in capitals.
        Method::from_bytes(text.as_bytes()).is_ok() && text.to_ascii_uppercase() == text
    };
    if let Some(Value::String(text)) = constant(node).filter(Value::is_string)
        && !known(&text)
    {
        let message = format!("\"{text}\" is no method");
        let place = fields.place().with_span(node.span);
        let problem = Diagnostic::error("suite::method", message, place);
        reader.problem(problem.with_help("methods are in capitals, such as GET, POST or DELETE"));
    }
}

/// The URL, and the path in it, where they are known.
fn check_url(reader: &mut Reader<'_>, fields: &Fields<'_>, url: &Node) {
    let base = Uri::from_static("http://localhost/");
    let path = fields.get("path");
    let known = |node: &Node| constant(node).and_then(|text| text.as_str().map(str::to_owned));
    let wrong_url = known(url).map(|text| (url, http_url(&text)));
    let wrong_path = path.and_then(|node| Some((node, with_path(&base, &known(node)?))));
    for (node, result) in wrong_url.into_iter().chain(wrong_path) {
        if let Err(error) = result {
            let place = fields.place().with_span(node.span);
            let problem = Diagnostic::error("suite::url", error.to_string(), place).with_help(
                "write http://host:port/path, or an expression such as ($upstreams.NAME.url) and path: /path",
            );
            reader.problem(problem);
        }
    }
    if constant(url).is_some_and(|value| !value.is_string() && !value.is_null()) {
        let place = fields.place();
        reader.problem(super::wrong_type(url, place, "url", "a string"));
    }
}
