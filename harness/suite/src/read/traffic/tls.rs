//! `tls`: how a request or a call does TLS.

use crosscut_yaml::{Kind, Node};

use super::body::file;
use super::{check, text};
use crate::diagnostic::Diagnostic;
use crate::model::{Pem, Place, Tls};
use crate::read::Reader;
use crate::read::expectation::Context;
use crate::read::fields::{Fields, wrong_type};

/// Reads `tls`, where it is there.
pub(super) fn tls(
    reader: &mut Reader<'_>,
    call: &Fields<'_>,
    context: &Context<'_>,
) -> Option<Tls> {
    let node = call.get("tls")?;
    let known = ["ca", "verify", "certificate", "key", "serverName"];
    let fields = Fields::of(reader, node, call.place(), "tls", &known)?;
    let verify = fields.boolean(reader, "verify").unwrap_or(true);
    let ca = pem(reader, &fields, "ca", context);
    let server_name = text(reader, &fields, "serverName", context.names);
    if !verify && (fields.get("ca").is_some() || fields.get("serverName").is_some()) {
        let message = "verify: false stands beside what is to be verified";
        let problem = Diagnostic::error("suite::tls", message, fields.place().clone());
        reader.problem(problem.with_help("remove verify: false, or ca and serverName"));
    }
    Some(Tls {
        ca,
        verify,
        identity: identity(reader, &fields, context),
        server_name,
    })
}

fn identity(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    context: &Context<'_>,
) -> Option<(Pem, Pem)> {
    let certificate = pem(reader, fields, "certificate", context);
    let key = pem(reader, fields, "key", context);
    if fields.get("certificate").is_some() != fields.get("key").is_some() {
        let message = "certificate and key belong together";
        let problem = Diagnostic::error("suite::tls", message, fields.place().clone());
        reader.problem(problem.with_help("give both, or none of them"));
    }
    Some((certificate?, key?))
}

/// PEM as a text, which is mostly an expression, or in a file.
fn pem(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    field: &'static str,
    context: &Context<'_>,
) -> Option<Pem> {
    let node = fields.get(field)?;
    if let Kind::String(_) = node.kind {
        check(reader, node, fields.place(), context.names);
        return Some(Pem::Text(node.clone()));
    }
    if node.entries().is_none() {
        let expected = "PEM text, or {file: path}";
        reader.problem(wrong_type(node, fields.place(), field, expected));
        return None;
    }
    in_file(reader, node, fields.place(), context)
}

fn in_file(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    context: &Context<'_>,
) -> Option<Pem> {
    let fields = Fields::of(reader, node, place, "a PEM file", &["file"])?;
    let named = fields.required(reader, "file")?;
    let bytes = file(reader, named, fields.place(), context.folder)?;
    Some(Pem::File(String::from_utf8_lossy(&bytes).into_owned()))
}
