//! Every report of one example run, compared with golden files.
//!
//! The run has one trial of each verdict, so that each format is tested once.
//! `SNAPSHOTS=overwrite` rewrites the golden files.

#![expect(clippy::unwrap_used, reason = "tests")]

mod harmless;
mod junit_schema;

use crosscut_events::{
    Event, Evidence, Failure, Location, Mismatch, Nearest, ObjectCondition, ObjectEvent, Seeds,
    Summary, TrialId, TrialReport, Verdict, Warning,
};
use crosscut_reports::{Collected, Palette, Terminal, Verbosity, json, junit};
use serde_json::{Value, json};
use snapbox::{Data, assert_data_eq};

fn trial(scenario: &str, provider: &str) -> TrialId {
    TrialId {
        scenario: scenario.to_owned(),
        provider: provider.to_owned(),
        cluster: "embedded".to_owned(),
    }
}

fn report(scenario: &str, provider: &str, verdict: Verdict) -> TrialReport {
    TrialReport {
        duration_ms: 12,
        ..TrialReport::of(trial(scenario, provider), verdict)
    }
}

fn mismatch_failure() -> Failure {
    Failure {
        step: "the section is on".to_owned(),
        action: "expect".to_owned(),
        location: Some(Location {
            file: "scenarios/on/release.yaml".to_owned(),
            line: 1,
            column: 1,
        }),
        mismatches: vec![
            Mismatch {
                path: "spec.forProvider.chart.version".to_owned(),
                location: Some(Location {
                    file: "scenarios/on/release.yaml".to_owned(),
                    line: 9,
                    column: 16,
                }),
                message: "is not the expected value".to_owned(),
                expected: json!("v1.3.1"),
                actual: Some(json!("1.3.1")),
            },
            Mismatch {
                path: "spec.rollbackLimit".to_owned(),
                location: None,
                message: "is absent".to_owned(),
                expected: json!(3),
                actual: None,
            },
        ],
        diff: "--- expected\n+++ actual\n-  version: v1.3.1\n+  version: 1.3.1\n".to_owned(),
        nearest: Some(Nearest {
            object: "Release team/app".to_owned(),
            differences: 2,
            candidates: 3,
        }),
        evidence: Evidence {
            events: vec![ObjectEvent {
                kind: "Warning".to_owned(),
                reason: "ComposeResources".to_owned(),
                object: "Cluster team/app".to_owned(),
                message: "pipeline step \"apps\" returned a fatal result: no".to_owned(),
                count: 4,
            }],
            conditions: vec![ObjectCondition {
                object: "Cluster team/app".to_owned(),
                condition: "Synced".to_owned(),
                status: "False".to_owned(),
                reason: "ReconcileError".to_owned(),
                message: "cannot compose resources".to_owned(),
            }],
            notes: vec!["composite/app keeps failing: cannot compose resources".to_owned()],
        },
        help: Some("compare the pinned version with the chart's tag".to_owned()),
        ..Failure::new("expect::mismatch", "no Release is as expected")
    }
}

fn run() -> Vec<Event> {
    let mut failed = report("on", "aws", Verdict::Failed);
    failed.failures.push(mismatch_failure());
    let mut errored = report("on", "google", Verdict::Errored);
    errored.failures.push(Failure::new(
        "function::deadline",
        "function f did not answer in 10s",
    ));
    let mut unsettled = report("off", "aws", Verdict::Unsettled);
    unsettled.failures.push(Failure::new(
        "settle::livelock",
        "two controllers undo each other",
    ));
    let mut skipped = report("off", "google", Verdict::Skipped);
    skipped.reason = Some("only aws has this".to_owned());
    let mut unsupported = report("webhook", "aws", Verdict::Unsupported);
    unsupported.reason = Some("embedded has no webhooks".to_owned());
    let mut passed = report("on", "azure", Verdict::Passed);
    passed.warnings.push(Warning {
        about: "Release team/gateway".to_owned(),
        message: "the chart's version has no effect <&>".to_owned(),
    });
    let trials = vec![passed, failed, errored, unsettled, skipped, unsupported];
    let mut summary = Summary::default();
    let mut events = vec![Event::RunStarted {
        cluster: "embedded".to_owned(),
        seeds: Seeds::one(7),
        trials: trials.len(),
    }];
    for report in trials {
        summary.count(report.verdict);
        events.push(Event::StepStarted {
            trial: report.trial.clone(),
            step: "one".to_owned(),
        });
        events.push(Event::TrialFinished(report));
    }
    events.push(Event::RunFinished {
        summary,
        duration_ms: 1234,
    });
    events
}

fn collected() -> Collected {
    let mut collected = Collected::default();
    run().iter().for_each(|event| collected.take(event));
    collected
}

fn terminal(palette: Palette, verbosity: Verbosity) -> String {
    let mut terminal = Terminal::new(palette, verbosity);
    run().iter().map(|event| terminal.render(event)).collect()
}

fn golden(name: &str) -> Data {
    Data::read_from(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/it/golden")
            .join(name),
        Some(snapbox::data::DataFormat::Text),
    )
}

#[test]
fn terminal_in_plain_text() {
    assert_data_eq!(
        terminal(Palette::plain(), Verbosity::Normal),
        golden("terminal.txt").raw()
    );
}

#[test]
fn terminal_with_steps_and_warnings() {
    assert_data_eq!(
        terminal(Palette::plain(), Verbosity::Verbose),
        golden("verbose.txt").raw()
    );
}

/// The report names the seed, so that the user can repeat the failure.
#[test]
fn of_several_seeds_the_one_that_failed_is_named() {
    let mut failed = report("on", "aws", Verdict::Failed);
    failed.seed = Some(3);
    failed.failures.push(mismatch_failure());
    let events = [
        Event::RunStarted {
            cluster: "embedded".to_owned(),
            seeds: Seeds::between(1, 20).unwrap(),
            trials: 1,
        },
        Event::TrialFinished(failed),
    ];
    let mut terminal = Terminal::new(Palette::plain(), Verbosity::Normal);
    let shown: String = events.iter().map(|event| terminal.render(event)).collect();
    assert!(
        shown.contains("1 trial on embedded, seeds 1..20\n"),
        "{shown}"
    );
    assert!(shown.contains("on::aws (with seed 3)\n"), "{shown}");
    let mut run = Collected::default();
    events.iter().for_each(|event| run.take(event));
    let document: Value = serde_json::from_str(&json::render(&run).unwrap()).unwrap();
    assert_eq!(
        (&document["seed"], &document["last_seed"]),
        (&json!(1), &json!(20))
    );
    assert_eq!(document["trials"][0]["seed"], 3);
    let document = junit::render(&run).unwrap();
    assert!(
        document.contains(r#"name="seed" value="1..20""#),
        "{document}"
    );
    assert!(document.contains(r#"message="with seed 3: "#), "{document}");
}

#[test]
fn a_failure_of_many_trials_is_told_once() {
    let errored = |provider: &str, failure: Failure| {
        let mut report = report("on", provider, Verdict::Errored);
        report.failures.push(failure);
        Event::TrialFinished(report)
    };
    let no_start = || Failure::new("cluster::function", "cannot start f");
    let in_a_step = || Failure {
        step: "one".to_owned(),
        ..Failure::new("cluster::broken", "etcd ended")
    };
    let mut terminal = Terminal::new(Palette::plain(), Verbosity::Normal);
    let mut said = |provider: &str, failure: Failure| terminal.render(&errored(provider, failure));
    let whole = "    cannot start f [cluster::function]\n";
    assert!(said("aws", no_start()).ends_with(whole));
    assert!(said("azure", no_start()).ends_with("azure\n    the same as for on::aws\n"));
    let text = said("google", in_a_step());
    assert!(text.contains("step \"one\": etcd ended"), "{text}");
    let text = said("local", in_a_step());
    assert!(text.ends_with("    the same as for on::google\n"), "{text}");
}

#[test]
fn only_what_did_not_pass_is_told_quietly() {
    let text = terminal(Palette::plain(), Verbosity::Quiet);
    for part in ["passed   ", "skipped   ", "running"] {
        assert!(!text.contains(part), "{part} is in {text}");
    }
    for part in [
        "failed   0.012s on::aws",
        "unsupported   0.012s",
        "summary 6 trials",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn a_slow_trial_says_what_it_waits_for() {
    let mut terminal = Terminal::new(Palette::plain(), Verbosity::Normal);
    let text = terminal.render(&Event::TrialSlow {
        trial: trial("on", "aws"),
        step: "one".to_owned(),
        action: "expect".to_owned(),
        elapsed_ms: 10_000,
        waits_for: vec!["composite Team red is being reconciled".to_owned()],
    });
    let expected = "        slow  10.000s on::aws in step \"one\", expect\n    composite Team red is being reconciled\n";
    assert_eq!(text, expected);
}

#[test]
fn a_run_that_ended_early_says_so_in_its_summary() {
    let mut terminal = Terminal::new(Palette::plain(), Verbosity::Normal);
    let mut summary = Summary::default();
    summary.count(Verdict::Passed);
    let events = [
        Event::RunStarted {
            cluster: "embedded".to_owned(),
            seeds: Seeds::one(0),
            trials: 3,
        },
        Event::RunEndedEarly {
            cluster: "embedded".to_owned(),
            seeds: Seeds::one(0),
            reason: "interrupted by SIGINT".to_owned(),
        },
        Event::RunFinished {
            summary,
            duration_ms: 5,
        },
    ];
    let text: String = events.iter().map(|event| terminal.render(event)).collect();
    assert!(
        text.contains(" ended early interrupted by SIGINT\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "summary 1 of 3 trials in 0.005s (preparation 0.000s): 1 passed, 2 not judged\n"
        ),
        "{text}"
    );
}

#[test]
fn colours_add_nothing_but_colours() {
    let coloured = terminal(Palette::coloured(), Verbosity::Verbose);
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(plain, terminal(Palette::plain(), Verbosity::Verbose));
}

#[test]
fn json_document() {
    let text = json::render(&collected()).unwrap();
    assert_data_eq!(&text, golden("report.json").raw());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], json!(1));
    assert_eq!(document["summary"]["passed"], json!(1));
    assert_eq!(document["trials"].as_array().unwrap().len(), 6);
}

#[test]
fn json_trials_read_back_as_they_were() {
    let text = json::render(&collected()).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let read: Vec<TrialReport> = serde_json::from_value(document["trials"].clone()).unwrap();
    let run = collected();
    assert_eq!(read.iter().collect::<Vec<_>>(), run.trials());
}

#[test]
fn junit_document_reads_back() {
    let text = junit::render(&collected()).unwrap();
    assert_data_eq!(&text, golden("junit.xml").raw());
    let read = quick_junit::Report::deserialize_from_str(&text).unwrap();
    assert_eq!((read.tests, read.failures, read.errors), (6, 2, 2));
    let aws = &read.test_suites[0];
    assert_eq!(aws.name.as_str(), "aws");
    assert_eq!(aws.properties[1].value.as_str(), "7");
    assert_eq!(aws.test_cases.len(), 3);
}

#[test]
fn events_survive_a_round_trip() {
    for event in run() {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}
