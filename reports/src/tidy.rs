//! Events as the reports receive them: bounded and with safe texts.

use std::borrow::Cow;

use crosscut_events::{Event, Failure, Texts};

use crate::bounds;
use crate::safe::safe;

/// Returns an event with bounded and safe texts. Final objects are in no report, so they are not changed.
pub(crate) fn tidy(event: &Event) -> Cow<'_, Event> {
    if matches!(event, Event::FinalObjects { .. }) {
        return Cow::Borrowed(event);
    }
    let mut event = event.clone();
    match &mut event {
        Event::TrialFinished(report) => bounds::bound(report),
        Event::FunctionOutput { line, .. } => bounds::bound_line(line),
        _ => {}
    }
    event.each_text(&mut make_safe);
    Cow::Owned(event)
}

/// Returns a failure with bounded and safe texts.
pub(crate) fn tidy_failure(failure: &Failure) -> Failure {
    let mut failure = failure.clone();
    bounds::bound_failure(&mut failure);
    failure.each_text(&mut make_safe);
    failure
}

fn make_safe(text: &mut String) {
    if let Cow::Owned(safe) = safe(text) {
        *text = safe;
    }
}
