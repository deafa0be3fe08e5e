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

/// So many objects must match, and each must be as is said of each.
///
/// # Errors
/// [`Stop`] if there are others, or if that there are no more shows nothing.
pub(super) async fn exactly(
    count: &Count,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let number = number(count, scope)?;
    session.settle().await?;
    let mut looks = Rejudge::at_rest(session);
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
    // None at all is what `absent` says, and shows as much as that.
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

/// Returns the number that there must be.
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
