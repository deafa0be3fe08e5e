//! What every document begins with: apiVersion, kind, metadata.name.

use crosscut_yaml::Node;

use super::fields::Fields;
use super::{Reader, foreign};
use crate::API_VERSION;
use crate::diagnostic::Diagnostic;
use crate::model::Place;
use crate::nearest::suggestion;

const KINDS: [&str; 3] = ["Suite", "Provider", "Scenario"];

/// A document's name and its spec.
pub(crate) struct Header<'n> {
    pub(crate) name: String,
    pub(crate) spec: Option<&'n Node>,
    pub(crate) place: Place,
}

/// Reads the header of a document that must be of `kind`.
pub(crate) fn header<'n>(
    reader: &mut Reader<'_>,
    node: &'n Node,
    place: &Place,
    kind: &'static str,
) -> Option<Header<'n>> {
    let what = match kind {
        "Suite" => "the suite",
        "Provider" => "the provider",
        _ => "the scenario",
    };
    let fields = Fields::of(
        reader,
        node,
        place,
        what,
        &["apiVersion", "kind", "metadata", "spec"],
    )?;
    check_word(reader, &fields, "apiVersion", API_VERSION, &[API_VERSION]);
    let is_kind = check_word(reader, &fields, "kind", kind, &KINDS);
    let metadata = fields.required(reader, "metadata")?;
    let known = ["name", "labels", "annotations"];
    let metadata = Fields::of(reader, metadata, fields.place(), "metadata", &known)?;
    let name = metadata.required_string(reader, "name")?;
    check_name(reader, &name, &metadata);
    is_kind.then(|| Header {
        name,
        spec: fields.get("spec"),
        place: fields.place().clone(),
    })
}

fn check_word(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    field: &'static str,
    expected: &str,
    known: &[&str],
) -> bool {
    let Some(found) = fields.required_string(reader, field) else {
        return false;
    };
    if found == expected {
        return true;
    }
    let span = fields
        .get(field)
        .map_or(fields.place().span, |node| node.span);
    let message = format!("{field} must be {expected} here, not {found}");
    let help = match foreign::document(&found, expected) {
        Some(help) => help,
        None if known.contains(&found.as_str()) => format!("this file must hold a {expected}"),
        None => suggestion(&found, known.iter().copied()),
    };
    let problem = Diagnostic::error(
        "suite::unknown_kind",
        message,
        fields.place().with_span(span),
    );
    reader.problem(problem.with_help(help));
    false
}

/// Names appear in reports, on command lines and in file names, so they are plain words.
fn check_name(reader: &mut Reader<'_>, name: &str, metadata: &Fields<'_>) {
    let plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' || letter == '.'
    };
    if name.chars().all(plain) {
        return;
    }
    let span = metadata
        .get("name")
        .map_or(metadata.place().span, |node| node.span);
    let message = format!("\"{name}\" is no name");
    let problem = Diagnostic::error("suite::name", message, metadata.place().with_span(span))
        .with_help("use lower-case letters, digits, - and .");
    reader.problem(problem);
}
