//! Warnings, runs that judge nothing, and places as they are seen from the current folder.

use std::process::Command;

use rstest::rstest;

use crate::project::{PROVIDER, SCENARIO, project, ran, redacted};

/// The scenario, for a provider that is not selected.
fn elsewhere() -> String {
    SCENARIO.replace(
        "  steps:\n  - name: a widget gets a size",
        "  providers: {only: [other], reason: it is for another}\n  steps:\n  - name: a widget gets a size",
    )
}

#[rstest]
#[case::skipped(&["test", "--provider", "local"], 4)]
#[case::skipped_on_purpose(&["test", "--provider", "local", "--allow-empty"], 0)]
#[case::judged_on_another(&["test"], 0)]
fn a_run_that_judges_nothing(#[case] arguments: &[&str], #[case] expected: i32) {
    let project = project(&[
        ("scenarios/defaults/scenario.yaml", &elsewhere()),
        (
            "providers/other/provider.yaml",
            &PROVIDER
                .replace("name: local", "name: other")
                .replace("[widgets.yaml]", "[../local/widgets.yaml]"),
        ),
    ]);
    let (code, out, err) = ran(&project, arguments);
    assert_eq!(code, expected, "{out}{err}");
    assert_eq!(err.contains("nothing was judged"), expected == 4, "{err}");
    assert!(out.contains("skipped"), "{out}");
}

#[test]
fn a_failure_is_no_empty_run() {
    let scenario = SCENARIO.replace("size: 3\n", "size: 4\n");
    let project = project(&[("scenarios/defaults/scenario.yaml", &scenario)]);
    let (code, _, err) = ran(&project, &["test", "--allow-empty"]);
    assert_eq!((code, err.as_str()), (1, ""));
}

#[rstest]
#[case::lint(&["lint"], 0)]
#[case::lint_denied(&["lint", "--deny-warnings"], 2)]
#[case::test(&["test"], 0)]
#[case::test_denied(&["test", "--deny-warnings"], 2)]
fn warnings_can_be_denied(#[case] arguments: &[&str], #[case] expected: i32) {
    let project = project(&[("scenarios/defaults/forgotten.yaml", "kind: Widget\n")]);
    let (code, out, err) = ran(&project, arguments);
    assert_eq!(code, expected, "{out}{err}");
    assert!(err.contains("lint::unused_file"), "{err}");
    assert_eq!(err.contains("--deny-warnings"), expected == 2, "{err}");
    let judged = out.contains("passed");
    assert_eq!(judged, arguments == ["test"], "nothing runs: {out}");
}

#[test]
fn without_warnings_there_is_nothing_to_deny() {
    for command in ["lint", "test"] {
        let (code, _, err) = ran(&project(&[]), &[command, "--deny-warnings"]);
        assert_eq!((code, err.as_str()), (0, ""), "{command}");
    }
}

#[test]
fn a_warning_of_test_is_one_line() {
    let project = project(&[("scenarios/defaults/forgotten.yaml", "kind: Widget\n")]);
    let (_, _, err) = ran(&project, &["test"]);
    assert_eq!(
        err,
        "warning: scenarios/defaults/forgotten.yaml:1:1: no document names the file scenarios/defaults/forgotten.yaml [lint::unused_file]\n"
    );
}

/// What is shown where crosscut is started elsewhere than in the project's folder.
#[rstest]
#[case::below("scenarios", &[], "defaults/scenario.yaml")]
#[case::far_below("scenarios/defaults", &[], "scenario.yaml")]
#[case::above("..", &["PROJECT"], "PROJECT/scenarios/defaults/scenario.yaml")]
fn places_are_seen_from_the_current_folder(
    #[case] folder: &str,
    #[case] paths: &[&str],
    #[case] expected: &str,
) {
    let broken = SCENARIO.replace("    - absent:", "    - absnet:");
    let failing = SCENARIO.replace("size: 3\n", "size: 4\n");
    for (command, scenario, line) in [("lint", &broken, 24), ("test", &failing, 23)] {
        let project = project(&[("scenarios/defaults/scenario.yaml", scenario)]);
        let name = project.path().file_name().unwrap().to_string_lossy();
        let paths = paths.iter().map(|path| path.replace("PROJECT", &name));
        let output = Command::new(env!("CARGO_BIN_EXE_crosscut"))
            .arg(command)
            .args(paths)
            .current_dir(project.file(folder))
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = redacted(&project, &String::from_utf8_lossy(&text));
        let place = format!("{}:{line}:", expected.replace("PROJECT", &name));
        let alone = text
            .split(['[', '(', ' ', '\n'])
            .any(|word| word.starts_with(&place));
        assert!(alone, "{place} is not in\n{text}");
    }
}

#[test]
fn reports_have_places_that_are_seen_from_the_current_folder() {
    let failing = SCENARIO.replace("size: 3\n", "size: 4\n");
    let project = project(&[("scenarios/defaults/scenario.yaml", &failing)]);
    let output = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .args(["test", "--report", "json=report.json"])
        .current_dir(project.file("scenarios"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report = std::fs::read_to_string(project.file("scenarios/report.json")).unwrap();
    assert!(report.contains("\"defaults/scenario.yaml\""), "{report}");
    assert!(
        !report.contains("\"scenarios/defaults/scenario.yaml\""),
        "{report}"
    );
}
