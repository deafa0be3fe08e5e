//! The program that the tests start: this test binary, started again with a mode.
//!
//! The ignored test below is that program. It does nothing unless the environment says what to be.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crosscut_programs::{Program, ProgramSettings, StateFolder};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// The mode of the program.
const MODE: &str = "CROSSCUT_STUB_MODE";
/// The place where it listens.
const PORT: &str = "CROSSCUT_STUB_PORT";
/// The place where it notes what it did.
const NOTE: &str = "CROSSCUT_STUB_NOTE";
/// The place where an owner keeps its state.
const ROOT: &str = "CROSSCUT_STUB_ROOT";
/// The number of lines that the flooding program writes.
pub(crate) const FLOOD: usize = 50_000;

/// Returns the way to start the program in a mode.
pub(crate) fn settings(mode: &str) -> ProgramSettings {
    let arguments = ["stub::stub_program", "--exact", "--ignored", "--nocapture"];
    let mut settings = ProgramSettings::new("stub", program(), arguments);
    settings
        .environment
        .insert(MODE.to_owned(), mode.to_owned());
    settings
}

pub(crate) fn program() -> PathBuf {
    std::env::current_exe().expect("a path")
}

pub(crate) trait With {
    fn with_port(self, port: u16) -> Self;
    fn with_note(self, path: &Path) -> Self;
    fn with_root(self, path: &Path) -> Self;
}

impl With for ProgramSettings {
    fn with_port(mut self, port: u16) -> Self {
        self.environment.insert(PORT.to_owned(), port.to_string());
        self
    }

    fn with_note(mut self, path: &Path) -> Self {
        let path = path.to_string_lossy().into_owned();
        self.environment.insert(NOTE.to_owned(), path);
        self
    }

    fn with_root(mut self, path: &Path) -> Self {
        let path = path.to_string_lossy().into_owned();
        self.environment.insert(ROOT.to_owned(), path);
        self
    }
}

/// A folder for state that is gone with the test, and the folder of a run in it.
pub(crate) fn state() -> (TempDir, Arc<StateFolder>) {
    let root = tempfile::tempdir().expect("a folder");
    let (state, cleaned) = StateFolder::open(root.path()).expect("a state folder");
    assert_eq!(cleaned, [""; 0]);
    (root, Arc::new(state))
}

/// Waits until a file is there, and reads it.
pub(crate) async fn note(path: &Path) -> String {
    let mut text = String::new();
    eventually("a note", || {
        text = std::fs::read_to_string(path).unwrap_or_default();
        text.ends_with('\n')
    })
    .await;
    text.trim().to_owned()
}

pub(crate) async fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(tokio::time::Instant::now() < end, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Returns true if a process is there and has not ended.
pub(crate) fn lives(id: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.starts_with(" Z"))
    })
}

#[test]
#[ignore = "the program that the other tests start"]
fn stub_program() {
    let Ok(mode) = std::env::var(MODE) else {
        return;
    };
    match mode.as_str() {
        "waits" => wait(),
        "ends" => end("no configuration found", 3),
        "listens" => listen(),
        "floods" => flood(),
        "ignores-signals" => ignore_signals(),
        "starts-a-child" => {
            start_child();
            wait();
        }
        "leaves-a-child" => start_child(),
        "starts-a-session" => {
            start_session();
            wait();
        }
        "tells-its-environment" => tell_environment(),
        "owns-a-program" => own(),
        mode => panic!("there is no mode {mode}"),
    }
}

fn wait() {
    std::thread::sleep(Duration::from_secs(120));
}

#[expect(clippy::exit, reason = "ending abruptly is what it is for")]
#[expect(clippy::print_stderr, reason = "its last words")]
fn end(words: &str, code: i32) -> ! {
    eprintln!("{words}");
    std::process::exit(code)
}

fn port() -> u16 {
    let port = std::env::var(PORT).expect("a port");
    port.parse().expect("a number")
}

fn listen() {
    match TcpListener::bind(("127.0.0.1", port())) {
        Ok(listener) => listener.incoming().for_each(drop),
        Err(error) => end(&format!("cannot listen: {error}"), 1),
    }
}

fn flood() {
    let mut out = std::io::stdout().lock();
    for number in 0..FLOOD {
        writeln!(out, "this is line {number} of many").expect("a reader");
    }
    put_note("flooded");
    wait();
}

#[tokio::main(flavor = "current_thread")]
async fn ignore_signals() {
    let mut asked = signal(SignalKind::terminate()).expect("a handler");
    put_note("ready");
    loop {
        asked.recv().await;
    }
}

#[expect(
    clippy::zombie_processes,
    reason = "nobody waits for it, which is the point"
)]
fn start_child() {
    let child = std::process::Command::new(program())
        .args(["stub::stub_program", "--exact", "--ignored"])
        .env(MODE, "waits")
        .spawn()
        .expect("a child");
    put_note(&child.id().to_string());
}

/// A child that leaves the process group.
#[expect(
    clippy::zombie_processes,
    reason = "nobody waits for it, which is the point"
)]
fn start_session() {
    let note = std::env::var(NOTE).expect("a path for the note");
    std::process::Command::new("setsid")
        .args(["sh", "-c", "echo $$ > $0; exec sleep 120", &note])
        .spawn()
        .expect("a child");
}

fn tell_environment() {
    let mut names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    names.sort();
    let folder = std::env::current_dir().expect("a folder");
    put_note(&format!("{} in {}", names.join(" "), folder.display()));
}

/// Starts a program that starts another, and waits to be killed.
#[tokio::main]
async fn own() {
    let root = std::env::var(ROOT).expect("a root");
    let (state, _) = StateFolder::open(Path::new(&root)).expect("a state folder");
    let state = Arc::new(state);
    let child = Path::new(&root).join("child");
    let settings = settings("starts-a-child").with_note(&child);
    let program = Program::start(settings, &state).await.expect("a program");
    let child = note(&child).await;
    put_note(&format!("{} {child}", program.id()));
    wait();
}

/// Whole notes end with a line feed.
fn put_note(text: &str) {
    let path = std::env::var(NOTE).expect("a path for the note");
    std::fs::write(path, format!("{text}\n")).expect("a note");
}
