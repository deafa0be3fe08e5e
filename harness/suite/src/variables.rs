//! Which `$names` documents use, and whether something binds them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crosscut_assertion::{Mark, Problem, template_variables};
use crosscut_yaml::{Node, Span};

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
                let text = &place.source.text;
                let span = found(&format!("${name}"), span, text).unwrap_or(span);
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
    let (names, unparsable) = template_variables(node);
    problems.extend(
        unparsable
            .into_iter()
            .map(|problem| expression_problem(problem, place)),
    );
    names
}

/// A mistake in an expression; it is marked where it is, if the expression stands in the file as it was parsed.
pub(crate) fn expression_problem(problem: Problem, place: &Place) -> Diagnostic {
    let span = problem
        .mark
        .as_ref()
        .and_then(|mark| marked(mark, problem.span, &place.source.text));
    Diagnostic::error(
        "suite::expression",
        problem.message,
        place.with_span(span.unwrap_or(problem.span)),
    )
    .with_help("expressions are JMESPath; docs/scenarios.md says what they can do")
    .with_optional_help(problem.help)
}

/// The character that a mark is about.
fn marked(mark: &Mark, span: Span, text: &str) -> Option<Span> {
    let start = found(&mark.expression, span, text)?.start + mark.offset;
    let length = text.get(start..)?.chars().next().map_or(0, char::len_utf8);
    Some(Span {
        start,
        end: start + length,
    })
}

/// Where a part of a string is written. Quotes and escapes can keep it from being found.
fn found(part: &str, span: Span, text: &str) -> Option<Span> {
    let start = span.start + text.get(span.start..span.end)?.find(part)?;
    Some(Span {
        start,
        end: start + part.len(),
    })
}
