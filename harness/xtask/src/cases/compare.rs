//! The comparison of a run of crosscut with the expectation of its case.

use super::expected::{Expected, Trial};
use super::report;
use super::run::Ended;

/// The number of last lines of the output that are printed for a wrong case.
const LAST_LINES: usize = 25;

/// Returns every difference as a text of one or more lines. The last one has the end of the output.
pub(crate) fn differences(expected: &Expected, ended: &Ended) -> Vec<String> {
    let mut differences = Vec::new();
    if ended.code != Some(expected.exit) {
        let code = match ended.code {
            Some(code) => format!("exit code {code}"),
            None => "killed, or took too long".to_owned(),
        };
        differences.push(format!("{code}, not {}", expected.exit));
    }
    for (name, trial) in &expected.trials {
        match ended.report.trial(name) {
            Some(reported) => differences.extend(trial_differences(name, trial, reported)),
            None => {
                let others = ended.report.names().join(", ");
                differences.push(format!("no trial {name}; there are: {others}"));
            }
        }
    }
    for text in &expected.output {
        if !ended.output.contains(text) {
            differences.push(format!("the output does not contain {text:?}"));
        }
    }
    for text in &expected.absent {
        if ended.output.contains(text) {
            differences.push(format!("the output contains {text:?}"));
        }
    }
    if !differences.is_empty() {
        differences.push(last_lines(&ended.output));
    }
    differences
}

fn trial_differences(name: &str, expected: &Trial, reported: report::Trial<'_>) -> Vec<String> {
    let mut differences = Vec::new();
    if reported.verdict() != expected.verdict {
        let (is, not) = (reported.verdict(), &expected.verdict);
        differences.push(format!("{name} is {is}, not {not}"));
    }
    let codes = reported.codes();
    if let Some(code) = &expected.code
        && !codes.contains(&code.as_str())
    {
        let codes = codes.join(", ");
        differences.push(format!("{name} has no failure {code}, but: {codes}"));
    }
    let texts = reported.texts();
    for text in &expected.text {
        if !texts.contains(text) {
            differences.push(format!("{name} does not say {text:?}"));
        }
    }
    differences
}

fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.trim_end().lines().collect();
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    last.iter().map(|line| format!("| {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn ended() -> Ended {
        let trial = json!({
            "scenario": "case", "provider": "local", "verdict": "failed",
            "failures": [{"code": "apply::refused", "message": "no such kind"}],
        });
        Ended {
            code: Some(1),
            output: "0 passed, 1 failed".to_owned(),
            report: serde_json::from_value(json!({"trials": [trial]})).unwrap(),
        }
    }

    fn expected(value: serde_json::Value) -> Expected {
        serde_json::from_value(value).unwrap()
    }

    #[rstest]
    #[case::all_at_once(json!({
        "exit": 1, "output": ["1 failed"], "absent": ["2 failed"],
        "trials": {"case::local": {"verdict": "failed", "code": "apply::refused", "text": ["such"]}},
    }))]
    #[case::nothing_but_the_code(json!({"exit": 1}))]
    fn as_expected(#[case] value: serde_json::Value) {
        assert_eq!(
            differences(&expected(value), &ended()),
            Vec::<String>::new()
        );
    }

    #[rstest]
    #[case::exit(json!({}), "exit code 1, not 0")]
    #[case::output(json!({"exit": 1, "output": ["2 failed"]}), "does not contain")]
    #[case::absent(json!({"exit": 1, "absent": ["1 failed"]}), "the output contains")]
    #[case::no_trial(json!({"exit": 1, "trials": {"a::b": {"verdict": "failed"}}}), "there are: case::local")]
    #[case::verdict(json!({"exit": 1, "trials": {"case::local": {"verdict": "passed"}}}), "is failed, not passed")]
    #[case::code(json!({"exit": 1, "trials": {"case::local": {"verdict": "failed", "code": "x"}}}), "no failure x")]
    #[case::text(json!({"exit": 1, "trials": {"case::local": {"verdict": "failed", "text": ["quite another"]}}}), "does not say")]
    fn otherwise(#[case] value: serde_json::Value, #[case] part: &str) {
        let differences = differences(&expected(value), &ended());
        assert_eq!(differences.len(), 2, "{differences:?}");
        assert!(differences[0].contains(part), "{differences:?}");
        assert_eq!(differences[1], "| 0 passed, 1 failed\n");
    }

    #[test]
    fn a_run_that_was_killed_says_so() {
        let killed = Ended {
            code: None,
            ..ended()
        };
        let differences = differences(&Expected::default(), &killed);
        assert_eq!(differences[0], "killed, or took too long, not 0");
    }
}
