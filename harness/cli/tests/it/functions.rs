//! Functions that misbehave: each way is told apart, with where the function is declared or what it said.

use std::time::{Duration, Instant};

use crosscut_testkit::{Project, stub};
use rstest::rstest;

use crate::project::{assert_golden, ran};

const PROVIDER: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Provider
metadata: {name: local}
";

/// A composite resource whose only step is the function.
const PACKAGE: &str = "\
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: teams.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Team, plural: teams}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              region: {type: string}
---
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: teams}
spec:
  compositeTypeRef: {apiVersion: example.org/v1, kind: Team}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {name: f}
";

pub(crate) const SCENARIO: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Scenario
metadata: {name: team}
spec:
  steps:
  - name: a team is composed
    actions:
    - apply:
        resource:
          apiVersion: example.org/v1
          kind: Team
          metadata: {name: red}
          spec: {region: moon}
    - expect:
        resource:
          apiVersion: example.org/v1
          kind: Team
          metadata: {name: red}
          status:
            (conditions[?type == 'Synced']):
            - status: \"True\"
";

/// A project whose function is `lines`, further fields of the function's declaration.
pub(crate) fn project(lines: &str) -> Project {
    let suite = format!(
        "apiVersion: crosscut.dev/v1alpha1\nkind: Suite\nmetadata: {{name: teams}}\nspec:\n  \
         install: [{{file: package.yaml}}]\n  functions:\n  - name: f\n    {lines}\n"
    );
    Project::new(&[
        ("crosscut.yaml", &suite),
        ("package.yaml", PACKAGE),
        ("providers/local/provider.yaml", PROVIDER),
        ("scenarios/team/scenario.yaml", SCENARIO),
    ])
    .unwrap()
}

/// The declaration of the stub in a mode.
pub(crate) fn stub_lines(mode: &str) -> String {
    let command = stub::command("functions::stub_function", mode).unwrap();
    let command = serde_json::to_string(&command).unwrap();
    format!("command: {command}\n    deadline: 1s\n    startDeadline: 10s")
}

#[test]
#[ignore = "the program that the other tests start"]
fn stub_function() {
    stub::run();
}

#[test]
fn a_function_that_answers_passes() {
    let (code, out, err) = ran(&project(&stub_lines("answers")), &["test"]);
    assert_eq!(code, 0, "{out}{err}");
}

/// Nothing can be judged: the environment failed.
#[rstest]
#[case::crashes_at_start("crash-at-start")]
#[case::never_listens("never-listens")]
#[case::speaks_no_grpc("speaks-no-grpc")]
#[case::speaks_http("speaks-http")]
fn a_function_that_does_not_come_up_is_an_error(#[case] mode: &str) {
    let (code, out, err) = ran(&project(&stub_lines(mode)), &["test"]);
    // What the last attempt to connect met depends on how far it had come.
    let out = match out.split_once("within 10s: ") {
        Some((before, rest)) => {
            let (_, after) = rest.split_once(" [cluster").unwrap();
            format!("{before}within 10s: [REASON] [cluster{after}")
        }
        None => out,
    };
    assert_golden(&format!("functions/{mode}"), &(code, out, err));
    assert_eq!(code, 3);
}

#[rstest]
#[case::no_program("no-program", "command: [./no/such/program, \"{address}\"]")]
#[case::no_package("no-package", "cargo: {package: nothing, arguments: [\"{address}\"]}")]
fn a_function_that_cannot_be_started_is_an_error(#[case] name: &str, #[case] lines: &str) {
    let ran = ran(&project(lines), &["test"]);
    assert_golden(&format!("functions/{name}"), &ran);
    assert_eq!(ran.0, 3);
}

/// The control plane goes on, as a real one does, and its objects say why nothing is composed.
#[rstest]
#[case::crashes("crash-on-call")]
#[case::hangs("hang-on-call")]
#[case::refuses("refuse-on-call")]
#[case::answers_nonsense("answers-nonsense")]
#[case::fatal_result("fatal-on-call")]
fn a_function_that_fails_in_a_call_fails_the_trial(#[case] mode: &str) {
    let ran = ran(&project(&stub_lines(mode)), &["test"]);
    assert_golden(&format!("functions/{mode}"), &ran);
    assert_eq!(ran.0, 1);
}

const BUCKETS: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: buckets.storage.example.org}
spec:
  group: storage.example.org
  scope: Namespaced
  names: {kind: Bucket, plural: buckets}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

/// Somebody finds the composed bucket wanting, and the team is never ready.
const BUCKET_IS_NOT_READY: &str = "
  - name: the team is ready
    actions:
    - expect:
        resource: {apiVersion: storage.example.org/v1, kind: Bucket, spec: {region: moon}}
      outputs: [{name: bucket, value: (metadata.name)}]
    - patch:
        resource:
          apiVersion: storage.example.org/v1
          kind: Bucket
          metadata: {name: ($bucket)}
          status: {conditions: [{type: Ready, status: 'False', reason: Creating, message: the moon is full}]}
      subresource: status
    - expect:
        resource:
          apiVersion: example.org/v1
          kind: Team
          metadata: {name: red}
          status:
            (conditions[?type == 'Ready'].status): ['True']
";

/// At night, the reason is not on the object that was asked for.
#[test]
fn a_composed_resource_that_is_not_well_is_shown() {
    let project = project(&stub_lines("composes-what-is-not-defined"));
    let scenario = format!("{SCENARIO}{BUCKET_IS_NOT_READY}");
    for (file, content) in [
        ("providers/local/buckets.yaml", BUCKETS),
        (
            "providers/local/provider.yaml",
            &format!("{PROVIDER}spec: {{crds: [buckets.yaml]}}\n"),
        ),
        ("scenarios/team/scenario.yaml", &scenario),
    ] {
        project.write(file, content).unwrap();
    }
    let ran = ran(&project, &["test"]);
    assert_golden("functions/composed-not-ready", &ran);
    assert_eq!(ran.0, 1);
}

/// A definition with a pod template in its schema has 35 levels, which prost and Python's protobuf do not read.
const DEEP: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Scenario
metadata: {name: team}
spec:
  steps:
  - actions:
    - apply: {resource: {apiVersion: example.org/v1, kind: Team, metadata: {name: red}, spec: {region: moon}}}
    - expect:
        resource:
          apiVersion: apiextensions.k8s.io/v1
          kind: CustomResourceDefinition
          metadata: {name: deeps.storage.example.org}
    - expect:
        resource:
          apiVersion: example.org/v1
          kind: Team
          metadata: {name: red}
          status:
            told: true
            (conditions[?type == 'Synced'].status): ['True']
";

#[test]
fn deep_objects_come_from_a_function_and_reach_it() {
    let project = project(&stub_lines("composes-deep"));
    let package = PACKAGE
        .replace("scope: Namespaced", "scope: Cluster")
        .replace("              region: {type: string}\n", "              region: {type: string}\n          status: {type: object, properties: {told: {type: boolean}}}\n");
    project.write("package.yaml", &package).unwrap();
    project.write("scenarios/team/scenario.yaml", DEEP).unwrap();
    let (code, out, err) = ran(&project, &["test"]);
    assert_eq!(code, 0, "{out}{err}");
}

/// A scenario about a team of this name, which is composed.
fn scenario(name: &str, team: &str) -> String {
    SCENARIO
        .replace("{name: team}", &format!("{{name: {name}}}"))
        .replace("{name: red}", &format!("{{name: {team}}}"))
}

#[rstest]
#[case::one_after_the_other(1)]
#[case::at_the_same_time(3)]
fn a_function_that_ends_fails_the_trial_that_ended_it_alone(#[case] jobs: usize) {
    let project = project(&stub_lines("crash-on-boom"));
    for (name, team) in [("first", "red"), ("second", "boom"), ("third", "red")] {
        let file = format!("scenarios/{name}/scenario.yaml");
        project.write(&file, &scenario(name, team)).unwrap();
    }
    let (code, out, err) = ran(&project, &["test", "--jobs", &jobs.to_string()]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("3 passed, 1 failed"), "{out}{err}");
    assert!(out.contains("failed second::local"), "{out}{err}");
    for part in [
        "note: function f ended (exit status: 9)",
        "while it was answering this trial",
        "note: function f: boom was too much",
    ] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
}

#[test]
fn what_a_function_writes_is_shown_beside_a_failure_and_with_more_words() {
    let project = project(&stub_lines("says-on-call"));
    let shown = "function f: composing red";
    let (code, out, _) = ran(&project, &["test"]);
    assert_eq!((code, out.contains(shown)), (0, false), "{out}");
    let (code, out, _) = ran(&project, &["test", "-v"]);
    assert_eq!((code, out.contains(shown)), (0, true), "{out}");
    let wrong = SCENARIO.replace("status: \"True\"", "status: Never");
    project
        .write("scenarios/team/scenario.yaml", &wrong)
        .unwrap();
    let (code, out, _) = ran(&project, &["test"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains(&format!("note: {shown}")), "{out}");
}

#[test]
fn how_long_a_function_may_take_to_start_is_said_by_the_suite() {
    let lines = stub_lines("never-listens").replace("startDeadline: 10s", "startDeadline: 300ms");
    let (code, out, err) = ran(&project(&lines), &["test"]);
    assert_eq!(code, 3, "{out}{err}");
    assert!(out.contains("within 300ms: "), "{out}");
}

#[test]
fn an_address_that_is_none_is_a_mistake_of_the_document() {
    let ran = ran(&project("address: here"), &["test"]);
    assert_golden("functions/no-address", &ran);
    assert_eq!(ran.0, 2);
}

#[test]
fn a_function_that_nothing_declares_fails_the_trial() {
    let project = project("builtin: auto-ready");
    project
        .write("package.yaml", &PACKAGE.replace("{name: f}", "{name: g}"))
        .unwrap();
    let ran = ran(&project, &["test"]);
    assert_golden("functions/undeclared", &ran);
    assert_eq!(ran.0, 1);
}

#[test]
fn an_address_where_nobody_listens_fails_the_trial() {
    let ran = ran(&project("address: 127.0.0.1:1"), &["test"]);
    assert_golden("functions/nobody-listens", &ran);
    assert_eq!(ran.0, 1);
}

#[test]
fn a_function_that_floods_standard_error_is_read_on() {
    let (code, out, err) = ran(&project(&stub_lines("flood-on-call")), &["test"]);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn a_function_that_does_not_come_up_is_waited_for_once() {
    let project = project(&stub_lines("never-listens"));
    for name in ["two", "three", "four"] {
        let scenario = SCENARIO.replace("{name: team}", &format!("{{name: {name}}}"));
        project
            .write(&format!("scenarios/{name}/scenario.yaml"), &scenario)
            .unwrap();
    }
    let started = Instant::now();
    let (code, out, _) = ran(&project, &["test", "--jobs", "1"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("4 errored"), "{out}");
    // Once is 10 s; four times would be 40.
    assert!(started.elapsed() < Duration::from_secs(25), "{out}");
}
