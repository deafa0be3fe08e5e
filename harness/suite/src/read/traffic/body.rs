//! The body of a request: text, JSON, of a size, or from a file.

use camino::Utf8Path;
use crosscut_yaml::{Kind, Node};

use super::check;
use crate::diagnostic::Diagnostic;
use crate::model::{Body, Place};
use crate::read::Reader;
use crate::read::expectation::Context;
use crate::read::fields::{Fields, string, wrong_type};
use crate::read::normalized;
use crate::read::resources::missing;

/// The largest body that is made up.
const LARGEST: usize = 64 << 20;

/// Reads a body; `None` if it is wrong, which is reported.
pub(super) fn body(
    reader: &mut Reader<'_>,
    request: &Fields<'_>,
    context: &Context<'_>,
) -> Option<Body> {
    let Some(node) = request.get("body") else {
        return Some(Body::None);
    };
    if matches!(node.kind, Kind::String(_)) {
        check(reader, node, request.place(), context.names);
        return Some(Body::Text(node.clone()));
    }
    let known = ["text", "json", "size", "file"];
    if node.entries().is_none() {
        let expected = "a string, or a mapping with text, json, size or file";
        reader.problem(wrong_type(node, request.place(), "body", expected));
        return None;
    }
    let fields = Fields::of(reader, node, request.place(), "a body", &known)?;
    let size = fields.number(reader, "size", 0..=LARGEST);
    let given: Vec<&str> = known
        .into_iter()
        .filter(|field| fields.get(field).is_some())
        .collect();
    match given[..] {
        ["text"] => {
            let text = super::text(reader, &fields, "text", context.names)?;
            Some(Body::Text(text))
        }
        ["json"] | ["json", "size"] => {
            let json = fields.get("json")?;
            check(reader, json, fields.place(), context.names);
            Some(Body::Json(json.clone(), size))
        }
        ["size"] => Some(Body::Size(size?)),
        ["file"] => {
            let bytes = file(reader, fields.get("file")?, fields.place(), context.folder)?;
            Some(Body::File(bytes.into()))
        }
        _ => {
            let message = match given[..] {
                [] => "there is no text, json, size or file here".to_owned(),
                _ => format!("{} stand here together", given.join(" and ")),
            };
            let problem = Diagnostic::error("suite::body", message, fields.place().clone());
            reader.problem(problem.with_help("give exactly one; size may stand beside json"));
            None
        }
    }
}

/// Returns what a file holds that a document names.
pub(super) fn file(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Option<Vec<u8>> {
    let path = string(reader, node, place, "file")?;
    let place = place.with_span(node.span);
    let file = normalized(&folder.join(&path));
    if !reader.files().is_file(&file) {
        reader.problem(missing(reader, &path, &place, folder));
        return None;
    }
    reader.used.insert(file.clone());
    match reader.files().bytes(&file) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let message = format!("{} cannot be read: {error}", reader.shown(&file));
            let problem = Diagnostic::error("suite::unreadable", message, place);
            reader.problem(problem.with_help("it must be a regular file of at most 16 MiB"));
            None
        }
    }
}
