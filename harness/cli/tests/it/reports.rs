//! Reports that the binary writes, read back by the tools that read them.

use quick_junit::{NonSuccessKind, TestCaseStatus};
use rstest::rstest;
use serde_json::Value;

use crate::project::{PROVIDER, SCENARIO, project, ran};

/// The keys of an object, in order.
fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// A failure on two providers, and a scenario that one of them is not meant for.
fn failing_project() -> crosscut_testkit::Project {
    let other = PROVIDER
        .replace("name: local", "name: other")
        .replace("[widgets.yaml]", "[../local/widgets.yaml]");
    let only = SCENARIO.replace("name: defaults", "name: only").replace(
        "  steps:",
        "  providers: {only: [local], reason: \"<it> has & colours\"}\n  steps:",
    );
    project(&[
        ("providers/other/provider.yaml", &other),
        ("scenarios/only/scenario.yaml", &only),
        (
            "scenarios/defaults/scenario.yaml",
            &SCENARIO.replace("size: 3\n", "size: 4\n"),
        ),
    ])
}

#[test]
fn the_json_report_has_the_documented_shape() {
    let project = failing_project();
    let (code, out, err) = ran(
        &project,
        &["test", "--seed", "7", "--report", "json=report.json"],
    );
    assert_eq!(code, 1, "{out}{err}");
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(project.file("report.json")).unwrap())
            .unwrap();
    assert_eq!(
        keys(&report),
        [
            "cluster",
            "duration_ms",
            "planned",
            "preparation_ms",
            "schema",
            "seed",
            "summary",
            "trials"
        ]
    );
    assert_eq!(
        (&report["schema"], &report["seed"]),
        (&Value::from(1), &Value::from(7))
    );
    assert_eq!(
        report["summary"],
        serde_json::json!({"passed": 1, "failed": 2, "unsettled": 0, "errored": 0, "unsupported": 0, "skipped": 1})
    );
    let trials = report["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 4);
    assert_eq!(
        keys(&trials[0]),
        [
            "cluster",
            "duration_ms",
            "failures",
            "location",
            "preparation_ms",
            "provider",
            "scenario",
            "steps",
            "verdict"
        ]
    );
    assert_eq!(trials[3]["reason"], "<it> has & colours");
    let failure = &trials[0]["failures"][0];
    assert_eq!(
        keys(failure),
        [
            "action",
            "code",
            "diff",
            "location",
            "message",
            "mismatches",
            "step"
        ]
    );
    assert_eq!(
        failure["location"],
        serde_json::json!({"file": "scenarios/defaults/scenario.yaml", "line": 18, "column": 11})
    );
    assert_eq!(
        keys(&failure["mismatches"][0]),
        ["actual", "expected", "location", "message", "path"]
    );
}

#[test]
fn the_junit_report_has_a_suite_per_provider_and_a_case_per_scenario() {
    let project = failing_project();
    let (code, out, err) = ran(
        &project,
        &["test", "--seed", "7", "--report", "junit=report.xml"],
    );
    assert_eq!(code, 1, "{out}{err}");
    let text = std::fs::read_to_string(project.file("report.xml")).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (4, 2, 0));
    let suites: Vec<&str> = report
        .test_suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect();
    assert_eq!(suites, ["local", "other"]);
    let other = &report.test_suites[1];
    let properties: Vec<(&str, &str)> = other
        .properties
        .iter()
        .map(|property| (property.name.as_str(), property.value.as_str()))
        .collect();
    assert_eq!(properties, [("cluster", "embedded"), ("seed", "7")]);
    let cases: Vec<&str> = other
        .test_cases
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    assert_eq!(cases, ["defaults", "only"]);
    let TestCaseStatus::NonSuccess {
        kind, description, ..
    } = &other.test_cases[0].status
    else {
        panic!("{:?}", other.test_cases[0].status);
    };
    assert_eq!(*kind, NonSuccessKind::Failure);
    let description = description.as_ref().unwrap().as_str();
    for part in [
        "scenarios/defaults/scenario.yaml:23:19",
        "-  size: 4",
        "+  size: 3",
        "step \"a widget gets a size\"",
    ] {
        assert!(
            description.contains(part),
            "{part} is missing in\n{description}"
        );
    }
    assert!(
        matches!(&other.test_cases[1].status, TestCaseStatus::Skipped { message: Some(reason), .. } if reason.as_str() == "<it> has & colours")
    );
}

/// What is known before the trials is said before them, and a report of before is not left for one of now.
#[test]
fn a_report_that_cannot_be_written_is_noticed_before_anything_runs() {
    let project = project(&[("old.json", "{}"), ("folder/file", "")]);
    let arguments = [
        "test",
        "--report",
        "json=old.json",
        "--report",
        "junit=folder",
    ];
    let (code, out, err) = ran(&project, &arguments);
    assert_eq!((code, out.as_str()), (3, ""), "{err}");
    assert!(err.contains("write the report folder"), "{err}");
    assert!(!project.file("old.json").exists());
}

/// Neither the files that were read nor another report, by whatever path.
#[rstest]
#[case::the_suite("crosscut.yaml", "read from")]
#[case::the_suite_by_a_detour("scenarios/../crosscut.yaml", "read from")]
#[case::what_a_provider_names("providers/local/widgets.yaml", "read from")]
#[case::a_link_to_a_scenario("link.json", "read from")]
#[case::a_hard_link("hard.json", "read from")]
#[case::the_other_report("./new.json", "two reports")]
fn a_report_over_another_file_is_refused(#[case] file: &str, #[case] part: &str) {
    let project = project(&[]);
    let scenario = project.file("scenarios/defaults/scenario.yaml");
    std::os::unix::fs::symlink(scenario, project.file("link.json")).unwrap();
    let provider = project.file("providers/local/provider.yaml");
    std::fs::hard_link(provider, project.file("hard.json")).unwrap();
    let before = std::fs::read(project.file(file)).ok();
    let report = format!("json={file}");
    let arguments = ["test", "--report", "junit=new.json", "--report", &report];
    let (code, out, err) = ran(&project, &arguments);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains(part), "{err}");
    assert_eq!(std::fs::read(project.file(file)).ok(), before);
}

/// Never by half: it is written aside and put in its place, and a link stays one.
#[test]
fn a_report_is_put_in_its_place_whole() {
    let project = project(&[("kept/old.json", "{}")]);
    std::os::unix::fs::symlink("kept/old.json", project.file("out.json")).unwrap();
    let (code, out, err) = ran(&project, &["test", "--report", "json=out.json"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(project.file("out.json").is_symlink());
    let report = std::fs::read_to_string(project.file("kept/old.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["schema"], 1);
    let left: Vec<_> = std::fs::read_dir(project.file("kept")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn junit_and_json_are_written_and_read_back() {
    let project = project(&[]);
    let (code, out, err) = ran(
        &project,
        &[
            "test",
            "--report",
            "junit=out/report.xml",
            "--report",
            "json=out/report.json",
        ],
    );
    assert_eq!(code, 0, "{out}{err}");
    let junit = std::fs::read_to_string(project.file("out/report.xml")).unwrap();
    let junit = quick_junit::Report::deserialize_from_str(&junit).unwrap();
    assert_eq!((junit.tests, junit.failures, junit.errors), (1, 0, 0));
    assert_eq!(junit.test_suites[0].name.as_str(), "local");
    let json = std::fs::read_to_string(project.file("out/report.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["summary"]["passed"], 1);
    assert_eq!(json["trials"][0]["scenario"], "defaults");
    assert_eq!(json["trials"][0]["verdict"], "passed");
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let (code, _, err) = ran(
        &project(&[]),
        &["test", "--report", "json=/dev/null/report.json"],
    );
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("/dev/null/report.json"), "{err}");
}
