//! Ctrl-C and SIGTERM: the run ends at once, with a report of what was judged and no process left.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crosscut_testkit::Project;
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};

use crate::functions::{project, stub_lines};

/// Set for `crosscut`, and so inherited by everything that it starts.
pub(crate) const MARK: &str = "CROSSCUT_TEST_PROJECT";

fn start(project: &Project, path: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .args([
            "test",
            "--jobs",
            "1",
            "--report",
            "json=out.json",
            "--report",
            "junit=out.xml",
        ])
        .current_dir(project.path())
        .env(MARK, project.path())
        .env("PATH", path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads the child's output until a line has `part`; sends the signal; answers the whole output and errors.
fn interrupt(child: &mut Child, part: &str, signal: Signal) -> (String, String) {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains(part) {
        assert!(
            out.read_line(&mut text).unwrap() > 0,
            "{part} is missing in\n{text}"
        );
    }
    kill_process(Pid::from_child(child), signal).unwrap();
    out.read_to_string(&mut text).unwrap();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    (text, err)
}

/// Returns the number of processes that run that a `crosscut` in the project started.
fn running(project: &Path) -> usize {
    let mark = format!("{MARK}={}", project.display());
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("environ")).ok())
        .filter(|environment| {
            environment
                .split(|byte| *byte == 0)
                .any(|one| one == mark.as_bytes())
        })
        .count()
}

pub(crate) fn assert_nothing_runs(project: &Path) {
    // Killed processes need a moment until they are gone.
    let end = Instant::now() + Duration::from_secs(5);
    while running(project) > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(running(project), 0);
}

#[rstest]
#[case::control_c(Signal::INT)]
#[case::terminate(Signal::TERM)]
#[case::hang_up(Signal::HUP)]
fn an_interrupted_run_reports_what_it_judged(#[case] signal: Signal) {
    let project = project(&stub_lines("hang-on-call").replace("1s", "60s"));
    let quick = "apiVersion: crosscut.dev/v1alpha1\nkind: Scenario\nmetadata: {name: a-quick-one}\nspec:\n  steps:\n  \
                 - actions:\n    - absent: {resource: {apiVersion: v1, kind: Secret}}\n";
    project
        .write("scenarios/quick/scenario.yaml", quick)
        .unwrap();
    let mut child = start(&project, &std::env::var("PATH").unwrap());
    let begun = Instant::now();
    let (out, err) = interrupt(&mut child, "passed", signal);
    assert_eq!(child.wait().unwrap().code(), Some(3), "{out}{err}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{out}{err}");
    assert!(out.contains("summary 1 of 2 trials in"), "{out}");
    assert!(out.contains(", 1 not judged"), "{out}");
    let name = match signal {
        Signal::INT => "SIGINT",
        Signal::TERM => "SIGTERM",
        _ => "SIGHUP",
    };
    let why =
        format!("interrupted by {name}: 1 of 2 trials were judged, and reports hold no others");
    assert!(err.contains(&why), "{err}");
    assert!(err.contains("cleaning up, for 60 s at most"), "{err}");
    let report = std::fs::read_to_string(project.file("out.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["trials"].as_array().unwrap().len(), 1);
    assert_eq!(report["trials"][0]["scenario"], "a-quick-one");
    assert_eq!(report["error"], why);
    let report = std::fs::read_to_string(project.file("out.xml")).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&report).unwrap();
    // The trial that was judged, and that the run ended early.
    assert_eq!((report.tests, report.errors), (2, 1));
    assert_nothing_runs(project.path());
}

/// The build and the compilers that it started go, too.
#[test]
fn an_interrupted_build_leaves_nothing_behind() {
    let project = project("cargo: {package: f, arguments: [\"{address}\"]}");
    project
        .write("bin/cargo", "#!/bin/sh\nsleep 61 &\nsleep 61\n")
        .unwrap();
    let cargo = project.file("bin/cargo");
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        project.file("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let mut child = start(&project, &path);
    let (out, err) = interrupt(&mut child, "cargo build", Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(3), "{out}{err}");
    assert!(
        err.contains("interrupted by SIGTERM: 0 of 1 trials were judged"),
        "{err}"
    );
    assert_nothing_runs(project.path());
}

/// The stub is gone after a run that nobody interrupts, too.
#[test]
fn a_run_leaves_nothing_behind() {
    let project = project(&stub_lines("answers"));
    let mut child = start(&project, &std::env::var("PATH").unwrap());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_nothing_runs(project.path());
}

/// Starts a run whose function hangs, and waits until what the function started runs, too.
#[cfg(target_os = "linux")]
fn hanging_run(project: &Project, processes: usize) -> Child {
    let run = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .arg("test")
        .current_dir(project.path())
        .env(MARK, project.path())
        .env("TMPDIR", project.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while running(project.path()) < processes {
        assert!(Instant::now() < end, "the function does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    run
}

/// Linux tells the function that the run has ended.
#[cfg(target_os = "linux")]
#[test]
fn a_function_ends_with_a_run_that_is_killed() {
    let project = project(&stub_lines("never-listens").replace("10s", "60s"));
    let mut run = hanging_run(&project, 2);
    run.kill().unwrap();
    run.wait().unwrap();
    assert_nothing_runs(project.path());
}

/// What a function started may outlive a run that is killed, until the next.
#[cfg(target_os = "linux")]
#[test]
fn the_next_run_ends_what_a_killed_one_left() {
    let project = project(&stub_lines("starts-a-session-and-hangs").replace("10s", "60s"));
    let mut run = hanging_run(&project, 3);
    run.kill().unwrap();
    run.wait().unwrap();
    let project_of_another = crate::functions::project(&stub_lines("answers"));
    let next = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .arg("test")
        .current_dir(project_of_another.path())
        .env("TMPDIR", project.path())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&next.stdout);
    assert!(
        out.contains("cleaned up after a run that was killed"),
        "{out}"
    );
    assert!(
        out.contains("killed what its programs had started"),
        "{out}"
    );
    assert_nothing_runs(project.path());
}

#[test]
fn what_a_function_started_in_a_session_of_its_own_ends_with_it() {
    let project = project(&stub_lines("starts-a-session"));
    let run = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .arg("test")
        .current_dir(project.path())
        .env(MARK, project.path())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{out}");
    assert_eq!(running(project.path()), 0);
}
