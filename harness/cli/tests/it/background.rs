//! `crosscut` in the background: its output as it comes, the programs that it started, and what it leaves.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crosscut_testkit::Project;
use rustix::process::{Pid, Signal, kill_process};

use crate::signals::{MARK, assert_nothing_runs};

/// Between two looks.
const POLL: Duration = Duration::from_millis(20);

/// A `crosscut` that runs. Dropping it asks it to end.
pub(crate) struct Background {
    child: Child,
    text: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    project: PathBuf,
}

/// One that has ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// Standard output and error, as they came.
    pub(crate) text: String,
    folders: BTreeSet<PathBuf>,
    project: PathBuf,
}

impl Background {
    pub(crate) fn start(project: &Project, arguments: &[&str]) -> Background {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosscut"));
        command.args(arguments);
        Background::spawn(project, command)
    }

    /// Starts a command that becomes `crosscut`.
    pub(crate) fn spawn(project: &Project, mut command: Command) -> Background {
        let mut child = command
            .current_dir(project.path())
            .env(MARK, project.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let text = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            follow(child.stdout.take().unwrap(), &text),
            follow(child.stderr.take().unwrap(), &text),
        ];
        Background {
            child,
            text,
            readers,
            project: project.path().to_owned(),
        }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Waits until the output has a text.
    pub(crate) fn wait_for(&mut self, part: &str, at_most: Duration) {
        let text = Arc::clone(&self.text);
        let is_said = || text.lock().unwrap().contains(part);
        self.wait_until(&format!("{part} is missing"), at_most, is_said);
    }

    /// Waits while it runs.
    pub(crate) fn wait_until(
        &mut self,
        not_yet: &str,
        at_most: Duration,
        is_so: impl Fn() -> bool,
    ) {
        let end = Instant::now() + at_most;
        while !is_so() {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < end,
                "{not_yet}: {ended:?}\n{}",
                self.text()
            );
            std::thread::sleep(POLL);
        }
    }

    /// Sends a signal to the first program of this name that it started.
    pub(crate) fn signal(&self, program: &str, signal: Signal) {
        let found = self
            .started()
            .into_iter()
            .find(|(_, path)| path.file_name().is_some_and(|name| name == program));
        let (id, _) = found.unwrap_or_else(|| panic!("no {program} runs\n{}", self.text()));
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Asks it to end.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }

    /// The programs that it started, oldest first.
    fn started(&self) -> Vec<(i32, PathBuf)> {
        let parent = self.child.id().to_string();
        let mut found: Vec<(i32, PathBuf)> = processes()
            .filter(|(id, _)| parent_of(*id).as_deref() == Some(&parent))
            .collect();
        found.sort();
        found
    }

    /// Waits for its end.
    pub(crate) fn end_within(mut self, at_most: Duration) -> Ended {
        let end = Instant::now() + at_most;
        let mut folders = BTreeSet::new();
        let status = loop {
            folders.extend(self.started().iter().filter_map(|(id, _)| folder_of(*id)));
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it does not end\n{}", self.text());
            std::thread::sleep(POLL);
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        Ended {
            code: status.code(),
            text: self.text(),
            folders,
            project: self.project.clone(),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Mostly it has ended, or the test is failing already.
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

impl Ended {
    /// No process and no folder.
    pub(crate) fn assert_nothing_left(&self) {
        assert_nothing_runs(&self.project);
        for folder in &self.folders {
            assert!(!folder.exists(), "{} is left", folder.display());
            let name = folder.file_name().unwrap().to_string_lossy();
            let left: Vec<_> = processes()
                .filter(|(id, _)| run_of(*id).as_deref() == Some(&*name))
                .collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

/// Nobody listens where provider-kubernetes always does.
pub(crate) fn assert_fixed_ports_are_free() {
    for port in [9443, 8080] {
        TcpListener::bind(("0.0.0.0", port)).unwrap();
    }
}

fn follow(mut from: impl Read + Send + 'static, text: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let text = Arc::clone(text);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let more = String::from_utf8_lossy(&buffer[..read]);
            text.lock().unwrap().push_str(&more);
        }
    })
}

/// Every process with its program.
fn processes() -> impl Iterator<Item = (i32, PathBuf)> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        Some((id, std::fs::read_link(entry.path().join("exe")).ok()?))
    })
}

/// The fourth field of `/proc/PID/stat`, behind the name in brackets.
fn parent_of(id: i32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(1).map(str::to_owned)
}

/// The name of the run that started a process.
fn run_of(id: i32) -> Option<String> {
    let variables = std::fs::read(format!("/proc/{id}/environ")).ok()?;
    let variables = String::from_utf8_lossy(&variables).into_owned();
    let run = variables
        .split('\0')
        .find_map(|one| one.strip_prefix("CROSSCUT_RUN="))?;
    Some(run.to_owned())
}

/// A program of the run that has a folder.
pub(crate) fn process_of_run(folder: &Path, program: &str) -> i32 {
    let run = folder.file_name().unwrap().to_string_lossy();
    let is_it = |path: &Path| path.file_name().is_some_and(|name| name == program);
    processes()
        .find(|(id, path)| is_it(path) && run_of(*id).as_deref() == Some(&*run))
        .map(|(id, _)| id)
        .unwrap()
}

/// The folder of the run that started a process.
fn folder_of(id: i32) -> Option<PathBuf> {
    let run = run_of(id)?;
    let roots = [Path::new("/dev/shm").to_owned(), std::env::temp_dir()];
    roots
        .into_iter()
        .map(|root| root.join(&run))
        .find(|folder| folder.exists())
}
