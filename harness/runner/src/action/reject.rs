//! `reject`: writes that the control plane must refuse, and what the refusal must say.

use crosscut_events::{Failure, Mismatch};
use crosscut_expr::Scope;
use crosscut_suite::model::{Action, ActionKind, Refusal};
use kube::core::Status;
use serde_json::{Value, json};

use crate::action::write::{self, Evaluated, SendError};
use crate::request_error::RequestError;
use crate::scope::evaluate;
use crate::session::Session;
use crate::stop::NOT_IMPLEMENTED;
use crate::stop::{Stop, location};

/// Checks that every write of `write` is refused, and that each refusal matches `refusal`.
///
/// # Errors
/// [`Stop`] for the first write that is granted, or refused differently.
pub(crate) async fn must_refuse(
    write: &ActionKind,
    refusal: &Refusal,
    action: &Action,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let messages = expected_messages(refusal, action, scope)?;
    // A refusal can depend on the earlier writes, for example on an object in use or an immutable
    // field.
    session.settle().await?;
    for evaluated in write::writes(write, scope)? {
        match evaluated.send(action, session).await {
            Ok(_) => return Err(granted(&evaluated)),
            Err(SendError::Request(RequestError::Refused(status)))
                if status.code != NOT_IMPLEMENTED =>
            {
                let mismatches = mismatches(refusal, &messages, &status);
                if !mismatches.is_empty() {
                    return Err(refused_otherwise(&evaluated, &status, mismatches));
                }
            }
            Err(error) => {
                let mut stop = Stop::from(error);
                stop.failure
                    .location
                    .get_or_insert(location(evaluated.place()));
                return Err(stop);
            }
        }
    }
    Ok(())
}

fn expected_messages(
    refusal: &Refusal,
    action: &Action,
    scope: &Scope,
) -> Result<Vec<String>, Stop> {
    refusal
        .message
        .iter()
        .map(|node| {
            let value = evaluate(node, &action.place, scope)?;
            Ok(value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect()
}

fn granted(evaluated: &Evaluated<'_>) -> Stop {
    let message = format!("{} was accepted, but must be refused", evaluated.subject());
    let mut failure = Failure::new("reject::granted", message);
    failure.location = Some(location(evaluated.place()));
    Stop::failed(failure)
}

fn refused_otherwise(
    evaluated: &Evaluated<'_>,
    status: &Status,
    mismatches: Vec<Mismatch>,
) -> Stop {
    let message = format!(
        "{} was refused, but not as expected: {}",
        evaluated.subject(),
        status.message
    );
    let mut failure = Failure::new("reject::otherwise", message);
    failure.location = Some(location(evaluated.place()));
    failure.mismatches = mismatches;
    Stop::failed(failure)
}

fn mismatches(refusal: &Refusal, messages: &[String], status: &Status) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if let Some(code) = refusal.code.filter(|code| *code != status.code) {
        found.push(mismatch(
            "code",
            "is another status code",
            json!(code),
            json!(status.code),
        ));
    }
    if let Some(reason) = refusal
        .reason
        .as_ref()
        .filter(|reason| **reason != status.reason)
    {
        found.push(mismatch(
            "reason",
            "is another reason",
            json!(reason),
            json!(status.reason),
        ));
    }
    for message in messages
        .iter()
        .filter(|message| !status.message.contains(*message))
    {
        found.push(mismatch(
            "message",
            "does not contain the text",
            json!(message),
            json!(status.message),
        ));
    }
    found
}

fn mismatch(path: &str, message: &str, expected: Value, actual: Value) -> Mismatch {
    Mismatch {
        path: path.to_owned(),
        location: None,
        message: message.to_owned(),
        expected,
        actual: Some(actual),
    }
}

#[cfg(test)]
mod tests {
    use crosscut_suite::model::Refusal;
    use kube::core::Status;
    use rstest::rstest;

    use super::mismatches;

    /// Compares the parts of a refusal with the expected ones; returns the paths that differ.
    #[rstest]
    #[case::nothing_is_asked(None, None, &[], &[])]
    #[case::all_holds(Some(422), Some("Invalid"), &["spec.size", "less than"], &[])]
    #[case::another_code(Some(403), None, &[], &["code"])]
    #[case::another_reason(None, Some("Forbidden"), &[], &["reason"])]
    #[case::a_reason_is_whole(None, Some("Inval"), &[], &["reason"])]
    #[case::one_text_of_two(None, None, &["spec.size", "spec.colour"], &["message"])]
    #[case::case_matters(None, None, &["Spec.Size"], &["message"])]
    #[case::everything_is_shown(Some(409), Some("Conflict"), &["a", "zz", "yy"], &["code", "reason", "message", "message"])]
    fn every_part_must_hold(
        #[case] code: Option<u16>,
        #[case] reason: Option<&str>,
        #[case] messages: &[&str],
        #[case] expected: &[&str],
    ) {
        let refusal = Refusal {
            code,
            reason: reason.map(str::to_owned),
            message: Vec::new(),
        };
        let status = Status {
            code: 422,
            reason: "Invalid".to_owned(),
            message: "spec.size: must be less than 9".to_owned(),
            ..Status::default()
        };
        let messages: Vec<String> = messages.iter().map(|text| (*text).to_owned()).collect();
        let found = mismatches(&refusal, &messages, &status);
        let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, expected);
    }
}
