//! `expect`, `absent` and `events`: assertion documents compared with the real objects, at rest.

use std::sync::Arc;
use std::time::Duration;

use crosscut_assertion::{Name, Subject};
use crosscut_events::Verdict;
use crosscut_expr::Scope;
use crosscut_suite::model::{Expectation, Served, Side};
use serde_json::Value;
use tokio::time::Instant;

use crate::absence;
use crate::api::Api;
use crate::candidate::{Judged, about, candidates, found, judged, nearest, subject};
use crate::evidence::object_name;
use crate::mismatch::{
    explained, kind_of, miscounted, mismatched, missing, not_absent, uncounted, undecided_stop,
};
use crate::request_error::RequestError;
use crate::session::Session;
use crate::stop::Stop;
use crate::stop::stop_of;

/// The pause between two polls for an Event.
const AGAIN: Duration = Duration::from_secs(1);

/// Checks that an object matches the assertion now, at rest or not.
///
/// # Errors
/// The first difference, as a short text.
pub(crate) async fn look(
    expectation: &Expectation,
    api: &Api,
    scope: &Scope,
) -> Result<(), String> {
    let subject = expectation.assertion.subject(scope);
    let subject = subject.map_err(|problems| {
        let first = problems.into_iter().next();
        first.map(|problem| problem.message).unwrap_or_default()
    })?;
    let candidates = found(&about(subject.clone(), expectation), api).await;
    let candidates = candidates.map_err(|error| error.to_string())?;
    let judged = judged(expectation, &candidates, scope).await;
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

/// Returns the first object that matches the assertion.
///
/// # Errors
/// [`Stop`] with the nearest candidate if there is none.
pub(crate) async fn expect(
    expectation: &Expectation,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<Value, Stop> {
    let subject = subject(expectation, scope)?;
    let candidates = match candidates(&subject, side, session).await {
        Ok(candidates) => candidates,
        Err(error) => {
            return Err(
                explained(stop_of(&error), expectation, &subject, side, &[], session).await,
            );
        }
    };
    let judged = judged(expectation, &candidates, scope).await;
    if let Some(found) = judged.iter().find(|one| one.holds()) {
        let still_holds = |object: &Value| expectation.assertion.check(object, scope).is_empty();
        session.known_mut().expected(found.object, still_holds);
        return Ok(found.object.clone());
    }
    let stop = match (
        judged.iter().find(|one| one.is_undecided()),
        nearest(&judged),
    ) {
        (Some(one), _) => undecided_stop(expectation, one),
        (None, Some(nearest)) => Stop::failed(mismatched(
            expectation,
            &subject,
            nearest,
            judged.len(),
            scope,
        )),
        (None, None) => {
            let failure = missing(expectation, &subject, side, session, scope).await;
            return Err(explained(
                Stop::failed(failure),
                expectation,
                &subject,
                side,
                &[],
                session,
            )
            .await);
        }
    };
    let concerned: Vec<Value> = nearest(&judged)
        .map(|one| one.object.clone())
        .into_iter()
        .collect();
    Err(explained(stop, expectation, &subject, side, &concerned, session).await)
}

/// Checks that an Event matches the assertion, and waits for a late one.
///
/// # Errors
/// [`Stop`] with the nearest candidate if no Event matches in time.
pub(crate) async fn event(
    expectation: &Expectation,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let end = Instant::now() + session.events_lag();
    loop {
        match expect(expectation, side, session, scope).await {
            Err(stop) if stop.verdict == Verdict::Failed && Instant::now() < end => {
                tokio::time::sleep(AGAIN).await;
            }
            judged => return judged.map(|event| session.known_mut().event(&event)),
        }
    }
}

/// Checks that no object matches the assertion, and that one could have existed: see [`absence`]. With `served: false`,
/// the kind must not be served.
///
/// # Errors
/// [`Stop`] with the object that exists, or with the reason why none could exist.
pub(crate) async fn absent(
    expectation: &Expectation,
    served: Served,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let subject = subject(expectation, scope)?;
    absence::has_values(expectation, scope)?;
    let shown = match candidates(&subject, side, session).await {
        Ok(candidates) => {
            let judged = judged(expectation, &candidates, scope).await;
            if let Some((stop, object)) = not_absent(expectation, &judged) {
                let object = std::slice::from_ref(object);
                return Err(explained(stop, expectation, &subject, side, object, session).await);
            }
            match served {
                Served::Must => {
                    let (api, seen) = (session.api(side), session.seen());
                    could_be_there(expectation, &subject, side, api, &seen).await
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
        Err(stop) => Err(explained(stop, expectation, &subject, side, &[], session).await),
    }
}

/// Checks that an object of a served kind could match the assertion.
async fn could_be_there(
    expectation: &Expectation,
    subject: &Subject,
    side: Side,
    api: &Api,
    seen: &absence::Seen<'_>,
) -> Result<(), Stop> {
    absence::is_possible(expectation, subject, api).await?;
    absence::shows_something(subject, side, seen).await
}

/// Returns the objects that match the assertion; there must be `number` of them.
///
/// # Errors
/// [`Stop`] if there are more or fewer.
pub(crate) async fn matching(
    expectation: &Expectation,
    number: usize,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<Vec<Arc<Value>>, Stop> {
    let subject = subject(expectation, scope)?;
    absence::has_values(expectation, scope)?;
    let candidates = match candidates(&subject, side, session).await {
        Ok(candidates) => candidates,
        Err(error) => {
            return Err(
                explained(stop_of(&error), expectation, &subject, side, &[], session).await,
            );
        }
    };
    let judged = judged(expectation, &candidates, scope).await;
    let mut stop = uncounted(expectation, &judged);
    let matches = judged.iter().filter(|one| one.holds()).count();
    if stop.is_none() && matches != number {
        stop = Some(Stop::failed(miscounted(
            expectation,
            &subject,
            &judged,
            number,
            scope,
        )));
    }
    let holds: Vec<bool> = judged.iter().map(Judged::holds).collect();
    if stop.is_none() {
        // Too few objects prove as little as none, if no controller could have created more.
        let shown = absence::shows_something(&subject, side, &session.seen()).await;
        stop = shown.err();
    }
    match stop {
        Some(stop) => Err(explained(stop, expectation, &subject, side, &[], session).await),
        None => Ok(candidates
            .into_iter()
            .zip(holds)
            .filter_map(|(object, holds)| holds.then_some(object))
            .collect()),
    }
}

/// Checks one object against an assertion that names none.
///
/// # Errors
/// [`Stop`] with the differences.
pub(crate) async fn holds(
    expectation: &Expectation,
    object: &Value,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let candidates = [Arc::new(object.clone())];
    let judged = judged(expectation, &candidates, scope).await;
    let Some(one) = judged.iter().find(|one| !one.holds()) else {
        return Ok(());
    };
    let subject = Subject {
        kind: object["kind"].as_str().and_then(Name::new),
        ..Subject::default()
    };
    let stop = match one.is_undecided() {
        true => undecided_stop(expectation, one),
        false => Stop::failed(mismatched(expectation, &subject, one, 1, scope)),
    };
    let object = std::slice::from_ref(object);
    Err(explained(stop, expectation, &subject, side, object, session).await)
}
