//! `expect`, `absent` and `events`: assertion documents against what is really there, at rest.

use std::sync::Arc;
use std::time::Duration;

use crosscut_assertion::{Mismatch as AssertionMismatch, Problem, Subject};
use crosscut_events::{Failure, Mismatch, Nearest, Verdict};
use crosscut_expr::Scope;
use crosscut_suite::distance;
use crosscut_suite::model::{Judgement, Served, Side};
use serde_json::Value;
use tokio::time::Instant;

use crate::absence;
use crate::api::{Api, RequestError, Target, Whereabouts, Which};
use crate::evidence::{failing_function, object_name, text};
use crate::secrets::mask_secret;
use crate::session::Session;
use crate::stop::stop_of;
use crate::stop::{Stop, location};

/// Between two looks for an Event.
const AGAIN: Duration = Duration::from_secs(1);

/// Whether an object is as the assertion says just now, at rest or not.
///
/// # Errors
/// What is otherwise, in a few words.
pub(crate) async fn look(judgement: &Judgement, api: &Api, scope: &Scope) -> Result<(), String> {
    let subject = judgement.assertion.subject(scope);
    let subject = subject.map_err(|problems| {
        let first = problems.into_iter().next();
        first.map(|problem| problem.message).unwrap_or_default()
    })?;
    let candidates = found(&about(subject.clone(), judgement), api).await;
    let candidates = candidates.map_err(|error| error.to_string())?;
    let judged = judged(judgement, &candidates, scope).await;
    match nearest(&judged) {
        Some(nearest) if nearest.holds() => Ok(()),
        Some(nearest) => {
            let first = nearest.mismatches.first();
            let what = first.map(|one| format!("{}: {}", one.path, one.message));
            let what = what.unwrap_or_default();
            Err(format!(
                "{} is not as expected: {what}",
                object_name(nearest.object)
            ))
        }
        None => Err(format!("there is no such {}", kind_of(&subject))),
    }
}

/// At least one object must be as the assertion says; answers the first that is.
///
/// # Errors
/// [`Stop`] with the nearest candidate where none is.
pub(crate) async fn expect(
    judgement: &Judgement,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<Value, Stop> {
    let subject = subject(judgement, scope)?;
    let candidates = match candidates(&subject, side, session).await {
        Ok(candidates) => candidates,
        Err(error) => return Err(explained(stop_of(&error), judgement, side, &[], session).await),
    };
    let judged = judged(judgement, &candidates, scope).await;
    if let Some(found) = judged.iter().find(|one| one.holds()) {
        let still_holds = |object: &Value| judgement.assertion.check(object, scope).is_empty();
        session.known_mut().expected(found.object, still_holds);
        return Ok(found.object.clone());
    }
    let stop = match (
        judged.iter().find(|one| one.is_undecided()),
        nearest(&judged),
    ) {
        (Some(one), _) => undecided_stop(judgement, one),
        (None, Some(nearest)) => {
            let mut failure = mismatched(judgement, &subject, nearest, judged.len(), scope);
            mask_secret_of(&subject, session, &mut failure);
            Stop::failed(failure)
        }
        (None, None) => {
            let failure = missing(judgement, &subject, side, session, scope).await;
            return Err(explained(Stop::failed(failure), judgement, side, &[], session).await);
        }
    };
    let concerned: Vec<Value> = nearest(&judged)
        .map(|one| one.object.clone())
        .into_iter()
        .collect();
    Err(explained(stop, judgement, side, &concerned, session).await)
}

/// As [`expect`], for an Event: one that is told late is waited for.
///
/// # Errors
/// [`Stop`] with the nearest candidate where none comes.
pub(crate) async fn event(
    judgement: &Judgement,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let end = Instant::now() + session.events_lag();
    loop {
        match expect(judgement, side, session, scope).await {
            Err(stop) if stop.verdict == Verdict::Failed && Instant::now() < end => {
                tokio::time::sleep(AGAIN).await;
            }
            judged => return judged.map(|event| session.known_mut().event(&event)),
        }
    }
}

/// No object may be as the assertion says, and one could have been: see [`absence`]. With `served: false`, the kind may not
/// be served.
///
/// # Errors
/// [`Stop`] with the object that is there, or with what makes it impossible to be there.
pub(crate) async fn absent(
    judgement: &Judgement,
    served: Served,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let subject = subject(judgement, scope)?;
    absence::has_values(judgement, scope)?;
    let shown = match candidates(&subject, side, session).await {
        Ok(candidates) => {
            let judged = judged(judgement, &candidates, scope).await;
            if let Some((stop, object)) = not_absent(judgement, &judged) {
                let object = std::slice::from_ref(object);
                return Err(explained(stop, judgement, side, object, session).await);
            }
            match served {
                Served::Must => {
                    let (api, seen) = (session.api(side), session.seen());
                    could_be_there(judgement, &subject, side, api, &seen).await
                }
                Served::MustNot => absence::is_not_served(&subject, session.api(side)).await,
            }
        }
        Err(error @ RequestError::NoSuchKind { .. }) => match served {
            Served::Must => Err(absence::not_served(&error, session.api(side)).await),
            Served::MustNot => absence::is_not_served(&subject, session.api(side)).await,
        },
        Err(error) => Err(stop_of(&error)),
    };
    match shown {
        Ok(()) => Ok(()),
        Err(stop) => Err(explained(stop, judgement, side, &[], session).await),
    }
}

/// Checks that an object of a kind that is served could be as the assertion says.
async fn could_be_there(
    judgement: &Judgement,
    subject: &Subject,
    side: Side,
    api: &Api,
    seen: &absence::Seen<'_>,
) -> Result<(), Stop> {
    absence::is_possible(judgement, subject, api).await?;
    absence::shows_something(subject, side, seen).await
}

/// Returns the reason why none is absent, with the object that is to blame: one that is as the assertion says, or may
/// be.
fn not_absent<'a>(judgement: &Judgement, judged: &[Judged<'a>]) -> Option<(Stop, &'a Value)> {
    if let Some(found) = judged.iter().find(|one| one.holds()) {
        return Some((Stop::failed(present(found.object)), found.object));
    }
    if let Some(undecided) = judged.iter().find(|one| one.is_undecided()) {
        return Some((undecided_stop(judgement, undecided), undecided.object));
    }
    let unknown = judged.iter().find(|one| one.is_unknown())?;
    let mismatch = unknown.mismatches.iter().find(|one| !one.unsupported)?;
    Some((
        unevaluated(judgement, mismatch, unknown.object),
        unknown.object,
    ))
}

/// An object that differs in nothing, except that an expression cannot be evaluated on it.
fn unevaluated(judgement: &Judgement, mismatch: &AssertionMismatch, object: &Value) -> Stop {
    let message = format!(
        "{} may be what must be absent: at {}, {}",
        object_name(object),
        mismatch.path,
        mismatch.message
    );
    let mut failure = Failure::new("absent::evaluation", message);
    failure.location = Some(location(&judgement.place.with_span(mismatch.span)));
    failure.mismatches = vec![wire(judgement, mismatch.clone())];
    failure.help = Some(
        "write an expression that can be evaluated on every object; for a field that need not be there, such as \
         (field || '')"
            .to_owned(),
    );
    Stop::failed(failure)
}

/// So many objects must be as the assertion says; returns them.
///
/// # Errors
/// [`Stop`] if there are more or fewer.
pub(crate) async fn matching(
    judgement: &Judgement,
    number: usize,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<Vec<Arc<Value>>, Stop> {
    let subject = subject(judgement, scope)?;
    absence::has_values(judgement, scope)?;
    let candidates = match candidates(&subject, side, session).await {
        Ok(candidates) => candidates,
        Err(error) => return Err(explained(stop_of(&error), judgement, side, &[], session).await),
    };
    let judged = judged(judgement, &candidates, scope).await;
    let mut stop = uncounted(judgement, &judged);
    let matches = judged.iter().filter(|one| one.holds()).count();
    if stop.is_none() && matches != number {
        stop = Some(Stop::failed(miscounted(
            judgement, &subject, &judged, number, scope,
        )));
    }
    let holds: Vec<bool> = judged.iter().map(Judged::holds).collect();
    if stop.is_none() {
        // That there are no more says as little as that there is none, where nothing could have made one.
        let shown = absence::shows_something(&subject, side, &session.seen()).await;
        stop = shown.err();
    }
    match stop {
        Some(stop) => Err(explained(stop, judgement, side, &[], session).await),
        None => Ok(candidates
            .into_iter()
            .zip(holds)
            .filter_map(|(object, holds)| holds.then_some(object))
            .collect()),
    }
}

/// An object of which nothing is known to differ, and that nevertheless may not count.
fn uncounted(judgement: &Judgement, judged: &[Judged<'_>]) -> Option<Stop> {
    if let Some(one) = judged.iter().find(|one| one.is_undecided()) {
        return Some(undecided_stop(judgement, one));
    }
    let unknown = judged.iter().find(|one| one.is_unknown())?;
    let mismatch = unknown.mismatches.iter().find(|one| !one.unsupported)?;
    let mut stop = unevaluated(judgement, mismatch, unknown.object);
    stop.failure.code = "count::evaluation".to_owned();
    stop.failure.message = format!(
        "{} may be one that counts: at {}, {}",
        object_name(unknown.object),
        mismatch.path,
        mismatch.message
    );
    Some(stop)
}

/// The number of names that a failure shows.
const MOST_NAMES: usize = 10;

fn miscounted(
    judgement: &Judgement,
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
        failure.diff = judgement.assertion.diff(nearest.object, scope);
    }
    failure
}

/// The object must be as an assertion says that names none.
///
/// # Errors
/// [`Stop`] with what is otherwise.
pub(crate) async fn holds(
    judgement: &Judgement,
    object: &Value,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let candidates = [Arc::new(object.clone())];
    let judged = judged(judgement, &candidates, scope).await;
    let Some(one) = judged.iter().find(|one| !one.holds()) else {
        return Ok(());
    };
    let stop = match one.is_undecided() {
        true => undecided_stop(judgement, one),
        false => Stop::failed(mismatched(judgement, &Subject::default(), one, 1, scope)),
    };
    let object = std::slice::from_ref(object);
    Err(explained(stop, judgement, side, object, session).await)
}

fn present(object: &Value) -> Failure {
    let message = format!("{} exists, but must not", object_name(object));
    Failure::new("absent::present", message)
}

/// A candidate and what it is otherwise than the assertion says.
struct Judged<'a> {
    object: &'a Value,
    mismatches: Vec<AssertionMismatch>,
}

impl Judged<'_> {
    fn holds(&self) -> bool {
        self.mismatches.is_empty()
    }

    /// Returns true if it could match, if what the assertion asks for were here.
    fn is_undecided(&self) -> bool {
        !self.holds() && self.mismatches.iter().all(|mismatch| mismatch.unsupported)
    }

    /// Returns true if nothing is known to differ, since expressions cannot be evaluated.
    fn is_unknown(&self) -> bool {
        let is_unknown = |one: &AssertionMismatch| one.unevaluated || one.unsupported;
        !self.holds() && self.mismatches.iter().all(is_unknown)
    }
}

/// Holds every candidate against the assertion. Each has a budget of its own, so others have their turn in between.
async fn judged<'a>(
    judgement: &Judgement,
    candidates: &'a [Arc<Value>],
    scope: &Scope,
) -> Vec<Judged<'a>> {
    let mut judged = Vec::with_capacity(candidates.len());
    for object in candidates {
        judged.push(Judged {
            object,
            mismatches: judgement.assertion.check(object, scope),
        });
        tokio::task::yield_now().await;
    }
    judged
}

/// The candidate with the fewest mismatches.
fn nearest<'a, 'b>(judged: &'b [Judged<'a>]) -> Option<&'b Judged<'a>> {
    judged.iter().min_by_key(|one| one.mismatches.len())
}

fn undecided_stop(judgement: &Judgement, undecided: &Judged<'_>) -> Stop {
    match undecided.mismatches.first() {
        Some(mismatch) => self::undecided(judgement, mismatch),
        None => Stop::unsupported(Failure::new(
            "expect::unsupported",
            "the assertion cannot be judged",
        )),
    }
}

/// Neither held nor failed: an expression asks for what is not here.
pub(crate) fn undecided(judgement: &Judgement, mismatch: &AssertionMismatch) -> Stop {
    let mut failure = Failure::new("expect::unsupported", mismatch.message.clone());
    failure.location = Some(location(&judgement.place.with_span(mismatch.span)));
    failure.help = Some("crosscut does not have this; write the assertion without it".to_owned());
    Stop::unsupported(failure)
}

/// Returns what an assertion is about.
///
/// # Errors
/// [`Stop`] for a template that cannot be evaluated, and for a name that is not text.
pub(crate) fn subject(judgement: &Judgement, scope: &Scope) -> Result<Subject, Stop> {
    let subject = judgement.assertion.subject(scope);
    let subject = subject.map_err(|problems| problem_stop(judgement, problems))?;
    if subject.namespace.as_deref() == Some("*") {
        let message = "the namespace * is the value of an expression; only written as it is, it means every namespace";
        let mut failure = Failure::new("name::invalid", message);
        failure.location = Some(location(&judgement.place));
        failure.help = Some("write namespace: \"*\", or give the name of one".to_owned());
        return Err(Stop::failed(failure));
    }
    Ok(about(subject, judgement))
}

/// The same subject, in every namespace if the document says so.
fn about(subject: Subject, judgement: &Judgement) -> Subject {
    Subject {
        everywhere: judgement.everywhere,
        ..subject
    }
}

/// Checks the names that an assertion about an Event gives.
///
/// # Errors
/// [`Stop`] for one that is not text.
pub(crate) fn involved(judgement: &Judgement, scope: &Scope) -> Result<(), Stop> {
    judgement
        .assertion
        .involved(scope)
        .map_err(|problems| problem_stop(judgement, problems))
}

fn problem_stop(judgement: &Judgement, problems: Vec<Problem>) -> Stop {
    let mut stop = Stop::misnamed(problems, &judgement.place);
    // What a template of an assertion is about has names of its own.
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

/// The objects that the assertion is about. An assertion without apiVersion and kind is about no
/// object: its expressions see null.
async fn candidates(
    subject: &Subject,
    side: Side,
    session: &mut Session,
) -> Result<Vec<Arc<Value>>, RequestError> {
    found(subject, session.api(side)).await
}

async fn found(subject: &Subject, api: &Api) -> Result<Vec<Arc<Value>>, RequestError> {
    match Target::of_subject(subject) {
        Some(target) => api.find(&target).await,
        None => match unnamed(subject) {
            Some(field) => Err(RequestError::Incomplete { field }),
            None => Ok(vec![Arc::new(Value::Null)]),
        },
    }
}

/// The field without which a subject that says anything about objects is about none.
fn unnamed(subject: &Subject) -> Option<&'static str> {
    let is_about_objects = *subject != Subject::default();
    match (&subject.api_version, &subject.kind) {
        (None, _) if is_about_objects => Some("apiVersion"),
        (_, None) if is_about_objects => Some("kind"),
        _ => None,
    }
}

fn mismatched(
    judgement: &Judgement,
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
    failure.diff = judgement.assertion.diff(nearest.object, scope);
    failure.mismatches = nearest
        .mismatches
        .iter()
        .map(|mismatch| wire(judgement, mismatch.clone()))
        .collect();
    failure
}

fn wire_nearest(nearest: &Judged<'_>, candidates: usize) -> Nearest {
    Nearest {
        object: object_name(nearest.object),
        differences: nearest.mismatches.len(),
        candidates,
    }
}

/// A mismatch as events carry it.
pub(crate) fn wire(judgement: &Judgement, mismatch: AssertionMismatch) -> Mismatch {
    Mismatch {
        path: mismatch.path,
        location: Some(location(&judgement.place.with_span(mismatch.span))),
        message: mismatch.message,
        expected: mismatch.expected,
        actual: mismatch.actual,
    }
}

/// No object has the name or the labels. Another of the kind may be what was meant: the one with the
/// fewest differences, and of those the one whose name is most alike.
async fn missing(
    judgement: &Judgement,
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
    let judged = judged(judgement, &others, scope).await;
    let nearest = judged.iter().min_by_key(|one| {
        let name = text(one.object, "/metadata/name");
        (one.mismatches.len(), distance(wanted, name))
    });
    if let Some(nearest) = nearest {
        failure.nearest = Some(wire_nearest(nearest, others.len()));
        failure.diff = judgement.assertion.diff(nearest.object, scope);
    }
    mask_secret_of(subject, session, &mut failure);
    failure
}

/// Masks what a failure says of the values of a Secret, unless they are to be shown.
fn mask_secret_of(subject: &Subject, session: &Session, failure: &mut Failure) {
    if subject.kind.as_deref() == Some("Secret") && session.secrets().is_some() {
        mask_secret(failure);
    }
}

/// Every object of the kind in the namespace, or else in all. Best effort, since a failure is being explained
/// already.
async fn others(subject: &Subject, side: Side, session: &mut Session) -> Vec<Arc<Value>> {
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

fn missing_message(subject: &Subject, side: Side, others: usize) -> String {
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

fn kind_of(subject: &Subject) -> &str {
    subject.kind.as_deref().unwrap_or("object")
}

async fn explained(
    mut stop: Stop,
    judgement: &Judgement,
    side: Side,
    objects: &[Value],
    session: &mut Session,
) -> Stop {
    if stop.failure.location.is_none() {
        stop.failure.location = Some(location(&judgement.place));
    }
    stop.failure.evidence = session.evidence(side, objects).await;
    let function = failing_function(&stop.failure.evidence);
    let function = function.map(|name| session.function_help(name));
    stop.failure.help = match (stop.failure.help.take(), function) {
        // What to do about a failure, beside how a scenario says that it is about one.
        (Some(help), Some(function)) if help == absence::EXPECT_IT => {
            Some(format!("{function}; {help}"))
        }
        (help, function) => help.or(function),
    };
    stop
}
