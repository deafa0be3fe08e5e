//! The limits of a trial's report, so that a failure stays readable even if its objects are large.

use crosscut_events::{Evidence, Failure, Mismatch, TrialReport};
use serde_json::Value;

/// The maximum number of characters of a name, a path or a reason.
const NAME: usize = 1_000;
/// The maximum number of characters of a message.
const MESSAGE: usize = 8_000;
/// The maximum number of characters of a value as JSON.
const VALUE: usize = 4_000;
/// The maximum number of lines of a diff, and of characters of each line.
const DIFF: (usize, usize) = (400, 1_000);
/// The maximum number of mismatches of a failure.
const MISMATCHES: usize = 50;
/// The maximum numbers of events, of conditions and of notes.
const EVIDENCE: usize = 40;
/// The maximum number of warnings of a trial.
const WARNINGS: usize = 100;

/// Shortens a report, and adds notes about the parts that are left out.
pub(crate) fn bound(report: &mut TrialReport) {
    report.failures.iter_mut().for_each(bound_failure);
    report
        .reason
        .iter_mut()
        .for_each(|reason| cut(reason, MESSAGE));
    let left_out = report.warnings.len().saturating_sub(WARNINGS);
    report.warnings.truncate(WARNINGS);
    for warning in &mut report.warnings {
        cut(&mut warning.about, NAME);
        cut(&mut warning.message, MESSAGE);
    }
    if let (Some(last), 1..) = (report.warnings.last_mut(), left_out) {
        last.message
            .push_str(&format!(" (and {left_out} more warnings)"));
    }
    report
        .steps
        .iter_mut()
        .for_each(|step| cut(&mut step.name, NAME));
}

/// Shortens a line of a program.
pub(crate) fn bound_line(line: &mut String) {
    cut(line, MESSAGE);
}

/// Shortens one failure.
pub(crate) fn bound_failure(failure: &mut Failure) {
    cut(&mut failure.step, NAME);
    cut(&mut failure.message, MESSAGE);
    failure.help.iter_mut().for_each(|help| cut(help, MESSAGE));
    failure
        .nearest
        .iter_mut()
        .for_each(|nearest| cut(&mut nearest.object, NAME));
    let left_out = failure.mismatches.len().saturating_sub(MISMATCHES);
    failure.mismatches.truncate(MISMATCHES);
    failure.mismatches.iter_mut().for_each(mismatch);
    bound_diff(&mut failure.diff);
    evidence(&mut failure.evidence);
    if left_out > 0 {
        let note = format!("{left_out} more fields differ, which are left out here");
        failure.evidence.notes.push(note);
    }
}

fn mismatch(mismatch: &mut Mismatch) {
    cut(&mut mismatch.path, NAME);
    cut(&mut mismatch.message, MESSAGE);
    value(&mut mismatch.expected);
    mismatch.actual.iter_mut().for_each(value);
}

/// Replaces a long value by a text: the beginning of its JSON.
fn value(value: &mut Value) {
    let mut text = match &*value {
        Value::String(text) if text.len() <= VALUE => return,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > VALUE {
        cut(&mut text, VALUE);
        *value = Value::String(text);
    }
}

fn bound_diff(diff: &mut String) {
    let (most, longest) = DIFF;
    let lines = diff.lines().count();
    if lines <= most && diff.lines().all(|line| line.len() <= longest) {
        return;
    }
    let mut kept = String::new();
    for line in diff.lines().take(most) {
        let mut line = line.to_owned();
        cut(&mut line, longest);
        kept.push_str(&line);
        kept.push('\n');
    }
    if lines > most {
        kept.push_str(&format!("… ({} more lines)\n", lines - most));
    }
    *diff = kept;
}

fn evidence(evidence: &mut Evidence) {
    let left_out = [
        evidence.events.len(),
        evidence.conditions.len(),
        evidence.notes.len(),
    ]
    .map(|count| count.saturating_sub(EVIDENCE))
    .iter()
    .sum::<usize>();
    // The last events and notes are the most useful ones.
    evidence
        .events
        .drain(..evidence.events.len().saturating_sub(EVIDENCE));
    evidence
        .notes
        .drain(..evidence.notes.len().saturating_sub(EVIDENCE));
    evidence.conditions.truncate(EVIDENCE);
    for event in &mut evidence.events {
        for text in [&mut event.kind, &mut event.reason, &mut event.object] {
            cut(text, NAME);
        }
        cut(&mut event.message, MESSAGE);
    }
    for said in &mut evidence.conditions {
        let names = [
            &mut said.object,
            &mut said.condition,
            &mut said.status,
            &mut said.reason,
        ];
        for text in names {
            cut(text, NAME);
        }
        cut(&mut said.message, MESSAGE);
    }
    evidence
        .notes
        .iter_mut()
        .for_each(|note| cut(note, MESSAGE));
    if left_out > 0 {
        let note = format!("{left_out} more events, conditions and notes are left out here");
        evidence.notes.push(note);
    }
}

/// Keeps the first characters of a text, and adds the number of the others.
fn cut(text: &mut String, longest: usize) {
    // A fast path for short texts: no text has more characters than bytes.
    if text.len() <= longest {
        return;
    }
    let Some((end, _)) = text.char_indices().nth(longest) else {
        return;
    };
    let left_out = text[end..].chars().count();
    text.truncate(end);
    text.push_str(&format!("… ({left_out} more characters)"));
}

#[cfg(test)]
mod tests {
    use crosscut_events::{TrialId, Verdict, Warning};
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::short("ab", "ab")]
    #[case::just_short_enough("äbc", "äbc")]
    #[case::long("äbcdef", "äbc… (3 more characters)")]
    fn a_text_is_cut(#[case] text: &str, #[case] expected: &str) {
        let mut text = text.to_owned();
        cut(&mut text, 3);
        assert_eq!(text, expected);
    }

    /// A report with two megabytes in each field with text from outside.
    #[test]
    fn a_report_of_huge_objects_is_small() {
        let huge = "x".repeat(2_000_000);
        let line = format!("- a: {huge}\n");
        let mut failure = Failure::new("expect::mismatch", huge.clone());
        failure.diff = line.repeat(3) + &"+ b: 1\n".repeat(100_000);
        let mismatch = Mismatch {
            path: huge.clone(),
            location: None,
            message: huge.clone(),
            expected: json!({"a": huge}),
            actual: Some(json!([huge])),
        };
        failure.mismatches = vec![mismatch; 60];
        failure.evidence.notes = vec![huge.clone(); 50];
        let trial = TrialId {
            scenario: "s".to_owned(),
            provider: "p".to_owned(),
            cluster: "embedded".to_owned(),
        };
        let mut report = TrialReport::of(trial, Verdict::Failed);
        report.failures.push(failure);
        let warning = Warning {
            about: huge.clone(),
            message: huge,
        };
        report.warnings = vec![warning; 101];
        bound(&mut report);
        let text = serde_json::to_string(&report).unwrap();
        assert!(text.len() < 3_000_000, "{}", text.len());
        let failure = &report.failures[0];
        assert!(failure.diff.ends_with("… (99603 more lines)\n"));
        let notes = failure.evidence.notes.join("\n");
        assert!(notes.contains("10 more fields differ"), "{notes}");
        assert!(
            notes.contains("10 more events, conditions and notes"),
            "{notes}"
        );
        assert!(
            report.warnings[99]
                .message
                .ends_with("(and 1 more warnings)")
        );
    }
}
