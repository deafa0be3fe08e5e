//! The actions of a step, one module each where there is more to say than a call.

mod count;
mod expect;
mod kinds;
mod reject;
mod table;
mod warning;
mod write;

use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_suite::model::{Action, ActionKind, Judgement, Served, Side};

use crate::api::RequestError;
use crate::at_rest::Looks;
use crate::expectation;
use crate::programs;
use crate::scope::with_bindings;
use crate::session::Session;
use crate::traffic;
use crate::trial::Stop;

/// The action's name as documents write it.
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

/// Does one action.
///
/// # Errors
/// [`Stop`] where it fails: the trial ends there.
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
        ActionKind::Expect(judgements) => expect::all(judgements, action, session, &scope).await,
        ActionKind::Absent(judgements) => {
            session.settle().await?;
            for judgement in judgements {
                absent(judgement, action.served, action.side, session, &scope).await?;
            }
            Ok(())
        }
        ActionKind::Count(count) => count::exactly(count, action.side, session, &scope).await,
        ActionKind::Table(table) => table::judge(table, action.side, session, &scope).await,
        ActionKind::Events(judgements) => {
            session.settle().await?;
            for event in judgements {
                expectation::involved(&event.judgement, &scope)?;
                if event.absent {
                    let side = action.side;
                    absent(&event.judgement, Served::Must, side, session, &scope).await?;
                } else {
                    expectation::event(&event.judgement, action.side, session, &scope).await?;
                }
            }
            Ok(())
        }
        ActionKind::Program { verb, programs } => {
            programs::act(*verb, programs, session, &scope).await
        }
        ActionKind::Sleep(duration) => Ok(session.sleep(*duration).await?),
        ActionKind::Request(request) => traffic::request(request, action, session, &scope).await,
        ActionKind::Grpc(grpc) => traffic::grpc(grpc, action, session, &scope).await,
    }
}

/// No object may be as the assertion says, at rest.
async fn absent(
    judgement: &Judgement,
    served: Served,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut looks = Looks::at_rest(session);
    loop {
        let judged = expectation::absent(judgement, served, side, session, scope).await;
        if !looks.again(judged.as_ref().err(), session).await? {
            return judged;
        }
    }
}

/// The status with which the embedded API server says that it lacks something; others have no use for it.
const NOT_IMPLEMENTED: u16 = 501;

fn not_implemented(status: &kube::core::Status) -> Failure {
    let mut failure = Failure::new("api::unsupported", status.message.clone());
    failure.help =
        Some("--cluster envtest, kind and kubeconfig have an API server that does".to_owned());
    failure
}

/// A request that the control plane did not grant, as a failure.
pub(crate) fn api_failure(error: &RequestError) -> Failure {
    let mut failure = match error {
        RequestError::NoSuchKind { .. } => Failure::new("api::no_such_kind", error.to_string()),
        RequestError::Incomplete { .. } => Failure::new("api::incomplete", error.to_string()),
        RequestError::Unnameable { .. } => Failure::new("name::invalid", error.to_string()),
        RequestError::Refused(status) => {
            let reason = if status.reason.is_empty() {
                "no reason"
            } else {
                status.reason.as_str()
            };
            let message = format!("refused with {} {reason}: {}", status.code, status.message);
            Failure::new("api::refused", message)
        }
        RequestError::NotMine { .. } => Failure::new("write::not_mine", error.to_string()),
        RequestError::Transport(source) => {
            Failure::new("api::transport", format!("{error}: {source}"))
        }
    };
    failure.help = request_help(error).map(str::to_owned);
    failure
}

pub(crate) fn request_help(error: &RequestError) -> Option<&'static str> {
    match error {
        RequestError::NotMine { help, .. } => Some(*help),
        // No CRD brings a kind of such a group.
        RequestError::NoSuchKind { api_version, .. }
            if crosscut_kinds::is_own_group(crosscut_kinds::group_of(api_version)) =>
        {
            Some(
                "check apiVersion and kind: Kubernetes 1.34 has no such kind, unless a flag of kube-apiserver turns it on",
            )
        }
        RequestError::NoSuchKind { .. } => Some(
            "install its CRD by the provider's crds or the suite's install, or check apiVersion and kind",
        ),
        RequestError::Refused(status) if status.message.contains("strict decoding error") => Some(
            "the schema does not know the field; \"validation: warn\" beside the action drops it instead",
        ),
        _ => None,
    }
}

/// Whether the environment broke rather than an expectation.
pub(crate) fn stop_of(error: &RequestError) -> Stop {
    match error {
        RequestError::Transport(_) => Stop::errored(api_failure(error)),
        RequestError::Refused(status) if status.code == NOT_IMPLEMENTED => {
            Stop::unsupported(not_implemented(status))
        }
        _ => Stop::failed(api_failure(error)),
    }
}
