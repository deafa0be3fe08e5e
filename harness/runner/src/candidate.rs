//! The objects that an assertion document is about, each compared with the assertion.

use std::sync::Arc;

use crosscut_assertion::{Mismatch, Problem, Subject};
use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_suite::model::{Expectation, Side};
use serde_json::Value;

use crate::api::Api;
use crate::request_error::RequestError;
use crate::session::Session;
use crate::stop::{Stop, location};
use crate::target::{Target, Whereabouts, Which};

/// Returns the subject of an assertion.
///
/// # Errors
/// [`Stop`] for a template that cannot be evaluated, and for a name that is not a string.
pub(crate) fn subject(expectation: &Expectation, scope: &Scope) -> Result<Subject, Stop> {
    let subject = expectation.assertion.subject(scope);
    let subject = subject.map_err(|problems| problem_stop(expectation, problems))?;
    if subject.namespace.as_deref() == Some("*") {
        let message = "the namespace * is the value of an expression; only written as it is, it means every namespace";
        let mut failure = Failure::new("name::invalid", message);
        failure.location = Some(location(&expectation.place));
        failure.help = Some("write namespace: \"*\", or give the name of one".to_owned());
        return Err(Stop::failed(failure));
    }
    Ok(about(subject, expectation))
}

/// Returns the same subject, in every namespace if the document says so.
pub(crate) fn about(subject: Subject, expectation: &Expectation) -> Subject {
    Subject {
        everywhere: expectation.everywhere,
        ..subject
    }
}

/// Checks the names in an assertion about an Event.
///
/// # Errors
/// [`Stop`] for a name that is not a string.
pub(crate) fn involved(expectation: &Expectation, scope: &Scope) -> Result<(), Stop> {
    expectation
        .assertion
        .involved(scope)
        .map_err(|problems| problem_stop(expectation, problems))
}

pub(crate) fn problem_stop(expectation: &Expectation, problems: Vec<Problem>) -> Stop {
    let mut stop = Stop::misnamed(problems, &expectation.place);
    // A template in an assertion's subject has its own error codes.
    for (template, expectation) in [
        ("template::evaluation", "expect::evaluation"),
        ("template::unsupported", "expect::unsupported"),
    ] {
        if stop.failure.code == template {
            stop.failure.code = expectation.to_owned();
        }
    }
    stop
}

/// Returns the objects that the assertion is about. An assertion without apiVersion and kind has no object: its
/// expressions see null.
pub(crate) async fn candidates(
    subject: &Subject,
    side: Side,
    session: &mut Session,
) -> Result<Vec<Arc<Value>>, RequestError> {
    found(subject, session.api(side)).await
}

pub(crate) async fn found(subject: &Subject, api: &Api) -> Result<Vec<Arc<Value>>, RequestError> {
    match Target::of_subject(subject) {
        Some(target) => api.find(&target).await,
        None => match unnamed(subject) {
            Some(field) => Err(RequestError::Incomplete { field }),
            None => Ok(vec![Arc::new(Value::Null)]),
        },
    }
}

/// Returns the field that a subject lacks to select objects. `None` if it selects objects or is empty.
pub(crate) fn unnamed(subject: &Subject) -> Option<&'static str> {
    let is_about_objects = *subject != Subject::default();
    match (&subject.api_version, &subject.kind) {
        (None, _) if is_about_objects => Some("apiVersion"),
        (_, None) if is_about_objects => Some("kind"),
        _ => None,
    }
}

/// Returns every object of the kind in the namespace, or in all namespaces without one. A refused request counts as
/// none, since a failure is being explained already.
pub(crate) async fn others(
    subject: &Subject,
    side: Side,
    session: &mut Session,
) -> Vec<Arc<Value>> {
    let Some(named) = Target::of_subject(subject) else {
        return Vec::new();
    };
    let here = Target {
        which: Which::All,
        ..named
    };
    let anywhere = Target {
        place: Whereabouts::Everywhere,
        ..here.clone()
    };
    let api = session.api(side);
    match api.find(&here).await.unwrap_or_default() {
        found if found.is_empty() => api.find(&anywhere).await.unwrap_or_default(),
        found => found,
    }
}

/// A candidate, with its differences from the assertion.
pub(crate) struct Judged<'a> {
    pub(crate) object: &'a Value,
    pub(crate) mismatches: Vec<Mismatch>,
}

impl Judged<'_> {
    pub(crate) fn holds(&self) -> bool {
        self.mismatches.is_empty()
    }

    /// Returns true if only features that crosscut does not support prevent a match.
    pub(crate) fn is_undecided(&self) -> bool {
        !self.holds() && self.mismatches.iter().all(|mismatch| mismatch.unsupported)
    }

    /// Returns true if no difference is certain, but an expression cannot be evaluated or is not supported.
    pub(crate) fn is_unknown(&self) -> bool {
        let is_unknown = |one: &Mismatch| one.unevaluated || one.unsupported;
        !self.holds() && self.mismatches.iter().all(is_unknown)
    }
}

/// Compares every candidate with the assertion. Each has its own budget, and other tasks run in between.
pub(crate) async fn judged<'a>(
    expectation: &Expectation,
    candidates: &'a [Arc<Value>],
    scope: &Scope,
) -> Vec<Judged<'a>> {
    let mut judged = Vec::with_capacity(candidates.len());
    for object in candidates {
        judged.push(Judged {
            object,
            mismatches: expectation.assertion.check(object, scope),
        });
        tokio::task::yield_now().await;
    }
    judged
}

/// Returns the candidate with the fewest mismatches.
pub(crate) fn nearest<'a, 'b>(judged: &'b [Judged<'a>]) -> Option<&'b Judged<'a>> {
    judged.iter().min_by_key(|one| one.mismatches.len())
}
