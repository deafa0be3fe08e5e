//! Composing: the observed state goes into the pipeline of functions, and the desired state is applied
//! (composition_functions.go).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use function_sdk_rust::proto::v1::{
    Condition as FunctionCondition, Ready, Result as FunctionResult, Severity, Status,
};
use serde_json::Value;

use super::composed::Composed;
use super::request::Observation;
use super::stop::COMPOSE;
use super::xr::Xr;
use super::{Session, desired, observe, request, requirements, write};
use crate::condition::Condition;
use crate::error::{Error, Wrap};
use crate::object;
use crate::recorder::NewEvent;
use crosscut_functions::FunctionCall;
use crosscut_functions::wire::{RunFunctionResponse, State};

/// The result of composing.
#[derive(Debug, Default)]
pub(super) struct Composition {
    pub(super) composed: Vec<Composed>,
    /// The readiness of the composite that the functions set explicitly.
    pub(super) ready: Option<bool>,
    pub(super) events: Vec<NewEvent>,
    pub(super) conditions: Vec<Condition>,
    /// The longest time until the next reconcile.
    pub(super) ttl: Option<Duration>,
}

/// The reason why composing failed. After a fatal result, with the events and conditions of the functions so far;
/// otherwise without them.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) error: Error,
    pub(super) events: Vec<NewEvent>,
    pub(super) conditions: Vec<Condition>,
}

impl From<Error> for Box<Partial> {
    fn from(error: Error) -> Self {
        Box::new(Partial {
            error,
            events: Vec::new(),
            conditions: Vec::new(),
        })
    }
}

/// The responses of the functions so far, merged.
#[derive(Default)]
struct Said {
    desired: Option<State>,
    context: Option<Bytes>,
    events: Vec<NewEvent>,
    conditions: Vec<Condition>,
    ttl: Option<Duration>,
}

/// Runs the pipeline of a revision and applies the desired state. Afterwards `xr` is the composite as stored.
pub(super) async fn compose(
    session: &Session<'_>,
    xr: &mut Xr,
    revision: &Value,
) -> Result<Composition, Box<Partial>> {
    let observed = observe::composed(session, xr)
        .await
        .context("cannot get existing composed resources")?;
    let connection = observe::composite_connection(session, xr)
        .await
        .context("cannot fetch composite resource connection details")?;
    let observation = request::observed_state(session, xr, connection, &observed);
    let objects = observed
        .iter()
        .map(|(name, one)| (name.clone(), Arc::clone(&one.object)))
        .collect();
    let mut said = Said {
        desired: Some(State::default()),
        context: Some(Bytes::new()),
        ..Said::default()
    };
    let steps = object::at(revision, &["spec", "pipeline"]).and_then(Value::as_array);
    for step in steps.into_iter().flatten() {
        run_step(session, step, &observation, &objects, &mut said).await?;
    }
    drop(observation);
    let State {
        composite,
        resources,
    } = said.desired.unwrap_or_default();
    let desired = desired::composed(session, xr, resources, &observed).await?;
    write::collect_garbage(session, xr, &observed, &desired).await?;
    write::references(session, xr, &desired).await?;
    write::upgrade_managers(session, &observed).await?;
    let mut events = said.events;
    let composed = write::objects(session, xr, &desired, &mut events).await?;
    let composite = composite.unwrap_or_default();
    let ready = match Ready::try_from(composite.ready) {
        Ok(Ready::True) => Some(true),
        Ok(Ready::False) => Some(false),
        _ => None,
    };
    let status = composite
        .resource
        .map(desired::decoded)
        .transpose()
        .context("cannot read the desired composite resource")?;
    write::status(session, xr, status).await?;
    Ok(Composition {
        composed,
        ready,
        events,
        conditions: said.conditions,
        ttl: said.ttl,
    })
}

/// Runs one step; its desired state and context replace those of the step before.
async fn run_step(
    session: &Session<'_>,
    step: &Value,
    observed: &Observation,
    objects: &BTreeMap<String, Arc<Value>>,
    said: &mut Said,
) -> Result<(), Box<Partial>> {
    let name = object::text(step, &["step"]);
    let request = request::build(
        session,
        step,
        observed,
        said.desired.take(),
        said.context.take(),
    )
    .await?;
    let call = FunctionCall::with_observed(request, objects);
    let response = call_function(session, step, call)
        .await
        .with_context(|| format!("cannot run Composition pipeline step {name:?}"))?;
    said.ttl = shorter(said.ttl, &response);
    said.conditions
        .extend(response.conditions.into_iter().map(condition));
    for result in response.results {
        if result.severity == Severity::Fatal as i32 {
            let error = Error::new(format!(
                "pipeline step {name:?} returned a fatal result: {}",
                result.message
            ));
            let (events, conditions) = (
                std::mem::take(&mut said.events),
                std::mem::take(&mut said.conditions),
            );
            return Err(Box::new(Partial {
                error,
                events,
                conditions,
            }));
        }
        said.events.push(new_event(name, result));
    }
    said.desired = response.desired;
    said.context = response.context;
    Ok(())
}

async fn call_function(
    session: &Session<'_>,
    step: &Value,
    call: FunctionCall<'_>,
) -> Result<RunFunctionResponse, Error> {
    let name = object::text(step, &["functionRef", "name"]);
    let function = session
        .functions
        .get(name)
        .with_context(|| format!("cannot run Function {name:?}"))?;
    requirements::run(session, function.as_ref(), call)
        .await
        .with_context(|| format!("cannot run Function {name:?}"))
}

/// Returns the shortest time to live of all responses so far; zero means none.
fn shorter(before: Option<Duration>, response: &RunFunctionResponse) -> Option<Duration> {
    let asked = response
        .meta
        .as_ref()
        .and_then(|meta| meta.ttl.as_ref())
        .and_then(|ttl| {
            let seconds = u64::try_from(ttl.seconds).ok()?;
            let nanoseconds = u32::try_from(ttl.nanos)
                .ok()
                .filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
            Some(Duration::new(seconds, nanoseconds))
        });
    match (before, asked.filter(|asked| !asked.is_zero())) {
        (Some(before), Some(asked)) => Some(before.min(asked)),
        (before, asked) => before.or(asked),
    }
}

fn condition(said: FunctionCondition) -> Condition {
    let status = match Status::try_from(said.status) {
        Ok(Status::ConditionTrue) => "True",
        Ok(Status::ConditionFalse) => "False",
        _ => "Unknown",
    };
    Condition::new(&said.r#type, status, &said.reason).message(said.message.unwrap_or_default())
}

/// Converts a function's result to an event.
fn new_event(step: &str, result: FunctionResult) -> NewEvent {
    let reason = result
        .reason
        .filter(|reason| !reason.is_empty())
        .unwrap_or_else(|| COMPOSE.to_owned());
    let message = result.message;
    match Severity::try_from(result.severity) {
        Ok(Severity::Normal) => {
            NewEvent::normal(&reason, format!("Pipeline step {step:?}: {message}"))
        }
        Ok(Severity::Warning | Severity::Fatal) => {
            NewEvent::warning(&reason, format!("Pipeline step {step:?}: {message}"))
        }
        Ok(Severity::Unspecified) | Err(_) => NewEvent::warning(
            &reason,
            format!(
                "Pipeline step {step:?} returned a result of unknown severity (assuming warning): {message}"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use function_sdk_rust::proto::v1::ResponseMeta;
    use rstest::rstest;

    use super::*;

    fn with_ttl(seconds: i64) -> RunFunctionResponse {
        let ttl = Some(pbjson_types::Duration { seconds, nanos: 0 });
        RunFunctionResponse {
            meta: Some(ResponseMeta {
                tag: String::new(),
                ttl,
            }),
            ..RunFunctionResponse::default()
        }
    }

    #[rstest]
    #[case::none(&[], None)]
    #[case::zero_is_none(&[0, 0], None)]
    #[case::the_shortest(&[60, 0, 10, 30], Some(10))]
    #[case::negative_is_none(&[-5, 60], Some(60))]
    fn time_to_live(#[case] said: &[i64], #[case] shortest: Option<u64>) {
        let ttl = said
            .iter()
            .fold(None, |before, seconds| shorter(before, &with_ttl(*seconds)));
        assert_eq!(ttl, shortest.map(Duration::from_secs));
    }

    #[rstest]
    #[case::normal(Severity::Normal as i32, None, NewEvent::normal("ComposeResources", "Pipeline step \"s\": m"))]
    #[case::with_reason(Severity::Warning as i32, Some("R"), NewEvent::warning("R", "Pipeline step \"s\": m"))]
    #[case::empty_reason(Severity::Normal as i32, Some(""), NewEvent::normal("ComposeResources", "Pipeline step \"s\": m"))]
    #[case::unknown(
        99,
        None,
        NewEvent::warning(
            "ComposeResources",
            "Pipeline step \"s\" returned a result of unknown severity (assuming warning): m"
        )
    )]
    fn results_are_events(
        #[case] severity: i32,
        #[case] reason: Option<&str>,
        #[case] event: NewEvent,
    ) {
        let result = FunctionResult {
            severity,
            message: "m".to_owned(),
            reason: reason.map(str::to_owned),
            target: None,
        };
        assert_eq!(new_event("s", result), event);
    }
}
