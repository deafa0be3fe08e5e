//! The actions of a step. Each has its own module unless it is a single call.

mod count;
mod expect;
mod kinds;
pub(crate) mod program;
mod reject;
mod table;
mod warning;
mod write;

use crosscut_expr::Scope;
use crosscut_suite::model::{Action, ActionKind, Expectation, Served, Side};

use crate::at_rest::Rejudge;
use crate::candidate;
use crate::expectation;
use crate::scope::with_bindings;
use crate::session::Session;
use crate::stop::Stop;
use crate::traffic;

/// Returns the action's name in documents.
pub(crate) fn name(kind: &ActionKind) -> &'static str {
    match kind {
        ActionKind::Apply(_) => "apply",
        ActionKind::Patch(_) => "patch",
        ActionKind::Delete { .. } => "delete",
        ActionKind::Expect(_) => "expect",
        ActionKind::Absent(_) => "absent",
        ActionKind::Count(_) => "count",
        ActionKind::Table(_) => "table",
        ActionKind::Reject { .. } => "reject",
        ActionKind::Events(_) => "events",
        ActionKind::Sleep(_) => "sleep",
        ActionKind::Program { .. } => "program",
        ActionKind::Request(_) => "request",
        ActionKind::Grpc(_) => "grpc",
    }
}

/// Performs one action.
///
/// # Errors
/// [`Stop`] if the action fails, which ends the trial.
pub(crate) async fn perform(
    action: &Action,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let scope = with_bindings(scope.clone(), &action.bindings)?;
    match &action.kind {
        ActionKind::Apply(_) | ActionKind::Patch(_) | ActionKind::Delete { .. } => {
            write::all(action, session, &scope).await
        }
        ActionKind::Reject { write, refusal } => {
            reject::must_refuse(write, refusal, action, session, &scope).await
        }
        ActionKind::Expect(expectations) => {
            expect::all(expectations, action, session, &scope).await
        }
        ActionKind::Absent(expectations) => {
            session.settle().await?;
            for expectation in expectations {
                absent(expectation, action.served, action.side, session, &scope).await?;
            }
            Ok(())
        }
        ActionKind::Count(count) => count::exactly(count, action.side, session, &scope).await,
        ActionKind::Table(table) => table::judge(table, action.side, session, &scope).await,
        ActionKind::Events(expectations) => {
            session.settle().await?;
            for event in expectations {
                candidate::involved(&event.expectation, &scope)?;
                if event.absent {
                    let side = action.side;
                    absent(&event.expectation, Served::Must, side, session, &scope).await?;
                } else {
                    expectation::event(&event.expectation, action.side, session, &scope).await?;
                }
            }
            Ok(())
        }
        ActionKind::Program { verb, programs } => {
            program::act(*verb, programs, session, &scope).await
        }
        ActionKind::Sleep(duration) => Ok(session.sleep(*duration).await?),
        ActionKind::Request(request) => traffic::request(request, action, session, &scope).await,
        ActionKind::Grpc(grpc) => traffic::grpc(grpc, action, session, &scope).await,
    }
}

/// Checks that no object matches the assertion, at rest.
async fn absent(
    expectation: &Expectation,
    served: Served,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut rejudge = Rejudge::at_rest(session);
    loop {
        let judged = expectation::absent(expectation, served, side, session, scope).await;
        if !rejudge.again(judged.as_ref().err(), session).await? {
            return judged;
        }
    }
}
