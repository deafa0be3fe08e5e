//! `expect`, `absent` and `events`: assertion documents against what is really there, at rest.

use crosscut_assertion::{Mismatch as AssertionMismatch, Problem, Subject};
use crosscut_events::{Failure, Mismatch, Nearest};
use crosscut_expr::Scope;
use crosscut_suite::model::{Judgement, Side};
use serde_json::Value;

use crate::action::stop_of;
use crate::api::{RequestError, Target};
use crate::evidence::object_name;
use crate::session::Session;
use crate::trial::{Stop, location};

/// At least one object must be as the assertion says.
///
/// # Errors
/// [`Stop`] with the nearest candidate where none is.
pub(crate) async fn expect(
    judgement: &Judgement,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let subject = subject(judgement, scope)?;
    let candidates = match candidates(&subject, side, session).await {
        Ok(candidates) => candidates,
        Err(error) => return Err(explained(stop_of(&error), judgement, &[], session).await),
    };
    if candidates
        .iter()
        .any(|candidate| judgement.assertion.check(candidate, scope).is_empty())
    {
        return Ok(());
    }
    let failure = match nearest(judgement, &candidates, scope) {
        Some((candidate, mismatches)) => mismatched(
            judgement,
            &subject,
            candidate,
            mismatches,
            candidates.len(),
            scope,
        ),
        None => missing(&subject, side),
    };
    let concerned: Vec<Value> = nearest(judgement, &candidates, scope)
        .map(|(object, _)| object.clone())
        .into_iter()
        .collect();
    Err(explained(Stop::failed(failure), judgement, &concerned, session).await)
}

/// No object may be as the assertion says.
///
/// A kind that is not served has no objects, so its absence holds: whether the kind *should* be
/// served is for another assertion to say.
///
/// # Errors
/// [`Stop`] with the object that is there.
pub(crate) async fn absent(
    judgement: &Judgement,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let subject = subject(judgement, scope)?;
    let candidates = match candidates(&subject, side, session).await {
        Ok(candidates) => candidates,
        Err(RequestError::NoSuchKind { .. }) => return Ok(()),
        Err(error) => return Err(explained(stop_of(&error), judgement, &[], session).await),
    };
    let found = candidates
        .iter()
        .find(|candidate| judgement.assertion.check(candidate, scope).is_empty());
    let Some(found) = found else { return Ok(()) };
    let message = format!("{} exists, but must not", object_name(found));
    let failure = Failure::new("absent::present", message);
    Err(explained(
        Stop::failed(failure),
        judgement,
        std::slice::from_ref(found),
        session,
    )
    .await)
}

fn subject(judgement: &Judgement, scope: &Scope) -> Result<Subject, Stop> {
    judgement
        .assertion
        .subject(scope)
        .map_err(|problems| problem_stop(judgement, problems))
}

fn problem_stop(judgement: &Judgement, problems: Vec<Problem>) -> Stop {
    let mut failure = Failure::new("expect::evaluation", "the assertion could not be evaluated");
    failure.location = Some(location(&judgement.place));
    if let Some(problem) = problems.into_iter().next() {
        failure.message = problem.message;
        failure.location = Some(location(&judgement.place.with_span(problem.span)));
        failure.help = problem.help;
    }
    Stop::failed(failure)
}

/// The objects that the assertion is about. An assertion without apiVersion and kind is about no
/// object: its expressions see null.
async fn candidates(
    subject: &Subject,
    side: Side,
    session: &mut Session,
) -> Result<Vec<Value>, RequestError> {
    let (Some(api_version), Some(kind)) = (&subject.api_version, &subject.kind) else {
        return Ok(vec![Value::Null]);
    };
    let target = Target {
        api_version: api_version.clone(),
        kind: kind.clone(),
        namespace: subject.namespace.clone(),
        name: subject.name.clone(),
        labels: subject.labels.clone(),
    };
    session.api(side).find(&target).await
}

/// The candidate with the fewest mismatches, and those.
fn nearest<'a>(
    judgement: &Judgement,
    candidates: &'a [Value],
    scope: &Scope,
) -> Option<(&'a Value, Vec<AssertionMismatch>)> {
    candidates
        .iter()
        .map(|candidate| (candidate, judgement.assertion.check(candidate, scope)))
        .min_by_key(|(_, mismatches)| mismatches.len())
}

fn mismatched(
    judgement: &Judgement,
    subject: &Subject,
    candidate: &Value,
    mismatches: Vec<AssertionMismatch>,
    candidates: usize,
    scope: &Scope,
) -> Failure {
    let message = match candidates {
        1 => format!("{} is not as expected", object_name(candidate)),
        _ => format!(
            "none of {candidates} objects of kind {} is as expected",
            kind_of(subject)
        ),
    };
    let mut failure = Failure::new("expect::mismatch", message);
    if candidates > 1 {
        failure.nearest = Some(Nearest {
            object: object_name(candidate),
            differences: mismatches.len(),
            candidates,
        });
    }
    failure.diff = judgement.assertion.diff(candidate, scope);
    failure.mismatches = mismatches
        .into_iter()
        .map(|mismatch| wire(judgement, mismatch))
        .collect();
    failure
}

fn wire(judgement: &Judgement, mismatch: AssertionMismatch) -> Mismatch {
    Mismatch {
        path: mismatch.path,
        location: Some(location(&judgement.place.with_span(mismatch.span))),
        message: mismatch.message,
        expected: mismatch.expected,
        actual: mismatch.actual,
    }
}

fn missing(subject: &Subject, side: Side) -> Failure {
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
    Failure::new(
        "expect::missing",
        format!("there is {what}{namespace} on the {cluster}"),
    )
}

fn kind_of(subject: &Subject) -> &str {
    subject.kind.as_deref().unwrap_or("object")
}

async fn explained(
    mut stop: Stop,
    judgement: &Judgement,
    objects: &[Value],
    session: &mut Session,
) -> Stop {
    if stop.failure.location.is_none() {
        stop.failure.location = Some(location(&judgement.place));
    }
    stop.failure.evidence = session.evidence(objects).await;
    stop
}
