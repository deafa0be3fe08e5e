//! `expect`: assertions that must hold at rest, and the values that an expectation binds.

use std::time::Duration;

use crosscut_expr::Scope;
use crosscut_programs::stretched;
use crosscut_suite::model::{Action, Expectation};
use tokio::time::{Instant, sleep};

use crate::api::Api;
use crate::at_rest::Rejudge;
use crate::candidate;
use crate::expectation;
use crate::scope::evaluate_on;
use crate::session::Session;
use crate::stop::Stop;
use crate::timekeeper::Timekeeper;

/// The pause between two polls.
const POLL: Duration = Duration::from_millis(100);
/// The time that assertions may take to hold while a program under test runs, unless `within` is set.
const WITHIN: Duration = Duration::from_secs(10);

/// Checks that every assertion holds when both clusters are at rest. A running program under test may still have
/// work, which crosscut cannot see. While one runs, a failed assertion is polled.
///
/// # Errors
/// [`Stop`] for the first assertion that does not hold.
pub(super) async fn all(
    expectations: &[Expectation],
    action: &Action,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    session.settle().await?;
    let end = Instant::now() + stretched(action.within.unwrap_or(WITHIN));
    for expectation in expectations {
        // A template that names no object fails at once, without polling.
        candidate::subject(expectation, scope)?;
        let time = session.time();
        let api = session.api(action.side);
        if session.programs().any_runs() && wait_for(expectation, api, scope, end, &time).await {
            session.settle().await?;
        }
        let mut rejudge = Rejudge::at_rest(session);
        let object = loop {
            let judged = expectation::expect(expectation, action.side, session, scope).await;
            if !rejudge.again(judged.as_ref().err(), session).await? {
                break judged?;
            }
        };
        let mut scope = scope.clone();
        for output in &action.outputs {
            let value = evaluate_on(&output.value, &output.place, &object, &scope)?;
            scope = scope.bind(output.name.clone(), value.clone());
            session.bind(&output.name, value);
        }
    }
    Ok(())
}

/// Polls until the assertion holds or the time is over; returns true if it had to wait.
async fn wait_for(
    expectation: &Expectation,
    api: &Api,
    scope: &Scope,
    end: Instant,
    time: &Timekeeper,
) -> bool {
    let _pause = time.pause();
    let mut waited = false;
    while Instant::now() < end && expectation::look(expectation, api, scope).await.is_err() {
        sleep(POLL).await;
        waited = true;
    }
    waited
}
