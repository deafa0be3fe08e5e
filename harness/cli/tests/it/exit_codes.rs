//! The documented exit codes, each by a run that ends with it.

use crate::project::{SCENARIO, SUITE, project, ran};

#[test]
fn everything_passes_with_0() {
    let (code, out, err) = ran(&project(&[]), &["test"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("passed [DURATION] defaults::local"), "{out}");
    assert!(
        out.contains("1 trial in [DURATION] (preparation [DURATION]): 1 passed"),
        "{out}"
    );
}

#[test]
fn an_expectation_that_does_not_hold_fails_with_1_and_explains() {
    let scenario = SCENARIO.replace("size: 3\n", "size: 4\n");
    let (code, out, _) = ran(
        &project(&[("scenarios/defaults/scenario.yaml", &scenario)]),
        &["test"],
    );
    assert_eq!(code, 1, "{out}");
    for part in [
        "failed [DURATION] defaults::local",
        "step \"a widget gets a size\", expect",
        "scenarios/defaults/scenario.yaml:23",
        "spec.size",
        "expected 4",
        "actual   3",
    ] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
}

#[test]
fn a_write_that_should_be_refused_but_is_not_fails_with_1() {
    let scenario = SCENARIO.replace("size: 10", "size: 9");
    let (code, out, _) = ran(
        &project(&[("scenarios/defaults/scenario.yaml", &scenario)]),
        &["test"],
    );
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("Widget big was accepted, but must be refused"),
        "{out}"
    );
}

#[test]
fn an_unknown_flag_is_2() {
    let (code, _, err) = ran(&project(&[]), &["test", "--clutser", "embedded"]);
    assert_eq!(code, 2);
    assert!(err.contains("--cluster"), "{err}");
}

#[test]
fn an_unknown_provider_is_2_and_names_the_nearest() {
    let (code, _, err) = ran(&project(&[]), &["test", "--provider", "locla"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("local"), "{err}");
}

#[test]
fn a_folder_without_a_suite_is_2() {
    let project = crosscut_testkit::Project::new(&[]).unwrap();
    let (code, _, err) = ran(&project, &["test"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("crosscut.yaml"), "{err}");
}

#[test]
fn a_function_that_does_not_start_is_3() {
    let suite = SUITE.replace(
        "spec: {}",
        "spec:\n  functions:\n  - name: f\n    command: [/nonexistent/function, \"{address}\"]",
    );
    let (code, out, err) = ran(&project(&[("crosscut.yaml", &suite)]), &["test"]);
    assert_eq!(code, 3, "{out}{err}");
    assert!(err.contains("/nonexistent/function"), "{err}");
}

#[test]
fn list_prints_the_trials_and_runs_none() {
    let (code, out, _) = ran(&project(&[]), &["test", "--list"]);
    assert_eq!((code, out.as_str()), (0, "defaults::local\n"));
}

#[test]
fn a_scenario_that_is_not_meant_for_a_provider_is_skipped_with_its_reason() {
    let other = crate::project::PROVIDER
        .replace("name: local", "name: other")
        .replace("[widgets.yaml]", "[../local/widgets.yaml]");
    let scenario = SCENARIO.replace(
        "spec:\n  steps:",
        "spec:\n  providers: {only: [local], reason: only local has it}\n  steps:",
    );
    let project = project(&[
        ("providers/other/provider.yaml", &other),
        ("scenarios/defaults/scenario.yaml", &scenario),
    ]);
    let (code, out, err) = ran(&project, &["test", "-v"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("skipped [DURATION] defaults::other (only local has it)"),
        "{out}"
    );
}
