//! What breaks in the middle of a run on real parts: the verdict says what it was, and nothing is left.
//!
//! Minutes long together, and provider-kubernetes has fixed ports: `cargo test -p crosscut --test it -- --ignored
//! --test-threads 1 faults`. Where the programs of a control plane are missing, each says so and is skipped.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crosscut_programs::{Launcher, can_isolate};
use crosscut_testkit::Project;
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};

use crate::assets::programs;
use crate::background::{Background, Ended, assert_fixed_ports_are_free, process_of_run};
use crate::control_plane::{Clusters, missing};
use crate::functions::{SCENARIO, project, stub_lines};
use crate::project::{SCENARIO as SCENARIO_OF_WIDGETS, SUITE, project as widgets};

/// The time that a run may take from a fault to its end.
const END: Duration = Duration::from_secs(60);
/// The time that envtest may take until a trial is under way, on a busy machine.
const START: Duration = Duration::from_secs(120);

/// More of the scenario: time in which something can break, and what shows whether it did.
const LATER: &str = "  - name: time passes
    actions:
    - sleep: 20s
  - name: another region
    actions:
    - patch:
        resource: {apiVersion: example.org/v1, kind: Team, metadata: {name: red}, spec: {region: mars}}
    - expect:
        resource:
          apiVersion: example.org/v1
          kind: Team
          metadata: {name: red}
          status:
            (conditions[?type == 'Synced']):
            - status: \"True\"
";

/// A project whose trial lasts for a while.
fn lasting(mode: &str) -> Project {
    let project = project(&stub_lines(mode));
    let scenario = format!("{SCENARIO}{LATER}");
    project
        .write("scenarios/team/scenario.yaml", &scenario)
        .unwrap();
    project
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says why")]
fn is_skipped() -> bool {
    let reason = missing();
    if let Some(reason) = &reason {
        println!("skipped: {reason}");
    }
    reason.is_some()
}

/// Runs on envtest until time passes in the trial.
fn under_way(project: &Project) -> Background {
    let mut run = Background::start(
        project,
        &["test", "--cluster", "envtest", "-v", "--jobs", "1"],
    );
    run.wait_for("team::local: time passes", START);
    run
}

fn assert_said(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}", ended.text);
    for part in parts {
        assert!(
            ended.text.contains(part),
            "{part} is missing in\n{}",
            ended.text
        );
    }
    assert!(
        !ended.text.contains("cleaned up after"),
        "another run left something: {}",
        ended.text
    );
}

/// Each program that a trial needs, killed as a lack of memory would.
#[rstest]
#[case::api_server("kube-apiserver", "kube-apiserver-control ended (signal: 9 (SIGKILL))")]
#[case::etcd("etcd", "etcd ended (signal: 9 (SIGKILL))")]
#[case::crossplane("crossplane", "crossplane ended (signal: 9 (SIGKILL))")]
#[case::provider(
    "provider-kubernetes",
    "provider-kubernetes ended (signal: 9 (SIGKILL))"
)]
#[ignore = "seconds each, on a real control plane"]
fn a_program_that_is_killed_is_named(#[case] program: &str, #[case] cause: &str) {
    if is_skipped() {
        return;
    }
    let project = lasting("answers");
    let run = under_way(&project);
    run.signal(program, Signal::KILL);
    let ended = run.end_within(END);
    let broke = format!("the control plane broke: {cause}");
    assert_said(&ended, 3, &["errored", &broke, "[cluster::broken]"]);
    ended.assert_nothing_left();
    assert_fixed_ports_are_free();
}

/// A store that hangs answers nobody; every other program still runs.
#[test]
#[ignore = "a minute, on a real control plane"]
fn a_store_that_hangs_is_named() {
    if is_skipped() {
        return;
    }
    let project = lasting("answers");
    let run = under_way(&project);
    run.signal("etcd", Signal::STOP);
    let ended = run.end_within(2 * END);
    let parts = [
        "errored",
        "the control plane broke: etcd does not answer (no answer within 2 s)",
        "does not answer within 20 s",
    ];
    assert_said(&ended, 3, &parts);
    ended.assert_nothing_left();
}

/// The function is what is tested: that it ends or hangs fails the trial, with its end as the cause, as on the embedded
/// control plane.
#[rstest]
#[case::killed("killed-on-call", "ended (signal: 9 (SIGKILL))")]
#[case::hanging("hang-on-call", "within 1s")]
#[ignore = "seconds each, on a real control plane"]
fn a_function_that_breaks_fails_the_trial(#[case] mode: &str, #[case] cause: &str) {
    if is_skipped() {
        return;
    }
    assert_fails_alike(mode, &[cause]);
}

/// A trial with this function fails on the embedded control plane and on the real one, and both say why.
fn assert_fails_alike(mode: &str, parts: &[&str]) {
    for cluster in ["embedded", "envtest"] {
        let project = project(&stub_lines(mode));
        let run = Background::start(&project, &["test", "--cluster", cluster]);
        let ended = run.end_within(START + END);
        assert_said(&ended, 1, &["failed", "Synced=False ReconcileError"]);
        assert_said(&ended, 1, parts);
        ended.assert_nothing_left();
    }
}

/// Nothing is composed of a kind that nobody has defined.
#[test]
#[ignore = "seconds, on a real control plane"]
fn a_definition_that_is_missing_is_named() {
    if is_skipped() {
        return;
    }
    let part = "no matches for kind \"Bucket\" in version \"storage.example.org/v1\"";
    assert_fails_alike("composes-what-is-not-defined", &[part]);
}

/// Returns true if provider-kubernetes gets a network of its own, so that its fixed ports do not matter.
fn has_network_of_its_own() -> bool {
    let launcher = Launcher::new(env!("CARGO_BIN_EXE_crosscut").into());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(can_isolate(&launcher)).is_ok()
}

/// Two runs at once: there is room for both, unless provider-kubernetes has ports that it cannot share.
#[test]
#[ignore = "seconds, on a real control plane"]
fn two_runs_at_once_do_not_disturb_each_other() {
    let (one, other) = (
        project(&stub_lines("answers")),
        project(&stub_lines("answers")),
    );
    let runs = [&one, &other].map(|project| Background::start(project, &["test"]));
    for run in runs {
        let ended = run.end_within(END);
        assert_said(&ended, 0, &["1 passed"]);
        ended.assert_nothing_left();
    }
    if is_skipped() {
        return;
    }
    let first = lasting("answers");
    let running = under_way(&first);
    let second = Background::start(&other, &["test", "--cluster", "envtest"]);
    let second = second.end_within(2 * END);
    if has_network_of_its_own() {
        assert_said(&second, 0, &["1 passed"]);
    } else {
        let parts = [
            "provider-kubernetes needs the ports 9443 and 8080",
            "provider-kubernetes (process ",
            "wait for its end",
        ];
        assert_said(&second, 3, &parts);
    }
    second.assert_nothing_left();
    let ended = running.end_within(2 * END);
    assert_said(&ended, 0, &["1 passed"]);
    ended.assert_nothing_left();
    assert_fixed_ports_are_free();
}

/// Other programs have both ports that provider-kubernetes takes.
#[test]
#[ignore = "takes ports that real control planes need elsewhere"]
fn taken_ports_do_not_matter_to_a_network_of_its_own() {
    if is_skipped() || !has_network_of_its_own() {
        return;
    }
    let taken = [8080, 9443].map(|port| TcpListener::bind(("0.0.0.0", port)));
    let project = project(&stub_lines("answers"));
    let run = Background::start(&project, &["test", "--cluster", "envtest"]);
    let ended = run.end_within(2 * END);
    drop(taken);
    assert_said(&ended, 0, &["1 passed"]);
    ended.assert_nothing_left();
}

/// What would fail last is seen before anything is started.
#[test]
#[ignore = "takes a port that real control planes need"]
fn a_taken_port_is_named_with_who_has_it() {
    if has_network_of_its_own() {
        println!("skipped: no port is taken from a network of its own");
        return;
    }
    let Ok(listener) = TcpListener::bind(("0.0.0.0", 8080)) else {
        println!("skipped: port 8080 is taken");
        return;
    };
    let project = project(&stub_lines("answers"));
    let assets = programs(&project);
    let arguments = ["test", "--cluster", "envtest", "--assets", &assets];
    let ended = Background::start(&project, &arguments).end_within(END);
    drop(listener);
    let holder = format!("(process {})", std::process::id());
    assert_said(
        &ended,
        3,
        &["8080 is taken by", &holder, "wait for its end"],
    );
    assert!(!ended.text.contains("starting"), "{}", ended.text);
    ended.assert_nothing_left();
}

/// The folder of the run is on a file system of a megabyte, in a mount namespace of its own.
#[test]
#[ignore = "seconds, on a real control plane"]
fn a_full_disk_is_named() {
    if is_skipped() {
        return;
    }
    let project = project(&stub_lines("answers"));
    std::fs::create_dir(project.file("tmp")).unwrap();
    let small =
        "mount -t tmpfs -o size=64k none /dev/shm && mount -t tmpfs -o size=1m none \"$TMPDIR\"";
    let within = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]);
        command.env("TMPDIR", project.file("tmp"));
        command
    };
    if !within(small)
        .output()
        .is_ok_and(|output| output.status.success())
    {
        println!("skipped: this user may not mount a small file system");
        return;
    }
    let script = format!(
        "{small} && exec {} test --cluster envtest",
        env!("CARGO_BIN_EXE_crosscut")
    );
    let ended = Background::spawn(&project, within(&script)).end_within(END);
    assert_said(&ended, 3, &["no space left on device"]);
    ended.assert_nothing_left();
}

/// On a cluster that somebody else runs, an API server that is away for a moment is waited for.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "half a minute, on a real control plane"]
async fn an_api_server_that_is_restarted_is_waited_for() {
    if is_skipped() {
        return;
    }
    let clusters = Clusters::start().await;
    clusters.define_crossplane().await;
    let scenario = SCENARIO_OF_WIDGETS.replace(
        "    - absent:",
        "  - name: time passes\n    actions:\n    - sleep: 15s\n  - name: the rest\n    actions:\n    - absent:",
    );
    let suite = SUITE.replace(
        "spec: {}",
        "spec: {clusters: {kubeconfig: {standIns: true}}}",
    );
    let project = widgets(&[
        ("scenarios/defaults/scenario.yaml", &scenario),
        ("crosscut.yaml", &suite),
    ]);
    let mut run = Background::start(
        &project,
        &[
            "test",
            "--cluster",
            "kubeconfig",
            "-v",
            "--kubeconfig",
            clusters.kubeconfig.to_str().unwrap(),
        ],
    );
    run.wait_for("defaults::local: time passes", START);
    let folder = clusters.kubeconfig.parent().unwrap();
    let mut restarted = restart(process_of_run(folder, "kube-apiserver"));
    let ended = run.end_within(2 * END);
    restarted.kill().unwrap();
    restarted.wait().unwrap();
    clusters.stop().await;
    assert_said(&ended, 0, &["1 passed"]);
}

/// Kills a program and starts it again two seconds later, as it was.
fn restart(id: i32) -> Child {
    let read = |file: &str| {
        let text = std::fs::read(format!("/proc/{id}/{file}")).unwrap();
        let parts = text
            .split(|byte| *byte == 0)
            .filter(|part| !part.is_empty());
        let parts = parts.map(|part| String::from_utf8(part.to_vec()).unwrap());
        parts.collect::<Vec<String>>()
    };
    let (line, variables) = (read("cmdline"), read("environ"));
    let program = std::fs::read_link(format!("/proc/{id}/exe")).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    Command::new(program)
        .args(&line[1..])
        .env_clear()
        .envs(variables.iter().filter_map(|one| one.split_once('=')))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
