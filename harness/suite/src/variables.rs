//! Which `$names` documents use, and whether something binds them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crosscut_expr::Expression;
use crosscut_yaml::{Kind, Node, Span};

use crate::diagnostic::Diagnostic;
use crate::model::Place;
use crate::nearest::suggestion;

/// What every expression of a trial can see.
const ALWAYS: [&str; 4] = ["namespace", "provider", "scenario", "values"];

/// The names that are bound at some point of a scenario, and which of them were used.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    known: BTreeSet<String>,
    /// Shared by the steps and actions of a scenario.
    used: Rc<RefCell<BTreeSet<String>>>,
}

impl Names {
    pub(crate) fn new() -> Names {
        Names {
            known: ALWAYS.iter().map(|name| (*name).to_owned()).collect(),
            used: Rc::default(),
        }
    }

    /// Whether an expression anywhere in the scenario used the name.
    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    pub(crate) fn bind(&mut self, name: &str) {
        self.known.insert(name.to_owned());
    }

    /// Reports the names that nothing binds.
    pub(crate) fn check(
        &self,
        used: impl IntoIterator<Item = (String, Span)>,
        place: &Place,
        problems: &mut Vec<Diagnostic>,
    ) {
        for (name, span) in used {
            self.used.borrow_mut().insert(name.clone());
            if !self.known.contains(&name) {
                let message = format!("nothing binds ${name}");
                let problem =
                    Diagnostic::error("suite::unknown_binding", message, place.with_span(span))
                        .with_help(suggestion(&name, self.known.iter().map(String::as_str)))
                        .with_label("used here");
                problems.push(problem);
            }
        }
    }
}

/// The variables of a template: those of every string that is wholly an `(expression)`. Expressions
/// that do not parse are reported, with the position inside the expression.
pub(crate) fn of_template(
    node: &Node,
    place: &Place,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    visit(node, place, &mut found, problems);
    found
}

fn visit(
    node: &Node,
    place: &Place,
    found: &mut Vec<(String, Span)>,
    problems: &mut Vec<Diagnostic>,
) {
    match &node.kind {
        Kind::Sequence(items) => items
            .iter()
            .for_each(|item| visit(item, place, found, problems)),
        Kind::Mapping(entries) => {
            entries
                .iter()
                .for_each(|entry| visit(&entry.value, place, found, problems));
        }
        Kind::String(text) => {
            if let Some(expression) = expression(text) {
                match Expression::parse(expression) {
                    Ok(parsed) => {
                        found.extend(
                            parsed
                                .free_variables()
                                .into_iter()
                                .map(|name| (name, node.span)),
                        );
                    }
                    Err(error) => {
                        problems.push(unparsable(text, expression, node.span, &error, place));
                    }
                }
            }
        }
        _ => {}
    }
}

/// The expression of a string that is wholly one. Strings of several lines are text.
fn expression(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    if inner.is_empty() || text.contains('\n') {
        return None;
    }
    Some(inner.strip_prefix("jp;").unwrap_or(inner))
}

fn unparsable(
    text: &str,
    expression: &str,
    span: Span,
    error: &crosscut_expr::ParseError,
    place: &Place,
) -> Diagnostic {
    let written = place
        .source
        .text
        .get(span.start..span.end)
        .unwrap_or_default();
    // The text may be quoted where it is written; its own offset is exact when it stands there as is.
    let lead = written
        .find(text)
        .map_or(0, |at| at + text.find(expression).unwrap_or(0));
    let start = (span.start + lead + error.offset).min(span.end);
    let mark = Span {
        start,
        end: (start + 1).min(span.end.max(start)),
    };
    Diagnostic::error("suite::expression", error.message.clone(), place.with_span(mark))
        .with_help("expressions are JMESPath; a string that is meant as text goes into quotes inside: ('(text)')")
}
