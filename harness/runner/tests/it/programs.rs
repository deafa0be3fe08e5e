//! Programs under test, as small shell scripts beside the embedded control plane.
//!
//! The embedded control plane has no place for programs. These tests add one to its leases, since their programs need
//! no control plane.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_cluster::{Cluster, ClusterError, Lease, ProgramPlace, Rest, SettleError, Side};
use crosscut_embedded::Embedded;
use crosscut_events::{TrialReport, Verdict};
use crosscut_programs::StateFolder;
use crosscut_suite::{Plan, Trial};
use rstest::rstest;

use crate::judging::{self, document};

/// The embedded control plane, with a place for programs.
struct WithPlace {
    embedded: Embedded,
    state: Option<Arc<StateFolder>>,
}

#[async_trait]
impl Cluster for WithPlace {
    fn kind(&self) -> &str {
        "embedded"
    }

    async fn lease(&self, trial: &Trial, seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        let lease = self.embedded.lease(trial, seed).await?;
        let Some(state) = &self.state else {
            return Ok(lease);
        };
        let place = ProgramPlace {
            state: Arc::clone(state),
            trial: trial.scenario.name.clone(),
            control: "leads to the control plane".to_owned(),
            target: "leads to the target".to_owned(),
            path: Vec::new(),
        };
        Ok(Box::new(Placed { lease, place }))
    }

    async fn close(&self) {
        self.embedded.close().await;
    }
}

struct Placed {
    lease: Box<dyn Lease>,
    place: ProgramPlace,
}

#[async_trait]
impl Lease for Placed {
    fn connection(&self, side: Side) -> crosscut_client::Connection {
        self.lease.connection(side)
    }

    fn namespace(&self) -> &str {
        self.lease.namespace()
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        self.lease.settle().await
    }

    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError> {
        self.lease.sleep(duration).await
    }

    async fn objects(&mut self, side: Side) -> Result<Vec<serde_json::Value>, ClusterError> {
        self.lease.objects(side).await
    }

    fn program_place(&self) -> Result<ProgramPlace, String> {
        Ok(self.place.clone())
    }

    async fn withdraw(&mut self) {
        std::fs::write(self.place.state.path().join(WITHDRAWN), "").unwrap();
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        self.lease.close().await
    }
}

fn plan(spec: &str) -> Plan {
    let scenario = document("Scenario", "first", &format!("spec: {spec}\n"));
    judging::plan([("scenarios/scenario.yaml", scenario)])
}

/// Returns the report of a scenario, with the programs' files below `state`, if given.
async fn judged(spec: &str, state: Option<&Arc<StateFolder>>) -> TrialReport {
    let plan = plan(spec);
    let cluster = WithPlace {
        embedded: Embedded::new(Arc::clone(&plan.suite), Arc::new(|_: &str| {})),
        state: state.cloned(),
    };
    let mut reports = judging::reports(plan, cluster, Duration::from_secs(60)).await;
    reports.pop().unwrap()
}

/// Returns the report of a scenario with its own state folder, which must be empty of programs' files afterwards.
async fn report(spec: &str) -> TrialReport {
    let root = tempfile::tempdir().unwrap();
    let (state, _) = StateFolder::open(root.path()).unwrap();
    let state = Arc::new(state);
    let report = judged(spec, Some(&state)).await;
    assert!(!state.path().join("programs/first").exists());
    report
}

/// Returns a program that runs a shell script.
fn sh(name: &str, script: &str, more: &str) -> String {
    format!("{{name: {name}, command: [sh, -c, '{script}'], {more}}}")
}

fn scenario(programs: &[String], actions: &str) -> String {
    let programs = programs.join(", ");
    format!("{{programs: [{programs}], steps: [{{name: s, actions: [{actions}]}}]}}")
}

/// The file that exists once the applied objects are deleted; programs look for it.
const WITHDRAWN: &str = "withdrawn";
const WAITS: &str = "sleep 60";
const NOTHING: &str = "{absent: {resource: {apiVersion: v1, kind: Secret}}}";

#[rstest]
#[case::ends_early(
    "echo one; echo two >&2; exit 3",
    "ready: {tcp: 1}",
    Verdict::Failed,
    "program::exited",
    "a ended before it was ready (exit status: 3)",
    "a: one\na: two"
)]
#[case::is_never_ready(
    "echo here; sleep 60",
    "ready: {tcp: 1, within: 300ms}",
    Verdict::Failed,
    "program::not_ready",
    "a was not ready within 300ms: cannot connect to 127.0.0.1:1: Connection refused (os error 111)",
    "a: here"
)]
#[case::says_that_a_port_is_taken(
    "echo listen: address already in use; exit 1",
    "ready: {tcp: 1}",
    Verdict::Errored,
    "program::port_taken",
    "a found a port taken, and ended (exit status: 1)",
    "a: listen: address already in use"
)]
#[case::ends_with_another_status(
    "exit 4",
    "ready: {exit: 0}",
    Verdict::Failed,
    "program::exited",
    "a ended with another status than 0 (exit status: 4)",
    ""
)]
#[case::does_not_end(
    "sleep 60",
    "ready: {exit: 0, within: 200ms}",
    Verdict::Failed,
    "program::exited",
    "a did not end within 200ms",
    ""
)]
#[case::never_brings_an_object(
    "sleep 60",
    "ready: {expect: {resource: {apiVersion: v1, kind: Namespace, metadata: {name: nowhere}}}, within: 200ms}",
    Verdict::Failed,
    "program::not_ready",
    "a was not ready within 200ms: there is no such Namespace",
    ""
)]
#[case::waits_for_what_has_no_name(
    "sleep 60",
    "ready: {expect: {resource: {apiVersion: v1, kind: Namespace, metadata: {name: ($values.nowhere)}}}, within: 1h}",
    Verdict::Failed,
    "name::invalid",
    "the name ($values.nowhere) is null, and must be text",
    ""
)]
#[tokio::test]
async fn what_goes_wrong_with_a_program(
    #[case] script: &str,
    #[case] more: &str,
    #[case] verdict: Verdict,
    #[case] code: &str,
    #[case] message: &str,
    #[case] notes: &str,
) {
    let report = report(&scenario(&[sh("a", script, more)], NOTHING)).await;
    let failure = &report.failures[0];
    assert_eq!((report.verdict, failure.code.as_str()), (verdict, code));
    assert_eq!(failure.message, message);
    assert_eq!(failure.evidence.notes.join("\n"), notes);
    assert_eq!(failure.location.as_ref().unwrap().line, 4);
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error_of_the_environment() {
    let report =
        report("{programs: [{name: a, command: [./nowhere]}], steps: [{actions: [{sleep: 1s}]}]}")
            .await;
    let failure = &report.failures[0];
    assert_eq!(report.verdict, Verdict::Errored);
    assert_eq!(failure.code, "program::start");
    let message =
        "a cannot be started: /p/scenarios/./nowhere: No such file or directory (os error 2)";
    assert_eq!(failure.message, message);
}

#[tokio::test]
async fn without_a_place_for_programs_a_trial_that_starts_one_is_unsupported() {
    let automatic = scenario(&[sh("a", WAITS, "")], NOTHING);
    let report = judged(&automatic, None).await;
    assert_eq!(report.verdict, Verdict::Unsupported);
    let reason = report.reason.unwrap();
    assert!(reason.contains("listens on no address"), "{reason}");
    // A program that no step starts needs no place.
    let manual = scenario(&[sh("a", WAITS, "start: manual")], NOTHING);
    assert_eq!(judged(&manual, None).await.verdict, Verdict::Passed);
}

#[tokio::test]
async fn a_program_has_its_files_its_kubeconfig_and_a_home_of_its_own() {
    let check = r#"
          set -e
          test "$(cat conf/text)" = "of first"
          test "$(cat list.json | tr -d " \n")" = "[1,\"first\"]"
          test "$(cat "$KUBECONFIG")" = "leads to the target"
          test "$KUBECONFIG" = "$PWD/kubeconfig" -a "$HOME" = "$PWD"
          test "$1" = "$PORT" -a "$1" -gt 1024
          test "$(stat -c %a kubeconfig)" = 600 -a "$(stat -c %a .)" = 700
          env | cut -d= -f1 | sort | tr "\n" " "
          exit 5
"#;
    let spec = format!(
        "
  ports: [http]
  programs:
    - name: a
      command: [sh, -c, ($check), sh, ($ports.http)]
      env: {{PORT: ($ports.http)}}
      files: {{conf/text: \"(join(' ', ['of', $scenario]))\", list.json: [1, ($scenario)]}}
      kubeconfig: target
      ready: {{exit: 0}}
  bindings:
    - name: check
      value: |{check}
  steps: [{{actions: [{{sleep: 1s}}]}}]
"
    );
    let report = report(&spec).await;
    let failure = &report.failures[0];
    // A nonzero exit status makes the failure show the program's output.
    assert!(failure.message.ends_with("(exit status: 5)"), "{failure:?}");
    let variables = &failure.evidence.notes[0];
    let of_the_shell = ["OLDPWD", "PWD", "SHLVL", "_", "a:", "LANG", "TZ"];
    let variables: Vec<&str> = variables
        .split_whitespace()
        .filter(|name| !of_the_shell.contains(name))
        .collect();
    assert_eq!(
        variables,
        [
            "CROSSCUT_PROGRAM",
            "CROSSCUT_RUN",
            "HOME",
            "KUBECONFIG",
            "PATH",
            "PORT"
        ]
    );
}

#[tokio::test]
async fn one_that_ends_by_itself_fails_the_trial_and_is_shown() {
    let ends = sh("a", "sleep 0.2; echo bye; exit 1", "");
    let later = sh("b", "sleep 1", "start: manual, ready: {exit: 0}");
    let report = report(&scenario(&[ends, later], "{program: {start: b}}")).await;
    let failure = &report.failures[0];
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(failure.code, "program::ended");
    assert_eq!(failure.message, "a ended by itself (exit status: 1)");
    assert_eq!(failure.evidence.notes, ["a: bye"]);
}

#[tokio::test]
async fn what_running_programs_wrote_is_shown_with_other_failures() {
    let wrote = sh("a", "echo a word; touch ready; sleep 60", "");
    let look = sh(
        "b",
        "while ! test -e ../a/ready; do sleep 0.05; done",
        "ready: {exit: 0}",
    );
    let expect = "{expect: {resource: {apiVersion: v1, kind: Secret}}, within: 10ms}";
    let report = report(&scenario(&[wrote, look], expect)).await;
    let failure = &report.failures[0];
    assert_eq!(failure.code, "expect::missing");
    assert!(
        failure.evidence.notes.contains(&"a: a word".to_owned()),
        "{failure:?}"
    );
}

const DEAF: &str = r#"trap "" TERM; touch ready; echo deaf; while :; do sleep 0.05; done"#;

#[tokio::test]
async fn one_that_does_not_end_is_killed_and_fails_the_step_that_stops_it() {
    let deaf = sh("a", DEAF, "stop: {grace: 200ms}");
    let look = sh(
        "b",
        "while ! test -e ../a/ready; do sleep 0.05; done",
        "ready: {exit: 0}",
    );
    let programs = [deaf, look];
    let message = "a did not end within 200ms after SIGTERM, and was killed";
    let stopped = report(&scenario(&programs, "{program: {stop: a}}")).await;
    let failure = &stopped.failures[0];
    assert_eq!(stopped.verdict, Verdict::Failed);
    assert_eq!(failure.code, "program::does_not_stop");
    assert_eq!(failure.message, message);
    assert_eq!(failure.evidence.notes, ["a: deaf"]);
    // At the end of a trial, the message is only a warning.
    let passed = report(&scenario(&programs, NOTHING)).await;
    assert_eq!(passed.verdict, Verdict::Passed, "{passed:?}");
    assert_eq!(passed.warnings[0].message, message);
    // A killed program gets no signal to end first.
    let killed = report(&scenario(&programs, "{program: {kill: a}}")).await;
    assert_eq!(
        (killed.verdict, killed.warnings.len()),
        (Verdict::Passed, 0)
    );
}

#[rstest]
#[case::once_more("{program: {start: a}}", "start cannot be done: a runs already")]
#[case::not_running(
    "{program: {stop: a}}, {program: {stop: a}}",
    "stop cannot be done: a does not run"
)]
#[case::never_started("{program: {restart: b}}", "restart cannot be done: b does not run")]
#[tokio::test]
async fn a_step_that_does_not_fit(#[case] actions: &str, #[case] message: &str) {
    let programs = [sh("a", WAITS, ""), sh("b", WAITS, "start: manual")];
    let report = report(&scenario(&programs, actions)).await;
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.failures[0].code, "program::state");
    assert_eq!(report.failures[0].message, message);
}

#[tokio::test]
async fn a_restart_starts_another_process_and_what_ends_may_start_again() {
    let counts = sh("a", "echo run >> ../runs; sleep 60", "");
    let check = sh(
        "b",
        "sleep 0.3; test \"$(wc -l < ../runs)\" = 2",
        "start: manual, ready: {exit: 0}",
    );
    // The first program must run before it is ended.
    let first = sh(
        "c",
        "while ! test -e ../runs; do sleep 0.05; done",
        "ready: {exit: 0}",
    );
    let actions = "{program: {restart: a}}, {program: {start: b}}, {program: {start: b}}";
    let report = report(&scenario(&[counts, first, check], actions)).await;
    assert_eq!(report.verdict, Verdict::Passed, "{report:?}");
}

#[tokio::test]
async fn a_flood_is_cut_and_its_end_is_shown() {
    let flood = "yes 0123456789012345678901234567890123456789 | head -c 30000000; echo; du -k ../a.log; exit 7";
    let report = report(&scenario(&[sh("a", flood, "ready: {exit: 0}")], NOTHING)).await;
    let notes = &report.failures[0].evidence.notes;
    assert_eq!(notes.len(), 10);
    let size = notes[9].trim_start_matches("a: ");
    let size: u64 = size.split_whitespace().next().unwrap().parse().unwrap();
    assert!(size <= 2 * 1024 + 64, "{notes:?}");
}

#[tokio::test]
async fn nothing_of_a_program_is_left_running() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("child");
    let script = format!("sleep 600 & echo $! > {}; wait", note.display());
    let look = format!("while ! test -s {}; do sleep 0.05; done", note.display());
    let programs = [sh("a", &script, ""), sh("b", &look, "ready: {exit: 0}")];
    let report = report(&scenario(&programs, NOTHING)).await;
    assert_eq!(report.verdict, Verdict::Passed, "{report:?}");
    let child = std::fs::read_to_string(note).unwrap();
    let child = Path::new("/proc").join(child.trim()).join("stat");
    // A killed orphan may remain as a zombie for a while.
    let stat = std::fs::read_to_string(child).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}

/// A program that holds finalizers must run until the applied objects are deleted.
#[rstest]
#[case::while_one_runs("touch ready; sleep 60 & wait", "", true)]
#[case::when_all_have_ended("touch ready", "ready: {exit: 0}", false)]
#[tokio::test]
async fn what_was_applied_is_withdrawn(
    #[case] script: &str,
    #[case] more: &str,
    #[case] withdrawn: bool,
) {
    let root = tempfile::tempdir().unwrap();
    let (state, _) = StateFolder::open(root.path()).unwrap();
    let state = Arc::new(state);
    let (folder, seen) = (state.path().display(), root.path().join("seen"));
    let when_asked = format!("trap \"ls {folder} > {}; exit 0\" TERM;", seen.display());
    let runs = sh("a", &format!("{when_asked} {script}"), more);
    let look = "until test -e ../a/ready; do sleep 0.05; done";
    let programs = [runs, sh("b", look, "ready: {exit: 0}")];
    let report = judged(&scenario(&programs, NOTHING), Some(&state)).await;
    assert_eq!(report.verdict, Verdict::Passed, "{report:?}");
    assert_eq!(state.path().join(WITHDRAWN).exists(), withdrawn);
    // The names that the program saw when it was asked to end.
    let seen = std::fs::read_to_string(seen).unwrap_or_default();
    assert_eq!(seen.lines().any(|name| name == WITHDRAWN), withdrawn);
}

#[tokio::test]
async fn what_an_expectation_binds_is_there_for_later_steps() {
    let spec = r#"
  programs:
    - name: a
      start: manual
      command: [sh, -c, ($wanted)]
      ready: {exit: 0}
  steps:
    - actions:
        - apply:
            resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {word: "exit 0"}}
        - expect:
            resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
          outputs:
            - {name: found, value: (data)}
            - {name: wanted, value: ($found.word)}
    - actions:
        - program: {start: a}
"#;
    let report = report(spec).await;
    assert_eq!(report.verdict, Verdict::Passed, "{report:?}");
}

#[tokio::test]
async fn a_value_that_is_none_starts_nothing() {
    let spec = "{programs: [{name: a, command: [sh, -c, ($values.nothing)]}], steps: [{actions: [{sleep: 1s}]}]}";
    let report = report(spec).await;
    let failure = &report.failures[0];
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(failure.code, "program::value");
    assert_eq!(
        failure.message,
        "the program a cannot be started with this: it is null"
    );
}

#[tokio::test]
async fn a_scenario_for_other_control_planes_is_skipped_with_its_reason() {
    let spec = "{clusters: {only: [envtest], reason: it runs an operator}, steps: [{actions: [{expect: {resource: {apiVersion: v1, kind: Namespace, metadata: {name: default}}}}]}]}";
    let report = report(spec).await;
    assert_eq!(report.verdict, Verdict::Skipped);
    assert_eq!(report.reason.as_deref(), Some("it runs an operator"));
}
