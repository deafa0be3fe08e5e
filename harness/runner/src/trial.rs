//! One trial: lease, steps, verdict.

use crosscut_cluster::{Cluster, ClusterError, SettleError, Side};
use crosscut_events::{Event, Evidence, Failure, Location, TrialId, TrialReport, Verdict, Warning};
use crosscut_expr::Scope;
use crosscut_suite::Trial;
use crosscut_suite::model::{Place, Step};
use tokio::sync::mpsc::UnboundedSender;

use crate::action;
use crate::run::RunOptions;
use crate::scope::{TemplateError, trial_scope, with_bindings};
use crate::session::Session;

/// Why a trial ends before its last action.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) verdict: Verdict,
    /// Boxed: a failure is large, and every action returns one of these.
    pub(crate) failure: Box<Failure>,
}

impl Stop {
    pub(crate) fn failed(failure: Failure) -> Stop {
        Stop {
            verdict: Verdict::Failed,
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

impl From<TemplateError> for Stop {
    fn from(error: TemplateError) -> Stop {
        let mut failure = Failure::new("template::evaluation", error.message);
        failure.location = Some(location(&error.place));
        failure.help = error.help;
        Stop::failed(failure)
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

/// Where a document says something, for reports.
pub(crate) fn location(place: &Place) -> Location {
    let position = place.position();
    Location {
        file: place.source.name.clone(),
        line: position.line,
        column: position.column,
    }
}

/// Runs a trial and judges it. The duration is the caller's to fill in.
pub(crate) async fn run_trial(
    trial: &Trial,
    cluster: &dyn Cluster,
    options: &RunOptions,
    id: &TrialId,
    events: &UnboundedSender<Event>,
) -> TrialReport {
    let mut report = TrialReport {
        trial: id.clone(),
        verdict: Verdict::Passed,
        duration_ms: 0,
        failures: Vec::new(),
        reason: None,
        warnings: Vec::new(),
    };
    if let Some(reason) = &trial.skip {
        report.verdict = Verdict::Skipped;
        report.reason = Some(reason.clone());
        return report;
    }
    match cluster.lease(trial, options.seed).await {
        Ok(lease) => {
            let mut session = Session::new(lease);
            let outcome = run_steps(trial, &mut session, id, events).await;
            report.warnings = warnings(&mut session).await;
            if options.final_objects {
                send_objects(&mut session, id, events).await;
            }
            session.close().await;
            conclude(&mut report, outcome);
        }
        Err(ClusterError::Unsupported { reason }) => {
            report.verdict = Verdict::Unsupported;
            report.reason = Some(reason);
        }
        Err(error) => conclude(&mut report, Err(Stop::errored(cluster_failure(&error)))),
    }
    report
}

/// Sends what the trial leaves on each side.
async fn send_objects(session: &mut Session, id: &TrialId, events: &UnboundedSender<Event>) {
    for side in [Side::Control, Side::Target] {
        let objects = session.objects(side).await;
        let left = Event::FinalObjects {
            trial: id.clone(),
            side: side.as_str().to_owned(),
            namespace: session.namespace().to_owned(),
            objects,
        };
        // Nobody listening any more is no reason to stop judging.
        let _ = events.send(left);
    }
}

fn conclude(report: &mut TrialReport, outcome: Result<(), Stop>) {
    if let Err(stop) = outcome {
        report.verdict = stop.verdict;
        report.failures.push(*stop.failure);
    }
}

async fn run_steps(
    trial: &Trial,
    session: &mut Session,
    id: &TrialId,
    events: &UnboundedSender<Event>,
) -> Result<(), Stop> {
    let scope = trial_scope(trial, session.namespace())?;
    for step in &trial.scenario.steps {
        // Nobody listening any more is no reason to stop judging.
        let _ = events.send(Event::StepStarted {
            trial: id.clone(),
            step: step.name.clone(),
        });
        run_step(step, session, &scope).await.map_err(|mut stop| {
            stop.failure.step.clone_from(&step.name);
            stop
        })?;
    }
    // What nothing looked at must come to rest too: a scenario that ends in a livelock has not passed.
    session.settle().await?;
    Ok(())
}

async fn run_step(step: &Step, session: &mut Session, scope: &Scope) -> Result<(), Stop> {
    // A step begins at rest: what the one before brought about can be written to.
    session.settle().await?;
    let scope = with_bindings(scope.clone(), &step.bindings)?;
    for action in &step.actions {
        action::perform(action, session, &scope)
            .await
            .map_err(|mut stop| {
                if stop.failure.action.is_empty() {
                    stop.failure.action = action::name(&action.kind).to_owned();
                }
                if stop.failure.location.is_none() {
                    stop.failure.location = Some(location(&action.place));
                }
                stop
            })?;
    }
    Ok(())
}

fn cluster_failure(error: &ClusterError) -> Failure {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    let code = match error {
        ClusterError::Function { .. } => "cluster::function",
        ClusterError::Install { .. } => "cluster::install",
        ClusterError::Settle { .. } => "cluster::settle",
        _ => "cluster::lease",
    };
    Failure::new(code, message)
}

/// Warning events of providers about what they were told to do: they decide no verdict.
async fn warnings(session: &mut Session) -> Vec<Warning> {
    session
        .evidence(&[])
        .await
        .events
        .into_iter()
        .filter(|event| event.kind == "Warning")
        .map(|event| Warning {
            about: event.object,
            message: format!("{}: {}", event.reason, event.message),
        })
        .collect()
}
