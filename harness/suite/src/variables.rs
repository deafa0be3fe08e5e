//! Which `$names` documents use, and whether something binds them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crosscut_assertion::{Mark, Problem, template_fields, template_variables};
use crosscut_yaml::{Node, Span};

use crate::diagnostic::Diagnostic;
use crate::model::Place;
use crate::nearest::suggestion;
use crate::offered::Offered;

/// What every expression of a trial can see.
const ALWAYS: [&str; 6] = [
    "namespace",
    "ports",
    "programs",
    "provider",
    "scenario",
    "values",
];

/// The names that are bound at some point of a scenario, and which of them were used.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    known: BTreeSet<String>,
    /// Those that bindings and outputs have.
    bound: BTreeSet<String>,
    /// Shared by the steps and actions of a scenario.
    used: Rc<RefCell<BTreeSet<String>>>,
    offered: Rc<Offered>,
}

impl Names {
    pub(crate) fn new(offered: Offered) -> Names {
        Names {
            known: ALWAYS
                .into_iter()
                .chain(offered.upstreams().map(|_| "upstreams"))
                .map(str::to_owned)
                .collect(),
            bound: BTreeSet::new(),
            offered: Rc::new(offered),
            used: Rc::default(),
        }
    }

    /// Returns true if an expression anywhere in the scenario used the name.
    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    /// The same, as long as nobody knows which upstreams there will be.
    pub(crate) fn without_upstreams(&self) -> Names {
        Names {
            offered: Rc::new(self.offered.without_upstreams()),
            ..self.clone()
        }
    }

    /// The ports, programs and upstreams that there are.
    pub(crate) fn offered(&self) -> &Offered {
        &self.offered
    }

    /// Notes that a name is used; `false` if nothing binds it.
    pub(crate) fn use_name(&self, name: &str) -> bool {
        self.used.borrow_mut().insert(name.to_owned());
        self.known.contains(name)
    }

    /// Reports each `$name.field` whose port, program, upstream or value does not exist.
    pub(crate) fn check_fields(
        &self,
        fields: Vec<(String, String, Span)>,
        place: &Place,
        problems: &mut Vec<Diagnostic>,
    ) {
        for (name, field, span) in fields {
            let Some((what, code, known)) = self.missing(&name, &field) else {
                continue;
            };
            let message = format!("there is no {what} called {field}");
            let problem = Diagnostic::error(code, message, place.with_span(span));
            let help = match known.is_empty() {
                true if what == "value" => "write it below values: of the providers".to_owned(),
                true => format!("list it under {what}s: of the scenario or the suite"),
                false => suggestion(&field, known),
            };
            problems.push(problem.with_help(help));
        }
    }

    /// Returns what `$name.field` means if there is none: what it is, the code of the mistake, and those that there
    /// are.
    fn missing(&self, name: &str, field: &str) -> Option<(&'static str, &'static str, Vec<&str>)> {
        let offered = &self.offered;
        match name {
            "ports" if offered.is_complete() && !offered.has_port(field) => {
                Some(("port", "suite::unknown_port", offered.ports().collect()))
            }
            "programs" if offered.is_complete() && offered.program(field).is_none() => Some((
                "program",
                "suite::unknown_program",
                offered.programs().collect(),
            )),
            // A binding may have taken the name.
            "values" if !self.bound.contains("values") => {
                let known = offered.values()?;
                let missing = !known.contains(field);
                missing.then(|| ("value", "lint::unknown_value", known.into_iter().collect()))
            }
            "upstreams" => {
                let known = offered.upstreams()?;
                let names = || known.iter().map(String::as_str).collect();
                let missing = !known.contains(field);
                missing.then(|| ("upstream", "suite::unknown_upstream", names()))
            }
            _ => None,
        }
    }

    pub(crate) fn bind(&mut self, name: &str) {
        self.bound.insert(name.to_owned());
        self.known.insert(name.to_owned());
    }

    /// Reports what is wrong with the expressions of a template: those that do not parse, and what they name that is
    /// not there.
    pub(crate) fn check_template(
        &self,
        node: &Node,
        place: &Place,
        problems: &mut Vec<Diagnostic>,
    ) {
        let used = of_template(node, place, problems);
        self.check(used, place, problems);
        self.check_fields(template_fields(node), place, problems);
    }

    /// Reports the names that nothing binds.
    pub(crate) fn check(
        &self,
        used: impl IntoIterator<Item = (String, Span)>,
        place: &Place,
        problems: &mut Vec<Diagnostic>,
    ) {
        for (name, span) in used {
            if !self.use_name(&name) {
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

/// Returns the place where a part of a string is written. Quotes and escapes can keep it from being found.
fn found(part: &str, span: Span, text: &str) -> Option<Span> {
    let start = span.start + text.get(span.start..span.end)?.find(part)?;
    Some(Span {
        start,
        end: start + part.len(),
    })
}
