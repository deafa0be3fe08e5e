//! `--cluster kind`: the commands that it runs, stood in for by scripts, and scenarios judged on real clusters.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crosscut_testkit::{Project, project_root, reference_data};
use rstest::{Context, rstest};
use rustix::process::{Pid, Signal, kill_process};

use crate::project::{SUITE, assert_golden, project, redacted};

/// Notes every call, as a line of a file.
const KIND: &str = "#!/bin/sh\necho \"kind $1 $2 $3 $4 $5\" >> $CALLS\ncase \"$1 $2\" in\n";
const WORKS: &str = "#!/bin/sh\necho 28.0.0\n";
const DEAD_DOCKER: &str = "#!/bin/sh\necho 'Client: 28.0.0'\n\
                           echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2\nexit 1\n";

/// A kind that does `cases` (of a shell's `case`) for the commands that they name, and nothing for all others.
fn kind(cases: &str) -> String {
    format!("{KIND}{cases}esac\n")
}

/// A project with commands of its own, and none but these in PATH.
fn with_commands(crossplane: &str, commands: &[(&str, &str)]) -> Project {
    let suite = SUITE.replace(
        "spec: {}",
        &format!("spec: {{clusters: {{kind: {{crossplane: {crossplane}}}}}}}"),
    );
    let project = project(&[("crosscut.yaml", &suite)]);
    std::fs::create_dir(project.file("bin")).unwrap();
    std::fs::create_dir(project.file("tmp")).unwrap();
    for (name, script) in commands {
        project.write(&format!("bin/{name}"), script).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(project.file(&format!("bin/{name}")), mode).unwrap();
    }
    project
}

fn command(project: &Project) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosscut"));
    command
        .args(["test", "--cluster", "kind"])
        .current_dir(project.path())
        .env_clear()
        .env("NO_COLOR", "1")
        .env("PATH", project.file("bin"))
        .env("TMPDIR", project.file("tmp"))
        .env("CALLS", project.file("calls"));
    command
}

/// The exit code and what was said, with the names of clusters replaced.
fn ran(project: &Project, output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| named(&redacted(project, &String::from_utf8_lossy(bytes)));
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Text with the user and the run taken out of names.
fn named(text: &str) -> String {
    let pattern = regex::Regex::new("crosscut(-logs)?(-[0-9]+)?-[0-9a-f]{8}").unwrap();
    pattern.replace_all(text, "crosscut$1-[RUN]").into_owned()
}

fn calls(project: &Project) -> String {
    named(&std::fs::read_to_string(project.file("calls")).unwrap_or_default())
}

const CHART: &str = "{chart: crossplane, repository: 'https://charts.invalid'}";

#[rstest]
#[case::no_kind("present", &[])]
#[case::no_docker("present", &[("kind", "")])]
#[case::docker_does_not_run("present", &[("kind", ""), ("docker", DEAD_DOCKER)])]
#[case::no_helm(CHART, &[("kind", ""), ("docker", WORKS)])]
#[case::no_core("core", &[("kind", ""), ("docker", WORKS)])]
fn what_is_not_installed(
    #[context] context: Context,
    #[case] crossplane: &str,
    #[case] commands: &[(&str, &str)],
) {
    let kind = kind("");
    let commands: Vec<(&str, &str)> = commands
        .iter()
        .map(|(name, script)| (*name, if script.is_empty() { &kind } else { *script }))
        .collect();
    let project = with_commands(crossplane, &commands);
    let ran = ran(&project, &command(&project).output().unwrap());
    assert_eq!(ran.0, 3, "{}", ran.2);
    assert_golden(&format!("kind/{}", context.description.unwrap()), &ran);
    assert!(!calls(&project).contains("create"), "{}", calls(&project));
    nothing_is_left(&project);
}

/// Folders of runs are gone.
fn nothing_is_left(project: &Project) {
    let left: Vec<_> = std::fs::read_dir(project.file("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| !name.to_string_lossy().starts_with("crosscut-logs-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[rstest]
#[case::cluster_cannot_be_made("no room for the node")]
#[case::too_many_watches("failed to init node: too many open files")]
fn a_cluster_that_cannot_be_made_leaves_logs_alone(#[context] context: Context, #[case] why: &str) {
    let script = kind(&format!(
        "'create cluster') echo 'Creating cluster'; echo 'ERROR: {why}' >&2; exit 1;;\n",
    ));
    let project = with_commands("present", &[("kind", &script), ("docker", WORKS)]);
    let ran = ran(&project, &command(&project).output().unwrap());
    assert_golden(&format!("kind/{}", context.description.unwrap()), &ran);
    let calls = calls(&project);
    for part in [
        "kind create cluster --name crosscut-[RUN]-control",
        "kind export logs",
        "kind delete cluster --name crosscut-[RUN]-control",
    ] {
        assert!(calls.contains(part), "{part} is missing in\n{calls}");
    }
    nothing_is_left(&project);
}

#[test]
fn clusters_of_killed_runs_are_deleted_and_others_are_not() {
    let user = rustix::process::getuid().as_raw();
    let script = kind(&format!(
        "'get clusters') echo crosscut-{user}-0badcafe-target; echo kind; echo crosscut-kept-0badcafe-control;;\n\
         'create cluster') exit 1;;\n"
    ));
    let project = with_commands("present", &[("kind", &script), ("docker", WORKS)]);
    let output = command(&project).output().unwrap();
    let (_, out, err) = ran(&project, &output);
    assert!(
        out.contains("cleaning up after a run that was killed: kind cluster crosscut-[RUN]-target"),
        "{out}{err}"
    );
    let calls = std::fs::read_to_string(project.file("calls")).unwrap();
    assert!(
        calls.contains(&format!(
            "kind delete cluster --name crosscut-{user}-0badcafe-target"
        )),
        "{calls}"
    );
    assert!(!calls.contains("--name kind"), "{calls}");
    assert!(!calls.contains("--name crosscut-kept"), "{calls}");
}

#[rstest]
#[case::for_the_run(&[])]
#[case::to_be_kept(&["--keep"])]
fn an_interrupted_creation_is_undone(#[case] arguments: &[&str]) {
    let script = kind("'create cluster') /bin/sleep 600;;\n");
    let project = with_commands("present", &[("kind", &script), ("docker", WORKS)]);
    let child = command(&project)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while !calls(&project).contains("create cluster") && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    let begun = Instant::now();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(begun.elapsed() < Duration::from_secs(60));
    let calls = calls(&project);
    assert!(calls.contains("kind delete cluster"), "{calls}");
    nothing_is_left(&project);
}

/// Deleting takes long; who asks twice does not want to wait for it.
#[test]
fn a_second_signal_ends_the_process_at_once() {
    let script = kind("'create cluster'|'delete cluster') /bin/sleep 30;;\n");
    let project = with_commands("present", &[("kind", &script), ("docker", WORKS)]);
    let child = command(&project)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for part in ["create cluster", "delete cluster"] {
        let end = Instant::now() + Duration::from_secs(25);
        while !calls(&project).contains(part) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("cleaning up, for 60 s at most"), "{err}");
    assert!(
        err.contains("ended at once: a second signal (SIGINT)"),
        "{err}"
    );
}

/// The folders of kind and its companions, and the node image, where they are there; else why not.
fn real() -> Result<(String, Option<String>), String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let works = |path: &str| {
        let kind = which(path, "kind");
        kind && Command::new("docker")
            .args(["version", "--format", "{{.Server.Version}}"])
            .env("PATH", path)
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if works(&path) {
        return Ok((path, std::env::var("KIND_NODE_IMAGE").ok()));
    }
    let Some(testbed) = reference_data("testbed/kind/kind-testbed") else {
        return Err(
            "there is neither kind with Docker in PATH nor a test bed of kind in the reference data"
                .to_owned(),
        );
    };
    let output = Command::new(testbed)
        .arg("up")
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let variable = |name: &str| {
        let words = said.split_whitespace();
        words
            .filter_map(|word| word.strip_prefix(name))
            .next()
            .map(str::to_owned)
    };
    let bin = variable("PATH=").unwrap_or_default();
    Ok((bin.replace("$PATH", &path), variable("KIND_NODE_IMAGE=")))
}

fn which(path: &str, program: &str) -> bool {
    std::env::split_paths(path).any(|folder| folder.join(program).is_file())
}

#[test]
#[ignore = "takes minutes: `cargo test -p crosscut --test it -- --ignored`"]
fn scenarios_end_on_clusters_of_kind_as_on_the_embedded_control_plane() {
    if let Some(reason) = crate::control_plane::missing() {
        println!("skipped: {reason}");
        return;
    }
    let (path, image) = match real() {
        Ok(found) => found,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosscut"));
    command
        .args([
            "parity",
            "--clusters",
            "embedded,kind",
            "--ledger",
            "reports/parity-ledger.yaml",
        ])
        .args(["-v", "--provider", "azure"])
        .args(["--scenario", "enabled-with-envoy-gateway"])
        .args(image.iter().flat_map(|image| ["--node-image", image]))
        .current_dir(project_root())
        .env("NO_COLOR", "1")
        .env("PATH", &path);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    println!("{said}");
    assert_eq!(output.status.code(), Some(0), "{said}");
    let clusters = Command::new("kind")
        .args(["get", "clusters"])
        .env("PATH", &path)
        .output()
        .unwrap();
    let clusters = String::from_utf8_lossy(&clusters.stdout).into_owned();
    for line in said
        .lines()
        .filter_map(|line| line.split("creating the kind cluster ").nth(1))
    {
        assert!(!clusters.contains(line), "{line} is left");
    }
}
