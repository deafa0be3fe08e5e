//! `crosscut parity`: two runs of the same trials, compared.

use crate::project::{project, ran};

#[test]
fn one_kind_alone_is_refused_with_2() {
    let (code, out, err) = ran(&project(&[]), &["parity", "--clusters", "embedded"]);
    assert_eq!(code, 2, "{out}{err}");
    assert!(err.contains("there is nothing to compare"), "{err}");
    assert!(err.contains("at least two kinds"), "{err}");
}

#[test]
fn two_runs_of_one_kind_agree() {
    let arguments = ["parity", "--clusters", "embedded,embedded"];
    let (code, out, err) = ran(&project(&[]), &arguments);
    assert_eq!(code, 0, "{out}{err}");
    let agrees = "parity embedded / embedded: 1 trials judged alike";
    assert!(out.contains(agrees), "{out}");
    assert!(out.contains(", 0 differences unexplained"), "{out}");
}

#[test]
fn an_entry_that_explains_nothing_fails_with_1() {
    let ledger = "- {id: old, reason: r, test: t, side: control, object: 'Widget*', path: x}\n";
    let project = project(&[("ledger.yaml", ledger)]);
    let arguments = [
        "parity",
        "--clusters",
        "embedded,embedded",
        "--ledger",
        "ledger.yaml",
    ];
    let (code, out, err) = ran(&project, &arguments);
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        out.contains("idle old: it explains nothing any more"),
        "{out}"
    );
}

/// The trials that were left out may be the ones that differ.
#[test]
fn an_entry_that_explains_nothing_in_a_part_of_the_trials_is_no_failure() {
    let ledger = "- {id: old, reason: r, test: t, side: control, object: 'Widget*', path: x}\n";
    let project = project(&[("ledger.yaml", ledger)]);
    let (code, out, err) = ran(
        &project,
        &[
            "parity",
            "--clusters",
            "embedded,embedded",
            "--ledger",
            "ledger.yaml",
            "--scenario",
            "*",
        ],
    );
    assert_eq!(code, 0, "{out}{err}");
    assert!(!out.contains("idle"), "{out}");
}

#[test]
fn a_ledger_that_is_wrong_is_2_before_any_trial() {
    let ledger = "- {id: a, reason: r, test: t, side: control, object: '*', path: spec.size}\n";
    let project = project(&[("ledger.yaml", ledger)]);
    let (code, out, err) = ran(&project, &["parity", "--ledger", "ledger.yaml"]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("spec.size cannot be explained away"), "{err}");
}
