//! What the functions of the suite did beside answering: what they wrote, and whether they ended.

use crosscut_events::Warning;

use crate::session::Session;
use crate::stop::Stop;

/// The number of lines of each function that a failure shows.
const SHOWN: usize = 10;

/// Shows beside a failure what functions wrote since they were called for the trial, and which ended in a call.
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

/// Returns what should be known of functions although the trial did not fail by it.
pub(crate) fn warnings(session: &Session) -> Vec<Warning> {
    let crashes = session.functions().map(|trace| trace.crashes());
    let warning = |(name, message)| Warning {
        about: format!("function {name}"),
        message,
    };
    crashes.into_iter().flatten().map(warning).collect()
}
