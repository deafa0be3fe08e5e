//! One trial: lease, steps, verdict.

use std::sync::Arc;
use std::time::Duration;

use crosscut_cluster::{Cluster, ClusterError, Lease, SettleError, Side, until_broken};
use crosscut_events::{Event, Failure, TrialId, TrialReport, Verdict, Warning};
use crosscut_expr::{Scope, Surroundings};
use crosscut_suite::Trial;
use crosscut_suite::model::{Place, Step};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::action;
use crate::at_rest::Rejudge;
use crate::functions;
use crate::lacking;
use crate::programs::Programs;
use crate::scope::{trial_scope, with_bindings};
use crate::session::Session;
use crate::stop::{Stop, location};
use crate::timekeeper::{Timekeeper, milliseconds};
use crate::traffic::Upstreams;
use crate::{Machine, RunOptions};

/// The shortest time between two reports that a trial is slow.
const SLOW_AGAIN: Duration = Duration::from_secs(1);

/// Runs a trial and judges it. The caller sets the duration.
///
/// The timeout covers only the trial's own steps: building a function or creating a provider's base can take long, has
/// its own limits, and would count against whichever trial comes first.
pub(crate) async fn run_trial(
    trial: &Trial,
    cluster: &dyn Cluster,
    options: &RunOptions,
    seed: u64,
    id: &TrialId,
    events: &UnboundedSender<Event>,
) -> TrialReport {
    let mut report = TrialReport::of(id.clone(), Verdict::Passed);
    if let Some(reason) = not_meant_for(trial, cluster.kind()) {
        report.verdict = Verdict::Skipped;
        report.reason = Some(reason.to_owned());
        return report;
    }
    let options = &RunOptions {
        machine: options.machine.of_trial(id, seed),
        ..options.clone()
    };
    let began = (options.elapsed)();
    let lease = cluster.lease(trial, seed).await;
    report.preparation_ms = milliseconds((options.elapsed)().saturating_sub(began));
    match lease {
        Ok(lease) => judge_on(lease, trial, options, events, &mut report).await,
        Err(ClusterError::Unsupported { reason }) => {
            report.verdict = Verdict::Unsupported;
            report.reason = Some(reason);
        }
        Err(error) => conclude(
            &mut report,
            Err(Stop::errored(cluster_failure(&error, trial))),
        ),
    }
    report
}

/// Returns the reason why a trial does not apply to a kind of control plane; `None` if it applies.
fn not_meant_for<'a>(trial: &'a Trial, kind: &str) -> Option<&'a str> {
    let only = trial.scenario.only_clusters.as_ref();
    let others = only.filter(|only| !only.names.iter().any(|name| name == kind));
    let reason = trial.skip.as_ref();
    reason.or_else(|| Some(&others?.reason)).map(String::as_str)
}

/// Judges a trial on its clusters, and returns the clusters.
async fn judge_on(
    lease: Box<dyn Lease>,
    trial: &Trial,
    options: &RunOptions,
    events: &UnboundedSender<Event>,
    report: &mut TrialReport,
) {
    let programs = match programs_beside(lease.as_ref(), trial) {
        Ok(programs) => programs,
        Err(stop) => {
            conclude(report, Err(stop));
            if let Err(error) = lease.close().await {
                spoil(report, cluster_failure(&error, trial));
            }
            return;
        }
    };
    let timeout = options.timeouts.of(trial);
    let time = Timekeeper::start(timeout, options.left(), lease.activity());
    let time = Arc::new(time);
    let session = Session::new(lease, &trial.suite, programs, &time, options.show_secrets);
    let secrets = session.secrets();
    judge_in(session, &time, trial, options, events, report).await;
    if let Some(secrets) = secrets {
        secrets.mask(report);
    }
}

/// Judges a trial in its session, and closes the session.
async fn judge_in(
    mut session: Session,
    time: &Timekeeper,
    trial: &Trial,
    options: &RunOptions,
    events: &UnboundedSender<Event>,
    report: &mut TrialReport,
) {
    let id = report.trial.clone();
    let (outcome, broken) = judge_steps(trial, &mut session, options, &id, events).await;
    report.steps = time.steps();
    conclude(report, functions::explain(outcome, &session));
    report.warnings = session.take_warned();
    let mut told = Ok(());
    // A broken control plane does not respond any more.
    if broken.is_none() {
        report.warnings.extend(warnings(&mut session).await);
        report.warnings.extend(functions::warnings(&session));
        if report.verdict != Verdict::Passed {
            session.learn_secrets().await;
        }
        if options.final_objects {
            told = send_objects(&mut session, report.verdict, &id, events).await;
        }
        session.withdraw().await;
    }
    match session.programs_mut().end().await {
        Ok(killed) => report.warnings.extend(killed),
        Err(stop) => spoil(report, *stop.failure),
    }
    let closed = session.close().await;
    if let Some(error) = broken {
        report.verdict = Verdict::Errored;
        report.failures.insert(0, cluster_failure(&error, trial));
        return;
    }
    for error in [told.err(), closed.err()].into_iter().flatten() {
        spoil(report, cluster_failure(&error, trial));
    }
}

/// Returns the programs of a trial, with the place that the lease has for them.
fn programs_beside(lease: &dyn Lease, trial: &Trial) -> Result<Programs, Stop> {
    let place = lease.program_place();
    let starts_any = trial.programs().next().is_some();
    if let (true, Err(reason)) = (starts_any, &place) {
        let failure = Failure::new("programs::unsupported", reason.clone());
        return Err(Stop::unsupported(failure));
    }
    Programs::new(trial, place).map_err(|error| {
        let message = format!("ports cannot be handed out: {error}");
        Stop::errored(Failure::new("trial::ports", message))
    })
}

/// Runs the steps as long as the clusters work, and returns the reason if they break. The outcome of the steps is then
/// informative only, and no verdict: the control plane did not work.
async fn judge_steps(
    trial: &Trial,
    session: &mut Session,
    options: &RunOptions,
    id: &TrialId,
    events: &UnboundedSender<Event>,
) -> (Result<(), Stop>, Option<ClusterError>) {
    let health = session.health();
    let scope = surrounded(&options.machine, session);
    let time = session.time();
    let outcome = tokio::select! {
        outcome = run_steps(trial, session, scope, id, events) => outcome,
        broken = until_broken(health.as_deref()) => return (Ok(()), Some(broken)),
        bound = time.has_run_out() => Err(with_programs(time.run_out(bound), session)),
        () = tell_while_slow(&time, options.timeouts.slow, id, events) => Ok(()),
    };
    let Some(health) = health else {
        return (outcome, None);
    };
    let whole = match health.runs() {
        // A passed trial had all its responses.
        Ok(()) if outcome.is_err() => health.answers().await,
        runs => runs,
    };
    (outcome, whole.err())
}

/// Reports a slow trial with its current activity, again each time that its time has doubled; never returns.
async fn tell_while_slow(
    time: &Timekeeper,
    first: Duration,
    id: &TrialId,
    events: &UnboundedSender<Event>,
) {
    let mut next = first;
    loop {
        tokio::time::sleep(next.saturating_sub(time.elapsed())).await;
        let (doing, waits_for) = time.waits_for();
        // Judging goes on if the events are no longer read.
        let _ = events.send(Event::TrialSlow {
            trial: id.clone(),
            step: doing.step,
            action: doing.action.to_owned(),
            elapsed_ms: milliseconds(time.elapsed()),
            waits_for,
        });
        next = next.saturating_mul(2).max(SLOW_AGAIN);
    }
}

/// Sends the objects that the trial leaves on each side.
async fn send_objects(
    session: &mut Session,
    verdict: Verdict,
    id: &TrialId,
    events: &UnboundedSender<Event>,
) -> Result<(), ClusterError> {
    for (side, objects) in left(session, verdict).await? {
        let left = Event::FinalObjects {
            trial: id.clone(),
            side: side.as_str().to_owned(),
            namespace: session.namespace().to_owned(),
            objects,
        };
        // Judging goes on if the events are no longer read.
        let _ = events.send(left);
    }
    Ok(())
}

/// Returns the objects that the trial leaves on each side. After a passed trial, waits again for rest: real controllers
/// may reconcile once more and write a status. If the clusters do not settle, returns the current objects, since the
/// steps are already judged.
async fn left(
    session: &mut Session,
    verdict: Verdict,
) -> Result<[(Side, Vec<Value>); 2], ClusterError> {
    if verdict != Verdict::Passed {
        return left_now(session).await;
    }
    let restless =
        |error: SettleError| tracing::debug!(%error, "what the trial leaves is not at rest");
    if let Err(error) = session.settle_again().await {
        restless(error);
        return left_now(session).await;
    }
    let mut rejudge = Rejudge::at_rest(session);
    loop {
        let left = left_now(session).await?;
        match rejudge.again(None, session).await {
            Ok(true) => {}
            Ok(false) => return Ok(left),
            Err(error) => {
                restless(error);
                return Ok(left);
            }
        }
    }
}

async fn left_now(session: &mut Session) -> Result<[(Side, Vec<Value>); 2], ClusterError> {
    let control = session.objects(Side::Control).await?;
    let target = session.objects(Side::Target).await?;
    Ok([(Side::Control, control), (Side::Target, target)])
}

fn conclude(report: &mut TrialReport, outcome: Result<(), Stop>) {
    if let Err(stop) = outcome {
        report.verdict = stop.verdict;
        if stop.verdict == Verdict::Unsupported {
            report.reason = Some(stop.failure.message.clone());
        }
        report.failures.push(*stop.failure);
    }
}

/// Records that the cleanup failed, so that other trials may see remaining objects. Other verdicts stay, but a passed
/// trial becomes `errored`.
fn spoil(report: &mut TrialReport, failure: Failure) {
    if report.verdict == Verdict::Passed {
        report.verdict = Verdict::Errored;
    }
    report.failures.push(failure);
}

/// Returns a scope without bindings, with the machine's properties. The time is that of the control planes.
fn surrounded(machine: &Machine, session: &Session) -> Scope {
    let mut surroundings = Surroundings::new()
        .with_environment(machine.environment.clone())
        .with_seed(machine.chance);
    if let Some(clock) = session.clock().or_else(|| machine.clock.clone()) {
        surroundings = surroundings.with_clock(clock);
    }
    Scope::new().with_surroundings(surroundings)
}

async fn run_steps(
    trial: &Trial,
    session: &mut Session,
    scope: Scope,
    id: &TrialId,
    events: &UnboundedSender<Event>,
) -> Result<(), Stop> {
    let upstreams = Upstreams::start(&trial.scenario.upstreams).await?;
    let handed = session.programs().bindings().into_iter();
    let handed = handed.chain(upstreams.binding());
    let mut scope = trial_scope(scope, trial, session.namespace(), handed)?;
    action::program::start_automatic(session, &scope).await?;
    for step in &trial.scenario.steps {
        // Judging goes on if the events are no longer read.
        let _ = events.send(Event::StepStarted {
            trial: id.clone(),
            step: step.name.clone(),
        });
        session.time().begins(&step.name, location(&step.place));
        let bound = run_step(step, session, &scope).await.map_err(|mut stop| {
            stop.failure.step.clone_from(&step.name);
            stop
        })?;
        for (name, value) in bound {
            scope = scope.bind(name, value);
        }
    }
    session.time().has_ended_steps();
    // Changes that no action looked at must settle too: a scenario that ends in a livelock has not passed.
    let settled = session.settle().await.map_err(Stop::from);
    lacking::unless_lacking(settled, session)?;
    session.programs().all_live()
}

/// Runs a step; returns its bindings for the later steps.
async fn run_step(
    step: &Step,
    session: &mut Session,
    scope: &Scope,
) -> Result<Vec<(String, Value)>, Stop> {
    // A step begins at rest, so that it can write to the results of the previous step.
    let settled = session.settle_writes().await.map_err(Stop::from);
    lacking::unless_lacking(settled, session)?;
    let mut scope = with_bindings(scope.clone(), &step.bindings)?;
    let mut bound = Vec::new();
    for action in &step.actions {
        let name = action::name(&action.kind);
        session.time().does(name, location(&action.place));
        let performed = action::perform(action, session, &scope).await;
        lacking::unless_lacking(performed, session)
            .map_err(|stop| with_programs(stop, session))
            .and_then(|()| session.programs().all_live())
            .map_err(|mut stop| {
                if stop.failure.action.is_empty() {
                    stop.failure.action = name.to_owned();
                }
                if stop.failure.location.is_none() {
                    stop.failure.location = Some(location(&action.place));
                }
                stop
            })?;
        for (name, value) in session.take_bound() {
            scope = scope.bind(name.clone(), value.clone());
            bound.push((name, value));
        }
    }
    Ok(bound)
}

/// Adds the last lines of the programs under test to a failure. A failure of a program already has its lines.
fn with_programs(mut stop: Stop, session: &Session) -> Stop {
    if !stop.failure.code.starts_with("program::") {
        stop.failure
            .evidence
            .notes
            .extend(session.programs().notes());
    }
    stop
}

fn cluster_failure(error: &ClusterError, trial: &Trial) -> Failure {
    let message = crosscut_errors::chain(error);
    let (code, help) = match error {
        ClusterError::Function { .. } => (
            "cluster::function",
            "the same command by hand shows what it does; it must serve gRPC without TLS where {address} tells it to",
        ),
        ClusterError::Install { .. } => (
            "cluster::install",
            "the control plane refuses the document for this reason; nothing is judged without it",
        ),
        ClusterError::Settle { .. } => (
            "cluster::settle",
            "what is installed keeps a controller busy; look for two writers of one field",
        ),
        ClusterError::Clean { .. } => (
            "cluster::clean",
            "later trials of this run may see it; run them again",
        ),
        ClusterError::Broken { .. } => (
            "cluster::broken",
            "what was judged until then counts for nothing; run it again once that works",
        ),
        ClusterError::Read { .. } => (
            "cluster::read",
            "an API server does not answer any more; its log says why",
        ),
        _ => ("cluster::lease", "run the trial alone with -v"),
    };
    let mut failure = Failure::new(code, message);
    failure.location = declared(error, trial).map(location);
    failure.help = Some(help.to_owned());
    failure
}

/// Returns the place of the declaration that a control plane could not be created with.
fn declared<'a>(error: &'a ClusterError, trial: &'a Trial) -> Option<&'a Place> {
    match error {
        ClusterError::Function { name, .. } => {
            let mut functions = trial.suite.functions.iter();
            let function = functions.find(|function| function.name == *name)?;
            Some(&function.place)
        }
        ClusterError::Install { place, .. } => place.as_ref(),
        ClusterError::Settle { .. } => Some(&trial.provider.place),
        _ => None,
    }
}

/// Returns warning events of providers about the trial's objects: they decide no verdict.
async fn warnings(session: &mut Session) -> Vec<Warning> {
    session
        .events_about_written()
        .await
        .into_iter()
        .filter(|event| event.kind == "Warning")
        .map(|event| Warning {
            about: event.object,
            message: format!("{}: {}", event.reason, event.message),
        })
        .collect()
}
