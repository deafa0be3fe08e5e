//! Texts that look like an expression of which the end got lost.
//!
//! In a flow mapping, a comma ends a plain text: `{name: (join('-', $a))}` is the text `(join('-'` and one more key.

use crosscut_yaml::{Kind, Node, Span};

use super::kinds::for_each_document;
use crate::diagnostic::Diagnostic;
use crate::model::{Place, Suite};

/// A warning for every text of scenarios' documents that begins with a parenthesis and does not end with one.
pub(super) fn unclosed(suite: &Suite) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for_each_document(suite, &mut |node, place| visit(node, place, &mut warnings));
    warnings
}

fn visit(node: &Node, place: &Place, warnings: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::String(text) => check(text, node.span, place, warnings),
        Kind::Sequence(items) => items.iter().for_each(|item| visit(item, place, warnings)),
        Kind::Mapping(entries) => {
            for entry in entries {
                check(&entry.key.text, entry.key.span, place, warnings);
                visit(&entry.value, place, warnings);
            }
        }
        _ => {}
    }
}

fn check(text: &str, span: Span, place: &Place, warnings: &mut Vec<Diagnostic>) {
    // What follows a key's expression, `->name`, is no part of it.
    let text = text
        .rsplit_once("->")
        .map_or(text, |(before, _)| before.trim_end());
    if !text.starts_with('(') || text.ends_with(')') || text.contains('\n') {
        return;
    }
    let message = "this begins like an expression, but is text: it does not end with a parenthesis";
    warnings.push(
        Diagnostic::warning("lint::half_expression", message, place.with_span(span)).with_help(
            "in a flow mapping, an expression with a comma or brackets goes into quotes",
        ),
    );
}
