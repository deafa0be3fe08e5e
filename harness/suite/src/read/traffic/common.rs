//! What requests and gRPC calls have in common: TLS, repetition, bounds, and what is expected.

use std::time::Duration;

use super::naming;
use super::tls::tls;
use crate::diagnostic::Diagnostic;
use crate::model::{Common, Expectation, Resource};
use crate::read::Reader;
use crate::read::expectation::{Context, expectation};
use crate::read::fields::{Fields, wrong_type};

/// The fields that requests and gRPC calls have in common.
pub(super) const FIELDS: [&str; 7] = [
    "tls", "times", "parallel", "timeout", "within", "answer", "answers",
];
/// The most calls of one action.
const MOST: usize = 100_000;
/// The most calls at a time.
const WIDEST: usize = 1_000;
/// The longest that one call may take, where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the common fields; `None` if something essential is wrong, which is reported.
pub(super) fn common(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    context: &Context<'_>,
) -> Option<Common> {
    let tls = tls(reader, fields, context);
    let times = fields.number(reader, "times", 1..=MOST).unwrap_or(1);
    let parallel = fields.number(reader, "parallel", 1..=WIDEST).unwrap_or(1);
    let timeout = fields.duration(reader, "timeout").unwrap_or(TIMEOUT);
    let within = fields.duration(reader, "within");
    let answer = expected(reader, fields, "answer", &["index", "request"], context);
    let answers = expected(reader, fields, "answers", &[], context);
    if fields.get("answer").is_none() && fields.get("answers").is_none() && !fields.has_unknown() {
        let message = "nothing says what the answer must look like";
        let problem = Diagnostic::error("suite::missing_field", message, fields.place().clone());
        reader.problem(problem.with_help(
            "add answer: {status: 200} for each answer, or answers: for all of them together",
        ));
    }
    Some(Common {
        tls,
        times,
        parallel,
        timeout,
        within,
        answer,
        answers,
    })
}

/// An assertion, without the kind and name that an assertion on an object has.
fn expected(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    field: &'static str,
    more: &[&str],
    context: &Context<'_>,
) -> Option<Expectation> {
    let node = fields.get(field)?;
    if node.entries().is_none() {
        reader.problem(wrong_type(node, fields.place(), field, "a mapping"));
        return None;
    }
    let names = naming(context.names, more);
    let resource = Resource {
        node: node.clone(),
        place: fields.place().with_span(node.span),
        template: true,
    };
    expectation(reader, &resource, &super::with_names(context, &names))
}
