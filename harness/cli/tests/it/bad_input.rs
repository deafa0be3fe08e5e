//! Mistakes in documents: every one shown in one run, with file, line, code and help.

use crate::project::{PROVIDER, SCENARIO, project, ran};

#[test]
fn all_mistakes_of_all_documents_are_shown_at_once() {
    let scenario = SCENARIO
        .replace("    - absent:", "    - absnet:")
        .replace("colour: ($values.colour)", "colour: ($valeus.colour)")
        .replace("size: 3\n", "(length(: 3\n");
    let provider = PROVIDER.replace("  crds:", "  crsd:");
    let project = project(&[
        ("scenarios/defaults/scenario.yaml", &scenario),
        ("providers/local/provider.yaml", &provider),
    ]);
    let (code, out, err) = ran(&project, &["lint"]);
    assert_eq!(code, 2, "{out}{err}");
    for part in [
        "absnet",
        "absent",
        "valeus",
        "crsd",
        "crds",
        "scenario.yaml",
        "provider.yaml",
        "length(",
    ] {
        assert!(err.contains(part), "{part} is missing in\n{err}");
    }
}

#[test]
fn yaml_that_does_not_parse_points_at_the_line() {
    let project = project(&[("scenarios/defaults/scenario.yaml", "apiVersion: [\n")]);
    let (code, _, err) = ran(&project, &["test"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("scenarios/defaults/scenario.yaml"), "{err}");
}

#[test]
fn a_missing_file_is_named() {
    let scenario = SCENARIO.replacen(
        "        resource:\n          apiVersion: example.org/v1\n          kind: Widget\n          metadata: {name: w}\n          spec:\n            colour: ($values.colour)\n",
        "        file: widgte.yaml\n",
        1,
    );
    let (code, _, err) = ran(
        &project(&[("scenarios/defaults/scenario.yaml", &scenario)]),
        &["lint"],
    );
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("widgte.yaml"), "{err}");
}

#[test]
fn a_kind_that_nothing_defines_is_a_lint_warning_and_fails_at_run_time() {
    let scenario = SCENARIO.replacen(
        "kind: Widget\n          metadata: {name: w}\n          spec:\n            colour: blue",
        "kind: Gadget\n          metadata: {name: w}\n          spec:\n            colour: blue",
        1,
    );
    let project = project(&[("scenarios/defaults/scenario.yaml", &scenario)]);
    let (code, out, err) = ran(&project, &["lint"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(err.contains("Gadget"), "{err}");
    let (code, out, _) = ran(&project, &["test"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("serves no kind Gadget"), "{out}");
}
