//! The log lines and crashes of the suite's functions, beside their responses.

use crosscut_events::Warning;

use crate::session::Session;
use crate::stop::Stop;

/// The number of lines of each function in a failure.
const SHOWN: usize = 10;

/// Adds to a failure the lines that functions wrote since the trial first called them, and the functions that
/// crashed in a call.
pub(crate) fn explain(outcome: Result<(), Stop>, session: &Session) -> Result<(), Stop> {
    outcome.map_err(|mut stop| {
        stop.failure.evidence.notes.extend(notes(session));
        stop
    })
}

fn notes(session: &Session) -> Vec<String> {
    let Some(trace) = session.functions() else {
        return Vec::new();
    };
    let crashes = trace.crashes().into_iter();
    let crashes = crashes.map(|(name, what)| format!("function {name} {what}"));
    let output = trace.output(SHOWN).into_iter().flat_map(|(name, lines)| {
        let told = move |line| format!("function {name}: {line}");
        lines.into_iter().map(told).collect::<Vec<_>>()
    });
    crashes.chain(output).collect()
}

/// Returns warnings for crashed functions, even if the trial did not fail because of them.
pub(crate) fn warnings(session: &Session) -> Vec<Warning> {
    let crashes = session.functions().map(|trace| trace.crashes());
    let warning = |(name, message)| Warning {
        about: format!("function {name}"),
        message,
    };
    crashes.into_iter().flatten().map(warning).collect()
}
