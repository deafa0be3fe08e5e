//! `expect`: assertions that must hold at rest, and what is bound of the object that one is about.

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

/// Between two rejudge.
const POLL: Duration = Duration::from_millis(100);
/// The time that is waited for programs under test, unless it is said.
const WITHIN: Duration = Duration::from_secs(10);

/// Every assertion must hold when both clusters are at rest. Whether a program under test has more to do nobody can
/// see: while one runs, what does not hold yet is waited for.
///
/// # Errors
/// The first that does not hold.
pub(super) async fn all(
    expectations: &[Expectation],
    action: &Action,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    session.settle().await?;
    let end = Instant::now() + stretched(action.within.unwrap_or(WITHIN));
    for expectation in expectations {
        // What names nothing is not waited for.
        candidate::subject(expectation, scope)?;
        let time = session.time();
        let api = session.api(action.side);
        if session.programs().any_runs() && wait_for(expectation, api, scope, end, &time).await {
            session.settle().await?;
        }
        let mut looks = Rejudge::at_rest(session);
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

/// Rejudge until the assertion holds, or for as long as is allowed; says whether anything was waited for.
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
