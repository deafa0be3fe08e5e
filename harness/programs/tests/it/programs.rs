//! Programs that start, misbehave and end.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crosscut_programs::{
    Inherited, OnLine, Program, ProgramError, ProgramSettings, Ready, Stopped, free_ports,
};

use crate::stub::{FLOOD, With as _, eventually, lives, note, settings, state};

/// More than any of the programs takes to end when it is asked to.
const GRACE: Duration = Duration::from_secs(20);

async fn start_error(settings: ProgramSettings) -> ProgramError {
    let (_root, state) = state();
    match Program::start(settings, &state).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_program_runs_until_it_is_stopped() {
    let (_root, state) = state();
    let program = Program::start(settings("waits"), &state)
        .await
        .expect("it starts");
    let id = program.id().to_string();
    assert!(lives(&id));
    assert_eq!(program.exit_status(), None);
    let mode = std::fs::metadata(program.log_path())
        .expect("a log")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let Stopped::InTime(status) = program.stop(GRACE).await.expect("it stops") else {
        panic!("it had to be killed");
    };
    assert_eq!(status.to_string(), "signal: 15 (SIGTERM)");
    assert!(!lives(&id));
}

#[tokio::test]
async fn a_command_runs_to_its_end_and_answers() {
    let (_root, state) = state();
    let run = Program::run(&settings("ends"), &state, 5).await;
    let (status, lines) = run.expect("it runs");
    assert_eq!(status.code(), Some(3));
    assert!(
        lines.iter().any(|line| line == "no configuration found"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_program_that_does_not_end_when_asked_is_killed() {
    let (root, state) = state();
    let path = root.path().join("note");
    let settings = settings("ignores-signals").with_note(&path);
    let program = Program::start(settings, &state).await.expect("it starts");
    note(&path).await;
    let id = program.id().to_string();
    let stopped = program.stop(Duration::from_millis(50)).await;
    let Stopped::Killed(status) = stopped.expect("it stops") else {
        panic!("it ended when it was asked to");
    };
    assert_eq!(status.to_string(), "signal: 9 (SIGKILL)");
    assert!(!lives(&id));
}

#[tokio::test]
async fn a_program_that_ends_by_itself_is_noticed() {
    let (_root, state) = state();
    let program = Program::start(settings("ends"), &state)
        .await
        .expect("it is ready at once");
    assert_eq!(program.exited().await, "exit status: 3");
    assert_eq!(program.exit_status().as_deref(), Some("exit status: 3"));
    eventually("its last words", || {
        program.last_lines(1) == ["no configuration found"]
    })
    .await;
    let stopped = program.stop(GRACE).await.expect("it is stopped");
    assert!(matches!(stopped, Stopped::InTime(_)));
}

#[tokio::test]
async fn a_program_that_does_not_exist() {
    let error = start_error(ProgramSettings::new("etcd", "/does/not/exist", [""; 0])).await;
    assert!(matches!(error, ProgramError::Start { .. }), "{error:?}");
    assert_eq!(error.to_string(), "cannot start etcd (/does/not/exist)");
}

#[tokio::test]
async fn a_program_that_ends_before_it_is_ready_says_why() {
    let [port] = free_ports().expect("a port");
    let ready = Ready::Tcp(([127, 0, 0, 1], port).into());
    let error = start_error(ProgramSettings {
        ready,
        ..settings("ends")
    })
    .await;
    let ProgramError::Exited { status, lines, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(status, "exit status: 3");
    assert_eq!(
        lines.last().map(String::as_str),
        Some("no configuration found")
    );
}

#[tokio::test]
async fn a_program_that_is_not_ready_in_time_is_gone() {
    let (_root, state) = state();
    let [port] = free_ports().expect("a port");
    let settings = ProgramSettings {
        ready: Ready::Tcp(([127, 0, 0, 1], port).into()),
        deadline: Duration::from_millis(100),
        ..settings("waits")
    };
    let error = match Program::start(settings, &state).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    };
    let text = error.to_string();
    assert!(
        text.starts_with("stub was not ready within 100ms: cannot connect to 127.0.0.1:"),
        "{text}"
    );
    let noted = std::fs::read_to_string(state.path().join("processes")).expect("notes");
    let id = noted.split(' ').next().expect("an id");
    assert!(!lives(id), "{noted}");
}

#[tokio::test]
async fn a_program_that_floods_its_log() {
    let (root, state) = state();
    let path = root.path().join("note");
    let settings = ProgramSettings {
        log_limit: 20_000,
        ..settings("floods").with_note(&path)
    };
    let program = Program::start(settings, &state).await.expect("it starts");
    note(&path).await;
    let last = format!("this is line {} of many", FLOOD - 1);
    eventually("the last line", || program.last_lines(1) == [last.clone()]).await;
    let log = std::fs::read_to_string(program.log_path()).expect("a log");
    assert!(log.len() <= 40_000, "{} bytes", log.len());
    assert!(log.trim_end().ends_with(&last));
    let (note, kept) = log.split_once('\n').expect("lines");
    let cut: usize = note
        .strip_prefix('[')
        .and_then(|note| note.strip_suffix(" bytes were cut here]"))
        .and_then(|count| count.parse().ok())
        .unwrap_or_else(|| panic!("{note}"));
    assert!(kept.starts_with("this is line "), "{kept:.80}");
    // All that it wrote, with the few lines of the test harness around it.
    let written: usize = (0..FLOOD)
        .map(|number| format!("this is line {number} of many\n").len())
        .sum();
    assert!((written..written + 500).contains(&(cut + kept.len())));
}

#[tokio::test]
async fn a_taken_port_is_replaced() {
    let (_root, state) = state();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = holder.local_addr().expect("an address").port();
    let [silent] = free_ports().expect("a port");
    let mut attempts = 0;
    let make = |[port]: [u16; 1]| {
        attempts += 1;
        let (port, asked) = if attempts < 3 {
            (taken, silent)
        } else {
            (port, port)
        };
        ProgramSettings {
            // No program listens on the silent port, so that only the program's end counts.
            ready: Ready::Tcp(([127, 0, 0, 1], asked).into()),
            ..settings("listens").with_port(port)
        }
    };
    let (program, [port]) = Program::start_on_free_ports(make, &state)
        .await
        .expect("it starts");
    assert_eq!(attempts, 3);
    assert_ne!(port, taken);
    program.stop(GRACE).await.expect("it stops");
    drop(holder);
}

#[tokio::test]
async fn a_port_that_is_taken_again_and_again_is_an_error() {
    let (_root, state) = state();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = holder.local_addr().expect("an address").port();
    let [silent] = free_ports().expect("a port");
    let mut attempts = 0;
    let make = |_: [u16; 1]| {
        attempts += 1;
        ProgramSettings {
            // No program listens there, so that only the program's end counts.
            ready: Ready::Tcp(([127, 0, 0, 1], silent).into()),
            ..settings("listens").with_port(taken)
        }
    };
    let error = match Program::start_on_free_ports(make, &state).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    };
    assert_eq!(attempts, 3);
    assert!(error.is_port_taken(), "{error}");
}

#[tokio::test]
async fn dropping_kills_the_whole_group() {
    let (root, state) = state();
    let path = root.path().join("note");
    let settings = settings("starts-a-child").with_note(&path);
    let program = Program::start(settings, &state).await.expect("it starts");
    let (id, child) = (program.id().to_string(), note(&path).await);
    assert!(lives(&id) && lives(&child));
    drop(program);
    eventually("the end of both", || !lives(&id) && !lives(&child)).await;
}

#[tokio::test]
async fn what_a_program_leaves_in_its_group_ends_with_it() {
    let (root, state) = state();
    let path = root.path().join("note");
    let settings = settings("leaves-a-child").with_note(&path);
    let program = Program::start(settings, &state).await.expect("it starts");
    let child = note(&path).await;
    assert_eq!(program.exited().await, "exit status: 0");
    eventually("the end of the child", || !lives(&child)).await;
}

#[tokio::test]
async fn giving_up_on_a_start_kills_the_program() {
    let (root, state) = state();
    let path = root.path().join("note");
    let [port] = free_ports().expect("a port");
    let settings = ProgramSettings {
        ready: Ready::Tcp(([127, 0, 0, 1], port).into()),
        ..settings("starts-a-child").with_note(&path)
    };
    let child = tokio::select! {
        _ = Program::start(settings, &state) => panic!("it started"),
        child = note(&path) => child,
    };
    eventually("the end of the child", || !lives(&child)).await;
}

#[tokio::test]
async fn the_environment_is_what_the_settings_say() {
    let told = |inherited| async move {
        let (root, state) = state();
        let path = root.path().join("note");
        let settings = ProgramSettings {
            inherited,
            ..settings("tells-its-environment").with_note(&path)
        };
        let _program = Program::start(settings, &state).await.expect("it starts");
        let told = note(&path).await;
        let folder = state.path().canonicalize().expect("a path");
        told.strip_suffix(&format!(" in {}", folder.display()))
            .unwrap_or_else(|| panic!("{told}"))
            .to_owned()
    };
    let own = "CROSSCUT_PROGRAM CROSSCUT_RUN CROSSCUT_STUB_MODE CROSSCUT_STUB_NOTE";
    assert_eq!(told(Inherited::Nothing).await, own);
    let only = Inherited::Only(vec!["PATH".to_owned(), "NOT_SET_ANYWHERE".to_owned()]);
    assert_eq!(told(only).await, format!("{own} PATH"));
    let all = told(Inherited::Everything).await;
    assert!(
        all.contains("CARGO_MANIFEST_DIR") && all.contains("PATH"),
        "{all}"
    );
}

#[tokio::test]
async fn what_left_the_group_ends_with_the_program() {
    let (root, state) = state();
    let path = root.path().join("note");
    let settings = settings("starts-a-session").with_note(&path);
    let program = Program::start(settings, &state).await.expect("it starts");
    let child = note(&path).await;
    assert!(lives(&child));
    program.stop(Duration::from_secs(5)).await.expect("an end");
    assert!(!lives(&child));
}

#[tokio::test]
async fn lines_are_told_as_they_are_written() {
    let (_root, state) = state();
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let mut settings = settings("ends");
    settings.on_line = Some(OnLine::new(move |line| {
        // The test may have seen enough.
        let _ = sender.send(line.to_owned());
    }));
    let ended = Program::run(&settings, &state, 9).await.expect("an end");
    assert_eq!(ended.0.code(), Some(3));
    let mut told = Vec::new();
    while let Some(line) = lines.recv().await {
        told.push(line);
        if told
            .last()
            .is_some_and(|line| line == "no configuration found")
        {
            return;
        }
    }
    panic!("{told:?}");
}
