//! Starting and ending programs: at the beginning of a trial, and in its steps.

use std::sync::Arc;
use std::time::Duration;

use crosscut_expr::Scope;
use crosscut_programs::{EndSignal, Program, Stopped, stretched};
use crosscut_suite::model::{Expectation, Program as Declared, ProgramVerb, Readiness};

use crate::api::Api;
use crate::candidate;
use crate::expectation;
use crate::programs::{Running, end, failure, launch, word};
use crate::session::Session;
use crate::stop::Stop;

/// The pause between two polls of an object.
const POLL: Duration = Duration::from_millis(100);
/// The time that a killed program may take to end.
const KILLED: Duration = Duration::from_secs(5);

/// Starts, in order, the programs that no step has to start.
///
/// # Errors
/// [`Stop`] for the first program that does not become ready.
pub(crate) async fn start_automatic(session: &mut Session, scope: &Scope) -> Result<(), Stop> {
    let declared = session.programs().declared.clone();
    for program in declared.iter().filter(|program| !program.is_manual) {
        start(session, program, scope).await?;
    }
    Ok(())
}

/// Starts or ends programs for a step, in order.
///
/// # Errors
/// [`Stop`] for the first program for which this fails.
pub(crate) async fn act(
    verb: ProgramVerb,
    programs: &[Arc<Declared>],
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    for program in programs {
        match verb {
            ProgramVerb::Start => start(session, program, scope).await?,
            ProgramVerb::Stop | ProgramVerb::Kill => stop(session, program, verb).await?,
            ProgramVerb::Restart => {
                stop(session, program, verb).await?;
                start(session, program, scope).await?;
            }
        }
    }
    Ok(())
}

async fn start(session: &mut Session, declared: &Arc<Declared>, scope: &Scope) -> Result<(), Stop> {
    let running = &mut session.programs_mut().running;
    let is_same = |one: &Running| one.declared.name == declared.name;
    if running
        .iter()
        .any(|one| is_same(one) && one.program.exit_status().is_none())
    {
        let help = "restart ends it first";
        return Err(failure::wrong_state(
            declared,
            "start",
            "runs already",
            help,
        ));
    }
    // A program that has ended after its work may run again.
    running.retain(|one| !is_same(one));
    if let Readiness::Expect { expectations, .. } = &declared.ready {
        // A template that names no object fails at once, without polling.
        for expectation in expectations {
            candidate::subject(expectation, scope)?;
        }
    }
    let place = session.programs().place.clone();
    let place = place.map_err(|reason| no_place(declared, reason))?;
    let settings = launch::settings(&place, declared, scope)?;
    let time = session.time();
    // A program may take as long as its own `within`, which does not count for the trial.
    let pause = time.pause();
    let started = Program::start(settings, &place.state).await;
    let program = started.map_err(|error| failure::of(declared, error))?;
    match &declared.ready {
        Readiness::Exit(status) => done(&program, declared, *status).await?,
        Readiness::Expect { expectations, side } => {
            let api = session.api(*side);
            let holds = || holds(expectations, api, scope);
            let waited = program.wait_until(holds, declared.within).await;
            waited.map_err(|error| failure::of(declared, error))?;
        }
        _ => {}
    }
    drop(pause);
    session.programs_mut().running.push(Running {
        declared: Arc::clone(declared),
        program,
    });
    Ok(())
}

/// Returns the failure of a trial whose control plane has no place for programs.
fn no_place(declared: &Declared, reason: String) -> Stop {
    let failure = crosscut_events::Failure::new("program::place", reason);
    let mut stop = Stop::unsupported(failure);
    stop.failure.location = Some(crate::stop::location(&declared.place));
    stop
}

/// Waits until a program has ended after its work.
async fn done(program: &Program, declared: &Declared, wanted: i32) -> Result<(), Stop> {
    let ended = tokio::time::timeout(stretched(declared.within), program.exited()).await;
    let Ok(status) = ended else {
        let what = format!("did not end within {:?}", declared.within);
        return Err(failure::not_done(declared, program, &what));
    };
    if program.exit().and_then(|exit| exit.code()) == Some(wanted) {
        return Ok(());
    }
    let what = format!("ended with another status than {wanted} ({status})");
    Err(failure::not_done(declared, program, &what))
}

async fn holds(expectations: &[Expectation], api: &Api, scope: &Scope) -> Result<(), String> {
    for expectation in expectations {
        if let Err(why) = expectation::look(expectation, api, scope).await {
            tokio::time::sleep(POLL).await;
            return Err(why);
        }
    }
    Ok(())
}

async fn stop(session: &mut Session, declared: &Declared, verb: ProgramVerb) -> Result<(), Stop> {
    let running = &mut session.programs_mut().running;
    let found = running
        .iter()
        .position(|one| one.declared.name == declared.name && one.program.exit_status().is_none());
    let Some(index) = found else {
        let help = "start it before";
        let state = "does not run";
        return Err(failure::wrong_state(declared, word(verb), state, help));
    };
    let one = running.remove(index);
    let stopped = match verb {
        ProgramVerb::Kill => one.program.end(EndSignal::Kill, KILLED).await,
        _ => end(&one).await,
    };
    match stopped.map_err(|error| failure::of(declared, error))? {
        Stopped::InTime(_) => Ok(()),
        Stopped::Killed(_) => Err(failure::does_not_stop(declared, &one.program)),
    }
}
