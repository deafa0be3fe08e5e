//! Words of Chainsaw (0.2.15), and crosscut's in their place.

/// The place where the reference of documents is.
const REFERENCE: &str = "docs/scenarios.md";

/// Crosscut's answer to a word of Chainsaw's.
#[derive(Clone, Copy)]
enum Answer {
    /// Another word, and what else is to be changed.
    Word(&'static str, &'static str),
    /// There is none: what to do, and the part of the reference that says more.
    None(&'static str, &'static str),
}

use Answer::{None as No, Word};

/// Words of an operation.
const OPERATIONS: [(&str, Answer); 23] = [
    ("assert", Word("expect", "the documents stay as they are")),
    ("error", Word("absent", "the documents stay as they are")),
    ("create", Word("apply", "it creates what is not there yet")),
    ("update", Word("apply", "it changes what is there already")),
    ("cluster", Word("\"on\"", "it is control or target")),
    (
        "ref",
        Word(
            "delete",
            "apiVersion, kind, name, namespace and labels stand in it",
        ),
    ),
    (
        "script",
        No("declare a program, which runs beside the trial", "Programs"),
    ),
    (
        "command",
        No("declare a program, which runs beside the trial", "Programs"),
    ),
    (
        "wait",
        No(
            "nothing is waited for: use expect, which judges what is there at rest",
            "Actions",
        ),
    ),
    (
        "get",
        No(
            "a failure shows the objects concerned, with conditions and events",
            "Actions",
        ),
    ),
    (
        "describe",
        No(
            "a failure shows the objects concerned, with conditions and events",
            "Actions",
        ),
    ),
    (
        "podLogs",
        No(
            "a failure shows what programs wrote, with conditions and events",
            "Programs",
        ),
    ),
    (
        "proxy",
        No("use request with the URL of what is to be asked", "Request"),
    ),
    (
        "timeout",
        No(
            "nothing is waited for: what is judged is at rest",
            "Actions",
        ),
    ),
    (
        "continueOnError",
        No("the first action that fails ends the trial", "Scenario"),
    ),
    ("compiler", No("expressions are JMESPath", "Expressions")),
    ("dryRun", No("use reject, or apply and expect", "Actions")),
    (
        "skipDelete",
        No("a trial has a control plane of its own", "Scenario"),
    ),
    (
        "deletionPropagationPolicy",
        Word("propagation", "it stands in delete"),
    ),
    (
        "description",
        No("name the step, or write a comment", "Scenario"),
    ),
    (
        "check",
        No("use reject, which says what a refusal must be", "Actions"),
    ),
    (
        "template",
        No(
            "texts that are an (expression) are evaluated always",
            "Expressions",
        ),
    ),
    (
        "clusters",
        No("a trial has the clusters control and target", "Actions"),
    ),
];

/// Words of a step.
const STEPS: [(&str, Answer); 6] = [
    ("try", Word("actions", "its operations become actions")),
    (
        "use",
        No(
            "name files, which several scenarios may share",
            "What all documents have in common",
        ),
    ),
    (
        "catch",
        No(
            "a failure shows conditions, events and what programs wrote by itself",
            "Scenario",
        ),
    ),
    (
        "finally",
        No(
            "everything is cleaned up after a trial by itself",
            "Scenario",
        ),
    ),
    (
        "cleanup",
        No(
            "everything is cleaned up after a trial by itself",
            "Scenario",
        ),
    ),
    (
        "timeouts",
        No(
            "nothing is waited for: what is judged is at rest",
            "Actions",
        ),
    ),
];

/// Words of a test.
const TESTS: [(&str, Answer); 11] = [
    (
        "skip",
        No(
            "use providers or clusters with only and a reason",
            "Scenario",
        ),
    ),
    (
        "concurrent",
        No(
            "trials do not see each other; --jobs says how many run at a time",
            "Scenario",
        ),
    ),
    (
        "failFast",
        No("the first action that fails ends the trial", "Scenario"),
    ),
    (
        "namespace",
        No(
            "the suite says the namespace; expressions see it as $namespace",
            "Suite",
        ),
    ),
    (
        "namespaceTemplate",
        No("apply or install the namespace", "Suite"),
    ),
    (
        "namespaceTemplateCompiler",
        No("apply or install the namespace", "Suite"),
    ),
    (
        "fastNamespaceDeletion",
        No(
            "everything is cleaned up after a trial by itself",
            "Scenario",
        ),
    ),
    (
        "delayBeforeCleanup",
        No(
            "everything is cleaned up after a trial by itself",
            "Scenario",
        ),
    ),
    (
        "forceTerminationGracePeriod",
        No(
            "everything is cleaned up after a trial by itself",
            "Scenario",
        ),
    ),
    (
        "scenarios",
        No(
            "write a provider for each set of values; expressions see them as $values",
            "Provider",
        ),
    ),
    (
        "values",
        No(
            "providers have values; expressions see them as $values",
            "Provider",
        ),
    ),
];

/// Returns help on a field that is no field of `what`, but one of Chainsaw's there.
pub(super) fn help(what: &str, word: &str) -> Option<String> {
    let words: &[&[(&str, Answer)]] = match what {
        "an action" | "a write" | "an assertion" | "delete" | "reject" | "events" => {
            &[&OPERATIONS, &STEPS]
        }
        "a step" => &[&STEPS, &OPERATIONS],
        "the scenario's spec" => &[&TESTS, &STEPS, &OPERATIONS],
        "the suite's spec" => &[&STEPS, &TESTS],
        _ => return None,
    };
    let mut known = words.iter().flat_map(|words| words.iter());
    let (_, answer) = known.find(|(known, _)| *known == word)?;
    Some(match answer {
        Word(ours, more) => {
            format!("{word} is Chainsaw's word: crosscut's is {ours}; {more} ({REFERENCE} has all)")
        }
        No(instead, section) => format!(
            "{word} is Chainsaw's word, and crosscut has none for it: {instead} (see \"{section}\" in {REFERENCE})"
        ),
    })
}

/// Returns help on an `apiVersion` or a `kind` of Chainsaw's, where a document of the kind `expected` must be.
pub(super) fn document(found: &str, expected: &str) -> Option<String> {
    if found.starts_with("chainsaw.kyverno.io/") {
        return Some(format!(
            "this is a document of Chainsaw's: crosscut's have apiVersion: {}, and are described in {REFERENCE}",
            crate::API_VERSION
        ));
    }
    let ours = match found {
        "Test" => "its kind Test is crosscut's Scenario",
        "Configuration" => "its kind Configuration is crosscut's Suite, in crosscut.yaml",
        "StepTemplate" => {
            "crosscut has no templates of steps: name files, which several scenarios may share"
        }
        _ => return None,
    };
    Some(format!(
        "{found} is Chainsaw's word: {ours}; this file must hold a {expected} (see {REFERENCE})"
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{document, help};

    /// The words are those of Chainsaw's API v1alpha1: operations, try steps, test specs.
    #[rstest]
    #[case("an action", "assert", "crosscut's is expect")]
    #[case("an action", "error", "crosscut's is absent")]
    #[case("an action", "script", "crosscut has none for it")]
    #[case("an action", "create", "crosscut's is apply")]
    #[case("an action", "wait", "use expect")]
    #[case("an action", "catch", "a failure shows")]
    #[case("an action", "timeout", "at rest")]
    #[case("a write", "timeout", "at rest")]
    #[case("delete", "ref", "stand in it")]
    #[case("a step", "try", "crosscut's is actions")]
    #[case("a step", "finally", "cleaned up")]
    #[case("a step", "assert", "crosscut's is expect")]
    #[case("the scenario's spec", "timeouts", "at rest")]
    #[case("the scenario's spec", "namespaceTemplate", "install the namespace")]
    fn words_of_chainsaws(#[case] what: &str, #[case] word: &str, #[case] part: &str) {
        let help = help(what, word).unwrap_or_default();
        assert!(help.contains(part) && help.contains(word), "{help}");
        assert!(help.contains("docs/scenarios.md"), "{help}");
    }

    #[rstest]
    #[case("an action", "absnet")]
    #[case("a rule for managed resources", "error")]
    fn words_of_nobodys(#[case] what: &str, #[case] word: &str) {
        assert_eq!(help(what, word), None);
    }

    #[rstest]
    #[case("chainsaw.kyverno.io/v1alpha1", "crosscut.dev/v1alpha1")]
    #[case("Test", "Scenario")]
    #[case("Configuration", "Suite")]
    #[case("StepTemplate", "name files")]
    fn documents_of_chainsaws(#[case] found: &str, #[case] part: &str) {
        let help = document(found, "Scenario").unwrap_or_default();
        assert!(help.contains(part), "{help}");
        assert_eq!(document("Scenaro", "Scenario"), None);
    }
}
