//! The failures of programs: their verdicts and their texts.

use crosscut_events::{Evidence, Failure};
use crosscut_programs::{Program, ProgramError};
use crosscut_suite::model::{Program as Declared, StopSignal};

use super::SHOWN;
use crate::stop::{Stop, location};

/// Returns the failure of a program that could not be started or ended. The program's own fault fails the
/// trial; any other cause is an error.
pub(crate) fn of(declared: &Declared, error: ProgramError) -> Stop {
    let name = &declared.name;
    let is_port_taken = error.is_port_taken();
    match error {
        ProgramError::Start {
            source, program, ..
        } => {
            let message = format!("{name} cannot be started: {}: {source}", program.display());
            let help = "a name is looked for where crosscut finds its own programs and in PATH, a path from the folder of the file that declares it";
            Stop::errored(failure(declared, "program::start", message, Some(help)))
        }
        ProgramError::Exited { status, lines, .. } if is_port_taken => {
            let message = format!("{name} found a port taken, and ended ({status})");
            let help = "list its ports under ports: and give it ($ports.NAME); a fixed port can have one listener only";
            let failure = failure(declared, "program::port_taken", message, Some(help));
            Stop::errored(with_lines(failure, name, &lines))
        }
        ProgramError::Exited { status, lines, .. } => {
            let message = format!("{name} ended before it was ready ({status})");
            let failure = failure(declared, "program::exited", message, None);
            Stop::failed(with_lines(failure, name, &lines))
        }
        ProgramError::NotReady {
            deadline,
            last,
            lines,
            ..
        } => {
            let message = format!("{name} was not ready within {deadline:?}: {last}");
            let help = "ready.within gives it more time";
            let failure = failure(declared, "program::not_ready", message, Some(help));
            Stop::failed(with_lines(failure, name, &lines))
        }
        other => {
            let message = crosscut_errors::chain(&other);
            Stop::errored(failure(declared, "program::broken", message, None))
        }
    }
}

/// Returns the failure of a program that must end after its work, but has not ended or ended with the wrong
/// status.
pub(crate) fn not_done(declared: &Declared, program: &Program, what: &str) -> Stop {
    let message = format!("{} {what}", declared.name);
    let failure = failure(declared, "program::exited", message, None);
    Stop::failed(with_lines(
        failure,
        &declared.name,
        &program.last_lines(SHOWN),
    ))
}

/// Returns the failure of a program that ended although no step had ended it.
pub(crate) fn ended(declared: &Declared, program: &Program, status: &str) -> Stop {
    let message = format!("{} ended by itself ({status})", declared.name);
    let help = "a step that is to end it says program: {stop: …} or {kill: …}; one that does its work and ends has ready: {exit: 0}";
    let failure = failure(declared, "program::ended", message, Some(help));
    Stop::failed(with_lines(
        failure,
        &declared.name,
        &program.last_lines(SHOWN),
    ))
}

/// Returns the failure of a program that did not end although a step asked for that.
pub(crate) fn does_not_stop(declared: &Declared, program: &Program) -> Stop {
    let help = "stop.grace gives it more time, stop.signal names the signal that it listens to";
    let failure = failure(
        declared,
        "program::does_not_stop",
        killed(declared),
        Some(help),
    );
    Stop::failed(with_lines(
        failure,
        &declared.name,
        &program.last_lines(SHOWN),
    ))
}

/// Returns the message for a program that did not end in time and was killed.
pub(crate) fn killed(declared: &Declared) -> String {
    format!(
        "{} did not end within {:?} after {}, and was killed",
        declared.name,
        declared.grace,
        signal(declared.stop)
    )
}

/// Returns the failure of a step that the program's state does not allow.
pub(crate) fn wrong_state(declared: &Declared, verb: &str, state: &str, help: &str) -> Stop {
    let message = format!("{} cannot be done: {} {state}", verb, declared.name);
    Stop::failed(failure(declared, "program::state", message, Some(help)))
}

/// Returns the last lines of a program as notes.
pub(crate) fn notes(name: &str, lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("{name}: {line}")).collect()
}

fn with_lines(mut failure: Failure, name: &str, lines: &[String]) -> Failure {
    failure.evidence = Evidence {
        notes: notes(name, lines),
        ..Evidence::default()
    };
    failure
}

fn failure(declared: &Declared, code: &str, message: String, help: Option<&str>) -> Failure {
    let mut failure = Failure::new(code, message);
    failure.location = Some(location(&declared.place));
    failure.help = help.map(str::to_owned);
    failure
}

fn signal(signal: StopSignal) -> &'static str {
    match signal {
        StopSignal::Terminate => "SIGTERM",
        StopSignal::Interrupt => "SIGINT",
        StopSignal::Quit => "SIGQUIT",
        StopSignal::HangUp => "SIGHUP",
        StopSignal::Kill => "SIGKILL",
    }
}
