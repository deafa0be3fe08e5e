//! Failures of assertions, with the details that explain them.

use crosscut_assertion::{Mismatch as AssertionMismatch, Subject};
use crosscut_events::{Failure, Mismatch, Nearest};
use crosscut_expr::Scope;
use crosscut_suite::distance;
use crosscut_suite::model::{Expectation, Side};
use serde_json::Value;

use crate::absence;
use crate::candidate::{Judged, judged, others};
use crate::evidence::{failing_function, object_name, text};
use crate::secrets::mask_secret;
use crate::session::Session;
use crate::stop::{Stop, location};

pub(crate) fn present(object: &Value) -> Failure {
    let message = format!("{} exists, but must not", object_name(object));
    Failure::new("absent::present", message)
}

/// Returns the failure for an object that matches the assertion, or may match it.
pub(crate) fn not_absent<'a>(
    expectation: &Expectation,
    judged: &[Judged<'a>],
) -> Option<(Stop, &'a Value)> {
    if let Some(found) = judged.iter().find(|one| one.holds()) {
        return Some((Stop::failed(present(found.object)), found.object));
    }
    if let Some(undecided) = judged.iter().find(|one| one.is_undecided()) {
        return Some((undecided_stop(expectation, undecided), undecided.object));
    }
    let unknown = judged.iter().find(|one| one.is_unknown())?;
    let mismatch = unknown.mismatches.iter().find(|one| !one.unsupported)?;
    Some((
        unevaluated(expectation, mismatch, unknown.object),
        unknown.object,
    ))
}

/// Returns the failure for an object without differences on which an expression cannot be evaluated.
pub(crate) fn unevaluated(
    expectation: &Expectation,
    mismatch: &AssertionMismatch,
    object: &Value,
) -> Stop {
    let message = format!(
        "{} may be what must be absent: at {}, {}",
        object_name(object),
        mismatch.path,
        mismatch.message
    );
    let mut failure = Failure::new("absent::evaluation", message);
    failure.location = Some(location(&expectation.place.with_span(mismatch.span)));
    failure.mismatches = vec![wire(expectation, mismatch.clone())];
    failure.help = Some(
        "write an expression that can be evaluated on every object; for a field that need not be there, such as \
         (field || '')"
            .to_owned(),
    );
    Stop::failed(failure)
}

/// Returns the failure for an object that may count: no difference is certain.
pub(crate) fn uncounted(expectation: &Expectation, judged: &[Judged<'_>]) -> Option<Stop> {
    if let Some(one) = judged.iter().find(|one| one.is_undecided()) {
        return Some(undecided_stop(expectation, one));
    }
    let unknown = judged.iter().find(|one| one.is_unknown())?;
    let mismatch = unknown.mismatches.iter().find(|one| !one.unsupported)?;
    let mut stop = unevaluated(expectation, mismatch, unknown.object);
    stop.failure.code = "count::evaluation".to_owned();
    stop.failure.message = format!(
        "{} may be one that counts: at {}, {}",
        object_name(unknown.object),
        mismatch.path,
        mismatch.message
    );
    Some(stop)
}

/// The number of names in a failure.
pub(crate) const MOST_NAMES: usize = 10;

pub(crate) fn miscounted(
    expectation: &Expectation,
    subject: &Subject,
    judged: &[Judged<'_>],
    number: usize,
    scope: &Scope,
) -> Failure {
    let names: Vec<String> = judged
        .iter()
        .filter(|one| one.holds())
        .map(|one| object_name(one.object))
        .collect();
    let shown = match names.len() {
        0 => String::new(),
        1..=MOST_NAMES => format!(": {}", names.join(", ")),
        more => format!(
            ": {} and {} more",
            names[..MOST_NAMES].join(", "),
            more - MOST_NAMES
        ),
    };
    let message = format!(
        "{} objects of kind {} match, and {number} must{shown}",
        names.len(),
        kind_of(subject)
    );
    let mut failure = Failure::new("count::otherwise", message);
    let others = judged.iter().filter(|one| !one.holds());
    let nearest = others.min_by_key(|one| one.mismatches.len());
    if let (true, Some(nearest)) = (names.len() < number, nearest) {
        failure.nearest = Some(wire_nearest(nearest, judged.len()));
        failure.diff = expectation.assertion.diff(nearest.object, scope);
    }
    failure
}

pub(crate) fn undecided_stop(expectation: &Expectation, undecided: &Judged<'_>) -> Stop {
    match undecided.mismatches.first() {
        Some(mismatch) => self::undecided(expectation, mismatch),
        None => Stop::unsupported(Failure::new(
            "expect::unsupported",
            "the assertion cannot be judged",
        )),
    }
}

/// Returns the verdict `unsupported`: an expression needs a feature that crosscut does not have.
pub(crate) fn undecided(expectation: &Expectation, mismatch: &AssertionMismatch) -> Stop {
    let mut failure = Failure::new("expect::unsupported", mismatch.message.clone());
    failure.location = Some(location(&expectation.place.with_span(mismatch.span)));
    failure.help = Some("crosscut does not have this; write the assertion without it".to_owned());
    Stop::unsupported(failure)
}

pub(crate) fn mismatched(
    expectation: &Expectation,
    subject: &Subject,
    nearest: &Judged<'_>,
    candidates: usize,
    scope: &Scope,
) -> Failure {
    let message = match candidates {
        1 => format!("{} is not as expected", object_name(nearest.object)),
        _ => format!(
            "none of {candidates} objects of kind {} is as expected",
            kind_of(subject)
        ),
    };
    let mut failure = Failure::new("expect::mismatch", message);
    if candidates > 1 {
        failure.nearest = Some(wire_nearest(nearest, candidates));
    }
    failure.diff = expectation.assertion.diff(nearest.object, scope);
    failure.mismatches = nearest
        .mismatches
        .iter()
        .map(|mismatch| wire(expectation, mismatch.clone()))
        .collect();
    failure
}

pub(crate) fn wire_nearest(nearest: &Judged<'_>, candidates: usize) -> Nearest {
    Nearest {
        object: object_name(nearest.object),
        differences: nearest.mismatches.len(),
        candidates,
    }
}

/// Returns a mismatch in the form of events.
pub(crate) fn wire(expectation: &Expectation, mismatch: AssertionMismatch) -> Mismatch {
    Mismatch {
        path: mismatch.path,
        location: Some(location(&expectation.place.with_span(mismatch.span))),
        message: mismatch.message,
        expected: mismatch.expected,
        actual: mismatch.actual,
    }
}

/// Returns the failure if no object has the name or the labels. The failure shows the object of the kind with the
/// fewest differences; among equals, the one with the most similar name.
pub(crate) async fn missing(
    expectation: &Expectation,
    subject: &Subject,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Failure {
    let others = others(subject, side, session).await;
    let mut failure = Failure::new(
        "expect::missing",
        missing_message(subject, side, others.len()),
    );
    let wanted = subject.name.as_deref().unwrap_or_default();
    let judged = judged(expectation, &others, scope).await;
    let nearest = judged.iter().min_by_key(|one| {
        let name = text(one.object, "/metadata/name");
        (one.mismatches.len(), distance(wanted, name))
    });
    if let Some(nearest) = nearest {
        failure.nearest = Some(wire_nearest(nearest, others.len()));
        failure.diff = expectation.assertion.diff(nearest.object, scope);
    }
    failure
}

/// Masks the values of a Secret in a failure, unless they are to be shown.
fn mask_secret_of(subject: &Subject, session: &Session, failure: &mut Failure) {
    if subject.kind.as_deref() == Some("Secret") && session.secrets().is_some() {
        mask_secret(failure);
    }
}

pub(crate) fn missing_message(subject: &Subject, side: Side, others: usize) -> String {
    let cluster = match side {
        Side::Control => "control plane",
        Side::Target => "target cluster",
    };
    let what = match (&subject.name, subject.labels.is_empty()) {
        (Some(name), _) => format!("no {} named {name}", kind_of(subject)),
        (None, false) => format!("no {} with these labels", kind_of(subject)),
        (None, true) => format!("no {}", kind_of(subject)),
    };
    let namespace = subject
        .namespace
        .as_ref()
        .map(|name| format!(" in namespace {name}"))
        .unwrap_or_default();
    let names_some = subject.name.is_some() || !subject.labels.is_empty();
    let at_all = if names_some && others == 0 {
        ", and no other of this kind"
    } else {
        ""
    };
    format!("there is {what}{namespace} on the {cluster}{at_all}")
}

pub(crate) fn kind_of(subject: &Subject) -> &str {
    subject.kind.as_deref().unwrap_or("object")
}

/// Completes a failure of an assertion with the place, the evidence and the help, and masks the values of a Secret.
pub(crate) async fn explained(
    mut stop: Stop,
    expectation: &Expectation,
    subject: &Subject,
    side: Side,
    objects: &[Value],
    session: &mut Session,
) -> Stop {
    mask_secret_of(subject, session, &mut stop.failure);
    if stop.failure.location.is_none() {
        stop.failure.location = Some(location(&expectation.place));
    }
    stop.failure.evidence = session.evidence(side, objects).await;
    let function = failing_function(&stop.failure.evidence);
    let function = function.map(|name| session.function_help(name));
    stop.failure.help = match (stop.failure.help.take(), function) {
        // The remedy for the failure, beside the hint for scenarios that expect the failure.
        (Some(help), Some(function)) if help == absence::EXPECT_IT => {
            Some(format!("{function}; {help}"))
        }
        (help, function) => help.or(function),
    };
    stop
}
