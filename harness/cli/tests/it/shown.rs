//! What may be shown: nothing that harms a terminal or a reader, no value of a Secret, and places as they can be opened.

use std::process::Command;

use crosscut_testkit::Project;
use rstest::rstest;

use crate::project::{SCENARIO, project, ran};

/// Returns everything that a run with these arguments shows and reports.
fn everything(project: &Project, arguments: &[&str]) -> (i32, String) {
    let reports = [
        "test",
        "--report",
        "json=out.json",
        "--report",
        "junit=out.xml",
    ];
    let arguments: Vec<&str> = reports.iter().chain(arguments).copied().collect();
    let (code, mut text, err) = ran(project, &arguments);
    text.push_str(&err);
    for file in ["out.json", "out.xml"] {
        text.push_str(&std::fs::read_to_string(project.file(file)).unwrap_or_default());
    }
    (code, text)
}

fn harmful(text: &str) -> Vec<char> {
    let is_harmful = |letter: &char| {
        let is_line = matches!(letter, '\n' | '\t');
        (letter.is_control() && !is_line)
            || "\u{202e}\u{2066}\u{2028}\u{feff}\u{fffe}".contains(*letter)
    };
    text.chars().filter(is_harmful).collect()
}

#[test]
fn names_and_values_do_no_harm() {
    let scenario = SCENARIO
        .replace(
            "name: a widget gets a size",
            r#"name: "evil \e[2J\u202e\u009b31m\r\ufffe""#,
        )
        .replace("colour: blue\n", "colour: \"\\e]0;title\\u2066\"\n");
    let project = project(&[("scenarios/defaults/scenario.yaml", &scenario)]);
    let (code, text) = everything(&project, &["-v"]);
    assert_eq!(code, 1, "{text}");
    assert_eq!(harmful(&text), [' '; 0], "{text:?}");
    assert!(
        text.contains(r"evil \u{1b}[2J\u{202e}\u{9b}31m\u{d}\u{fffe}"),
        "{text}"
    );
}

/// Of documents that are wrong, names and lines are shown.
#[test]
fn diagnostics_do_no_harm() {
    let scenario = SCENARIO.replace("  steps:", "  \u{202e}spets: \u{feff}\u{2066}x\n  steps:");
    let project = project(&[("scenarios/defaults/scenario.yaml", &scenario)]);
    let (code, text) = everything(&project, &[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("spets"), "{text}");
    assert_eq!(harmful(&text), [' '; 0], "{text:?}");
}

const SECRET: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Scenario
metadata: {name: defaults}
spec:
  steps:
  - actions:
    - apply:
        resource: {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: correct-horse, pin: \"17\"}}
    - outputs: [{name: password, value: (base64_decode(data.password))}]
      expect:
        resource: {apiVersion: v1, kind: Secret, metadata: {name: s}}
";

/// In what is said of the Secret itself, and wherever else its values have gone.
#[rstest]
#[case::of_the_secret(
    "expect: {resource: {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {password: Zm9v, pin: eA==}}}"
)]
#[case::of_an_expression(
    "expect: {resource: {apiVersion: v1, kind: Secret, metadata: {name: s}, (base64_decode(data.password)): foo}}"
)]
#[case::that_do_not_count(
    "count: {resource: {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {password: Zm9v, pin: eA==}}, exactly: 1}"
)]
#[case::that_count_but_are_otherwise(
    "{count: {resource: {apiVersion: v1, kind: Secret, metadata: {name: s}}, exactly: 1, each: {data: {password: Zm9v, pin: eA==}}}}"
)]
#[case::of_an_output(
    "expect: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {url: a}}}"
)]
fn values_of_secrets_are_masked(#[case] action: &str) {
    let copy = "apply: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {url: \"(join('', ['db://me:', $password]))\"}}}";
    let scenario = format!("{SECRET}    - {copy}\n    - {action}\n");
    let project = project(&[("scenarios/defaults/scenario.yaml", &scenario)]);
    let values = ["correct-horse", "Y29ycmVjdC1ob3JzZQ==", "MTc="];
    let (code, text) = everything(&project, &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("(masked)"), "{text}");
    let found: Vec<&&str> = values
        .iter()
        .filter(|value| text.contains(**value))
        .collect();
    assert!(found.is_empty(), "{found:?} in {text}");
    let (_, text) = everything(&project, &["--show-secrets"]);
    assert!(values.iter().any(|value| text.contains(value)), "{text}");
    assert!(!text.contains("(masked)"), "{text}");
}

#[test]
fn places_are_seen_from_the_current_folder() {
    let scenario = SCENARIO.replace("size: 3\n", "size: 4\n");
    let project = project(&[("scenarios/defaults/scenario.yaml", &scenario)]);
    let output = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .args(["test", "--report", "junit=out.xml", ".."])
        .current_dir(project.file("scenarios"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("at defaults/scenario.yaml:18:11\n"), "{text}");
    assert!(text.contains("(defaults/scenario.yaml:23:19)"), "{text}");
    let report = std::fs::read_to_string(project.file("scenarios/out.xml")).unwrap();
    let case = "file=\"defaults/scenario.yaml\" line=\"18\"";
    assert!(report.contains(case), "{report}");
    let message = "message=\"step &quot;a widget gets a size&quot;, expect: Widget default/w is not as expected (spec.size differs)\"";
    assert!(report.contains(message), "{report}");
}

#[test]
fn a_quiet_run_says_what_did_not_pass() {
    let failing = SCENARIO
        .replace("name: defaults", "name: failing")
        .replace("size: 3\n", "size: 4\n");
    let project = project(&[("scenarios/failing/scenario.yaml", &failing)]);
    let (code, out, err) = ran(&project, &["test", "--quiet"]);
    assert_eq!(code, 1, "{out}{err}");
    let lines: Vec<&str> = out.lines().map(str::trim).collect();
    assert!(lines[0].starts_with("failed"), "{out}");
    assert!(!out.contains("defaults::local"), "{out}");
    assert!(out.contains("summary 2 trials in"), "{out}");
}
