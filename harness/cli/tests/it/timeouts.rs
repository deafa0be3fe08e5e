//! Bounds of trials and runs in real time, and runs that end at the first failure.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::functions::{SCENARIO, project, stub_lines};
use crate::project::{self, SCENARIO as WIDGET, ran};

fn report(project: &crosscut_testkit::Project) -> Value {
    let text = std::fs::read_to_string(project.file("out.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Every answer is another, so nothing is ever at rest, in virtual time that would last for hours.
#[test]
fn a_function_that_never_gives_an_answer_twice_is_unsettled() {
    let project = project(&stub_lines("never-twice-the-same"));
    let arguments = ["test", "--trial-timeout", "3s", "--report", "json=out.json"];
    let begun = Instant::now();
    let (code, out, err) = ran(&project, &arguments);
    assert_eq!(code, 1, "{out}{err}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{out}{err}");
    let report = report(&project);
    let trial = &report["trials"][0];
    assert_eq!(trial["verdict"], "unsettled", "{trial}");
    let failure = &trial["failures"][0];
    assert_eq!(failure["code"], "trial::timeout");
    assert_eq!(failure["step"], "a team is composed");
    assert_eq!(failure["action"], "expect");
    let notes = failure["evidence"]["notes"].to_string();
    for part in ["kept moving: ", "ConfigMap default/note: data.calls: "] {
        assert!(notes.contains(part), "{part} is missing in {notes}");
    }
    assert_eq!(trial["steps"][0]["name"], "a team is composed");
    assert!(
        trial["steps"][0]["duration_ms"].as_u64() >= Some(2000),
        "{trial}"
    );
}

/// The scenario's word comes before the suite's.
#[test]
fn documents_say_how_long_a_trial_may_take() {
    let project = project(&stub_lines("never-twice-the-same"));
    let suite = std::fs::read_to_string(project.file("crosscut.yaml")).unwrap();
    let suite = suite.replace("spec:\n", "spec:\n  timeout: 1h\n");
    project.write("crosscut.yaml", &suite).unwrap();
    let scenario = SCENARIO.replace("spec:\n  steps:", "spec:\n  timeout: 1s500ms\n  steps:");
    project
        .write("scenarios/team/scenario.yaml", &scenario)
        .unwrap();
    let (code, out, err) = ran(&project, &["test"]);
    assert_eq!(code, 1, "{out}{err}");
    let message = "the trial did not end within its timeout of 1.5s";
    assert!(out.contains(message), "{out}{err}");
}

#[test]
fn a_timeout_of_nothing_is_a_mistake() {
    let scenario = WIDGET.replace("spec:\n  steps:", "spec:\n  timeout: 0s\n  steps:");
    let project = project::project(&[("scenarios/defaults/scenario.yaml", &scenario)]);
    let (code, _, err) = ran(&project, &["test"]);
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("a timeout of 0s lets nothing be judged"),
        "{err}"
    );
    let (code, _, err) = ran(&project, &["test", "--timeout", "soon"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("longer than 0s"), "{err}");
}

/// What runs then is unsettled, what has not begun is not judged, and everybody is told.
#[test]
fn a_run_ends_at_its_timeout() {
    let project = project(&stub_lines("never-twice-the-same"));
    let later = SCENARIO.replace("name: team}", "name: team-later}");
    project
        .write("scenarios/later/scenario.yaml", &later)
        .unwrap();
    let arguments = [
        "test",
        "--jobs",
        "1",
        "--timeout",
        "2s",
        "--report",
        "json=out.json",
    ];
    let (code, out, err) = ran(&project, &arguments);
    assert_eq!(code, 3, "{out}{err}");
    let why = "--timeout is over: 1 of 2 trials were judged, and reports hold no others";
    assert!(err.contains(why), "{out}{err}");
    let report = report(&project);
    assert_eq!(report["error"], why);
    assert_eq!(report["trials"].as_array().unwrap().len(), 1);
    assert_eq!(report["trials"][0]["verdict"], "unsettled");
    assert!(out.contains("summary 1 of 2 trials in"), "{out}");
    assert!(out.contains("1 not judged"), "{out}");
}

#[test]
fn with_fail_fast_the_first_failure_is_the_last_trial() {
    let failing = WIDGET.replace("size: 3\n", "size: 4\n");
    let other = failing.replace("name: defaults", "name: other");
    let project = project::project(&[
        ("scenarios/defaults/scenario.yaml", &failing),
        ("scenarios/other/scenario.yaml", &other),
    ]);
    let arguments = [
        "test",
        "--jobs",
        "1",
        "--fail-fast",
        "--report",
        "json=out.json",
    ];
    let (code, out, err) = ran(&project, &arguments);
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        out.contains("ended early --fail-fast: 1 of 2 trials were judged"),
        "{out}"
    );
    let report = report(&project);
    assert_eq!(report["error"], "--fail-fast: 1 of 2 trials were judged");
    assert_eq!(report["summary"]["failed"], 1);
}
