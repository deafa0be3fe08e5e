//! Comparison of responses with assertions.

use crosscut_assertion::Mismatch as AssertionMismatch;
use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_suite::model::{Common, Expectation};
use crosscut_traffic::CallErrorKind;
use serde_json::{Value, json};

use super::batch::Outcome;
use super::view;
use crate::mismatch::{undecided, wire};
use crate::stop::{Stop, location};

/// The longest text in a report, in bytes; longer texts are cut.
const LONGEST: usize = 1_000;

/// Checks that every response matches its assertion, and that all of them together match the common one.
pub(super) fn judge(outcomes: &[Outcome], common: &Common, scope: &Scope) -> Result<(), Stop> {
    if let Some(expectation) = &common.answer {
        each(outcomes, expectation, scope)?;
    }
    let Some(expectation) = &common.answers else {
        return Ok(());
    };
    let all = view::all(outcomes);
    let mismatches = expectation.assertion.check(&all, scope);
    if mismatches.is_empty() {
        return Ok(());
    }
    let title = title(outcomes);
    let message = format!("{title}: the answers are not as expected");
    Err(stop(
        "request::answers",
        message,
        expectation,
        &all,
        &mismatches,
        scope,
    ))
}

/// Checks each response; fails with the first that does not match and the number of those that do not.
fn each(outcomes: &[Outcome], expectation: &Expectation, scope: &Scope) -> Result<(), Stop> {
    let mut first = None;
    let mut wrong = 0;
    for (index, outcome) in outcomes.iter().enumerate() {
        let bound = scope.clone().bind("index", json!(index));
        let bound = bound.bind("request", outcome.request.clone());
        let mismatches = expectation.assertion.check(&outcome.view, &bound);
        if !mismatches.is_empty() {
            wrong += 1;
            first = first.or(Some((index, outcome, mismatches, bound)));
        }
    }
    let Some((index, outcome, mismatches, scope)) = first else {
        return Ok(());
    };
    let which = match outcomes.len() {
        1 => String::new(),
        count => format!(
            " (answer {} of {count}; {wrong} are not as expected)",
            index + 1
        ),
    };
    let (code, what) = match &outcome.broken {
        Some(error) => (
            format!("request::{}", error.kind),
            format!("got no answer: {error}"),
        ),
        None => (
            "request::mismatch".to_owned(),
            "is not answered as expected".to_owned(),
        ),
    };
    let message = format!("{} {what}{which}", outcome.title);
    let mut stop = stop(
        &code,
        message,
        expectation,
        &outcome.view,
        &mismatches,
        &scope,
    );
    stop.failure.help = outcome.broken.as_ref().and_then(|error| help(error.kind));
    Err(stop)
}

fn title(outcomes: &[Outcome]) -> String {
    let first = outcomes.first().map_or("", |outcome| &outcome.title);
    match outcomes.len() {
        0 | 1 => first.to_owned(),
        count => format!("{count} calls, the first of them {first}"),
    }
}

fn stop(
    code: &str,
    message: String,
    expectation: &Expectation,
    view: &Value,
    mismatches: &[AssertionMismatch],
    scope: &Scope,
) -> Stop {
    if let Some(first) = mismatches.first()
        && mismatches.iter().all(|mismatch| mismatch.unsupported)
    {
        return undecided(expectation, first);
    }
    let mut failure = Failure::new(code, message);
    failure.location = Some(location(&expectation.place));
    failure.diff = expectation.assertion.diff(&shortened(view.clone()), scope);
    failure.mismatches = mismatches
        .iter()
        .map(|mismatch| wire(expectation, mismatch.clone()))
        .map(|mut mismatch| {
            mismatch.expected = shortened(mismatch.expected);
            mismatch.actual = mismatch.actual.map(shortened);
            mismatch
        })
        .collect();
    Stop::failed(failure)
}

fn help(kind: CallErrorKind) -> Option<String> {
    let help = match kind {
        CallErrorKind::Refused => {
            "nothing listens there; \"within: 10s\" waits for a program that is still starting"
        }
        CallErrorKind::Unresolved => {
            "the name leads nowhere from here; a header host asks for a virtual host at an address that is reached"
        }
        CallErrorKind::Tls => {
            "name the authority in tls.ca, or trust whoever answers with tls: {verify: false}"
        }
        CallErrorKind::Deadline => "it hangs, or needs longer: timeout: says how long it may take",
        CallErrorKind::Broken => {
            "the other side ended the connection, or speaks another protocol: h1 and h2, with and without TLS, differ"
        }
        CallErrorKind::TooLarge => "answers are read up to 16 MiB",
    };
    Some(help.to_owned())
}

/// Returns the value with long texts cut, for human readers of the report.
fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > LONGEST => {
            let start = &text[..text.floor_char_boundary(LONGEST)];
            json!(format!("{start}… ({} bytes)", text.len()))
        }
        Value::Array(items) => items.into_iter().map(shortened).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter();
            Value::Object(
                entries
                    .map(|(key, value)| (key, shortened(value)))
                    .collect(),
            )
        }
        other => other,
    }
}
