//! A failure as text: its place, the expected and the actual value, and the messages of the control plane.

use std::fmt::Write;

use crosscut_events::{Evidence, Failure, Mismatch, Nearest};

use crate::palette::{Palette, paint};
use crate::tidy::tidy_failure;

/// The maximum length of a value in the list of mismatches. The diff shows the whole value.
const LONGEST_VALUE: usize = 120;

/// Returns the failure as indented lines with a newline each, bounded and safe.
pub fn failure_text(failure: &Failure, palette: &Palette) -> String {
    let failure = &tidy_failure(failure);
    let mut text = String::new();
    heading(&mut text, failure, palette);
    for mismatch in &failure.mismatches {
        mismatch_lines(&mut text, mismatch, palette);
    }
    if let Some(nearest) = &failure.nearest {
        nearest_line(&mut text, nearest, palette);
    }
    diff_lines(&mut text, &failure.diff, palette);
    evidence_lines(&mut text, &failure.evidence, palette);
    if let Some(help) = &failure.help {
        line(
            &mut text,
            4,
            &format!("{} {help}", paint(palette.strong, "help:")),
        );
    }
    text
}

fn heading(text: &mut String, failure: &Failure, palette: &Palette) {
    let place = match (failure.step.is_empty(), failure.action.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("{}: ", failure.action),
        (false, true) => format!("step \"{}\": ", failure.step),
        (false, false) => format!("step \"{}\", {}: ", failure.step, failure.action),
    };
    let code = paint(palette.faint, &format!("[{}]", failure.code));
    line(
        text,
        4,
        &format!(
            "{}{} {code}",
            paint(palette.strong, &place),
            failure.message
        ),
    );
    if let Some(location) = &failure.location {
        line(
            text,
            4,
            &format!("{} {location}", paint(palette.faint, "at")),
        );
    }
}

fn mismatch_lines(text: &mut String, mismatch: &Mismatch, palette: &Palette) {
    let at = mismatch
        .location
        .as_ref()
        .map(|location| paint(palette.faint, &format!(" ({location})")))
        .unwrap_or_default();
    let path = if mismatch.path.is_empty() {
        "(the whole object)"
    } else {
        &mismatch.path
    };
    line(
        text,
        4,
        &format!("{} {}{at}", paint(palette.bad, path), mismatch.message),
    );
    let expected = shortened(&mismatch.expected.to_string());
    let actual = mismatch.actual.as_ref().map_or_else(
        || "(absent)".to_owned(),
        |value| shortened(&value.to_string()),
    );
    line(
        text,
        6,
        &format!("expected {}", paint(palette.expected, &expected)),
    );
    line(
        text,
        6,
        &format!("actual   {}", paint(palette.actual, &actual)),
    );
}

fn nearest_line(text: &mut String, nearest: &Nearest, palette: &Palette) {
    let count = match nearest.candidates {
        1 => "the only candidate".to_owned(),
        candidates => format!("the nearest of {candidates} candidates"),
    };
    let fields = if nearest.differences == 1 {
        "field differs"
    } else {
        "fields differ"
    };
    let object = paint(palette.strong, &nearest.object);
    line(
        text,
        4,
        &format!("{count} is {object}: {} {fields}", nearest.differences),
    );
}

fn diff_lines(text: &mut String, diff: &str, palette: &Palette) {
    for diff_line in diff.lines() {
        let styled = match diff_line.chars().next() {
            Some('-') => paint(palette.expected, diff_line),
            Some('+') => paint(palette.actual, diff_line),
            _ => diff_line.to_owned(),
        };
        line(text, 6, &styled);
    }
}

fn evidence_lines(text: &mut String, evidence: &Evidence, palette: &Palette) {
    for condition in &evidence.conditions {
        let reason = &condition.reason;
        let message = prefixed(": ", &condition.message);
        let name = paint(
            palette.faint,
            &format!("condition of {}:", condition.object),
        );
        line(
            text,
            4,
            &format!(
                "{name} {}={} {reason}{message}",
                condition.condition, condition.status
            ),
        );
    }
    for event in &evidence.events {
        let times = if event.count > 1 {
            format!(" ({} times)", event.count)
        } else {
            String::new()
        };
        let name = paint(palette.faint, &format!("event of {}:", event.object));
        line(
            text,
            4,
            &format!(
                "{name} {} {}: {}{times}",
                event.kind, event.reason, event.message
            ),
        );
    }
    for note in &evidence.notes {
        line(
            text,
            4,
            &format!("{} {}", paint(palette.faint, "note:"), note),
        );
    }
}

fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{prefix}{text}")
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_VALUE {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONGEST_VALUE).collect();
    format!("{kept}…")
}

/// Writes `content` with every line indented.
fn line(text: &mut String, indent: usize, content: &str) {
    for part in content.lines() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:indent$}{}", "", part.trim_end());
    }
}
