//! The end of a trial before its last action, and the failures of requests.

use crosscut_assertion::Problem;
use crosscut_cluster::SettleError;
use crosscut_events::{Evidence, Failure, Location, Verdict};
use crosscut_suite::model::Place;

use crate::request_error::RequestError;
use crate::scope::TemplateError;

/// The reason why a trial ends before its last action.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) verdict: Verdict,
    /// The failure, boxed: it is large, and every action returns a result with one.
    pub(crate) failure: Box<Failure>,
}

impl Stop {
    pub(crate) fn failed(failure: Failure) -> Stop {
        Stop {
            verdict: Verdict::Failed,
            failure: Box::new(failure),
        }
    }

    pub(crate) fn unsupported(failure: Failure) -> Stop {
        Stop {
            verdict: Verdict::Unsupported,
            failure: Box::new(failure),
        }
    }

    pub(crate) fn errored(failure: Failure) -> Stop {
        Stop {
            verdict: Verdict::Errored,
            failure: Box::new(failure),
        }
    }
}

impl Stop {
    /// Returns the failure for a document with a name that is not a string. No request is sent instead.
    pub(crate) fn misnamed(problems: Vec<Problem>, place: &Place) -> Stop {
        let Some(problem) = problems.into_iter().next() else {
            let mut failure = Failure::new("name::invalid", "the document names no kind");
            failure.location = Some(location(place));
            return Stop::failed(failure);
        };
        Stop::from(TemplateError::of(problem, place))
    }
}

impl From<TemplateError> for Stop {
    fn from(error: TemplateError) -> Stop {
        let mut failure = Failure::new(error.code, error.message);
        failure.location = Some(location(&error.place));
        failure.help = error.help;
        if error.unsupported {
            Stop::unsupported(failure)
        } else {
            Stop::failed(failure)
        }
    }
}

impl From<SettleError> for Stop {
    fn from(error: SettleError) -> Stop {
        let SettleError::Unsettled { reason, moving } = error else {
            return Stop::errored(Failure::new(
                "settle::failed",
                "the control plane did not settle",
            ));
        };
        let mut failure = Failure::new("settle::unsettled", reason);
        failure.evidence = Evidence {
            notes: moving,
            ..Evidence::default()
        };
        failure.help =
            Some("the notes name what kept moving; look for two writers of one field".to_owned());
        Stop {
            verdict: Verdict::Unsettled,
            failure: Box::new(failure),
        }
    }
}

/// Returns the location of a document's place, for reports.
pub(crate) fn location(place: &Place) -> Location {
    let position = place.position();
    Location {
        file: place.source.name.clone(),
        line: position.line,
        column: position.column,
    }
}

/// The status with which the embedded API server reports a missing feature; real API servers do not use
/// it.
pub(crate) const NOT_IMPLEMENTED: u16 = 501;

fn not_implemented(status: &kube::core::Status) -> Failure {
    let mut failure = Failure::new("api::unsupported", status.message.clone());
    failure.help =
        Some("--cluster envtest, kind and kubeconfig have an API server that does".to_owned());
    failure
}

/// Returns the failure for a refused or impossible request.
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
        // No CRD defines a kind of these groups.
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

/// Returns the end of the trial for a failed request: `errored` if the environment broke, `failed`
/// otherwise.
pub(crate) fn stop_of(error: &RequestError) -> Stop {
    match error {
        RequestError::Transport(_) => Stop::errored(api_failure(error)),
        RequestError::Refused(status) if status.code == NOT_IMPLEMENTED => {
            Stop::unsupported(not_implemented(status))
        }
        _ => Stop::failed(api_failure(error)),
    }
}
