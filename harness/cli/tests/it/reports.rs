//! Reports that the binary writes, read back by the tools that read them.

use crate::project::{project, ran};

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
