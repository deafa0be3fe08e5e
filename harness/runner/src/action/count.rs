//! `count`: a number of objects that must match at rest.

use std::sync::Arc;

use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_suite::model::{Count, Served, Side};

use crate::at_rest::Rejudge;
use crate::expectation;
use crate::scope::evaluate;
use crate::session::Session;
use crate::stop::{Stop, location};

/// Checks that the given number of objects matches, and that each matches the assertion for each.
///
/// # Errors
/// [`Stop`] if another number matches, or if the absence of more objects is no evidence.
pub(super) async fn exactly(
    count: &Count,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let number = number(count, scope)?;
    session.settle().await?;
    let mut rejudge = Rejudge::at_rest(session);
    loop {
        let judged = once(count, number, side, session, scope).await;
        if !rejudge.again(judged.as_ref().err(), session).await? {
            return judged;
        }
    }
}

async fn once(
    count: &Count,
    number: usize,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    // `exactly: 0` means the same as `absent`, and needs the same evidence.
    if number == 0 {
        let served = Served::Must;
        return expectation::absent(&count.expectation, served, side, session, scope).await;
    }
    let found = expectation::matching(&count.expectation, number, side, session, scope).await?;
    let Some(each) = &count.each else {
        return Ok(());
    };
    for object in found {
        let object = Arc::unwrap_or_clone(object);
        expectation::holds(each, &object, side, session, scope).await?;
    }
    Ok(())
}

/// Returns the required number.
fn number(count: &Count, scope: &Scope) -> Result<usize, Stop> {
    let place = count.expectation.place.with_span(count.exactly.span);
    let value = evaluate(&count.exactly, &place, scope)?;
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| {
        let message = format!("exactly must be a whole number that is not below 0, and is {value}");
        let mut failure = Failure::new("count::number", message);
        failure.location = Some(location(&count.expectation.place));
        Stop::failed(failure)
    })
}
