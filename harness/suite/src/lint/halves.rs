//! Texts that look like an expression and are none, and words that become booleans.
//!
//! In a flow mapping, a comma ends a plain text: `{name: (join('-', $a))}` is the text `(join('-'` and one more key. A
//! text of several lines is never an expression, as in Chainsaw. Plain `n`, `y`, `off` and `on` are booleans, as in kubectl.

use crosscut_yaml::{Kind, Node, Span};

use crosscut_expr::Expression;

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
        Kind::Bool(_) => check_word(node.span, false, place, warnings),
        Kind::Sequence(items) => items.iter().for_each(|item| visit(item, place, warnings)),
        Kind::Mapping(entries) => {
            for entry in entries {
                check(&entry.key.text, entry.key.span, place, warnings);
                check_word(entry.key.span, true, place, warnings);
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
    if text.contains('\n') {
        if is_expression_of_lines(text) {
            let message = "this looks like an expression, but is text: it has several lines";
            let help = "write it on one line; in a block, `>-` joins lines, and `|` does not";
            let place = place.with_span(span);
            let warning = Diagnostic::warning("lint::several_lines", message, place);
            warnings.push(warning.with_help(help));
        }
        return;
    }
    if !text.starts_with('(') || text.ends_with(')') {
        return;
    }
    let message = "this begins like an expression, but is text: it does not end with a parenthesis";
    warnings.push(
        Diagnostic::warning("lint::half_expression", message, place.with_span(span)).with_help(
            "in a flow mapping, an expression with a comma or brackets goes into quotes",
        ),
    );
}

/// Returns true for a text that would be an expression if it stood on one line. Prose in parentheses is none: either it
/// does not parse, or it has nothing that only expressions have.
fn is_expression_of_lines(text: &str) -> bool {
    let inner = text.trim().strip_prefix('(');
    let Some(inner) = inner.and_then(|inner| inner.strip_suffix(')')) else {
        return false;
    };
    let means_something = ["==", "&&", "||", "!=", "[", "(", "$", "`", "@"]
        .iter()
        .any(|sign| inner.contains(sign));
    means_something && Expression::parse(inner).is_ok()
}

/// Warns of a plain word that YAML 1.1 takes for a boolean and many people for text. `yes` and `no` as values are left:
/// who writes them means a boolean.
fn check_word(span: Span, is_key: bool, place: &Place, warnings: &mut Vec<Diagnostic>) {
    let text = &place.source.text;
    let Some(word) = text.get(span.start..span.end) else {
        return;
    };
    let boolean = match word {
        "y" | "Y" | "on" | "On" | "ON" => true,
        "n" | "N" | "off" | "Off" | "OFF" => false,
        "yes" | "Yes" | "YES" if is_key => true,
        "no" | "No" | "NO" if is_key => false,
        _ => return,
    };
    let what = if is_key { "the key" } else { "the value" };
    let message = format!("{what} {word} is the boolean {boolean} in YAML");
    let warning = Diagnostic::warning("lint::plain_boolean", message, place.with_span(span));
    warnings.push(warning.with_help(format!("for the text, write \"{word}\"")));
}
