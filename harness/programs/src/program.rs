//! A program that runs: started, watched, and ended with everything in its process group.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::busy::stretched;
use crate::error::{ProgramError, StateError};
use crate::leftover;
use crate::log::Log;
use crate::port::free_ports;
use crate::process;
use crate::readiness::Watcher;
use crate::settings::{PROGRAM, ProgramSettings};
use crate::state::StateFolder;

/// Between two looks whether a program is ready.
const POLL: Duration = Duration::from_millis(20);
/// The number of times that a port that someone else took in between is replaced.
const ATTEMPTS: usize = 3;
/// The number of lines that an error quotes.
const QUOTED: usize = 15;
/// The time that a killed process may take to be gone.
const KILLED: Duration = Duration::from_secs(5);
/// The time that the rest of a group may take to be gone once it was killed.
const REST: Duration = Duration::from_millis(500);
/// The time that the last words of an ended program may take through the pipe.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The time that what a command answered may take, which is why it was run.
const ANSWER: Duration = Duration::from_secs(10);

/// The way in which a program ended that was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// By itself, before or after it was asked to.
    InTime(ExitStatus),
    /// The program did not end at the signal, and was killed.
    Killed(ExitStatus),
}

/// The way in which a program is asked to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndSignal {
    /// SIGTERM.
    #[default]
    Terminate,
    /// SIGINT, as Ctrl-C sends it.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGHUP.
    HangUp,
    /// SIGKILL: it is not asked.
    Kill,
}

impl From<EndSignal> for Signal {
    fn from(signal: EndSignal) -> Signal {
        match signal {
            EndSignal::Terminate => Signal::SIGTERM,
            EndSignal::Interrupt => Signal::SIGINT,
            EndSignal::Quit => Signal::SIGQUIT,
            EndSignal::HangUp => Signal::SIGHUP,
            EndSignal::Kill => Signal::SIGKILL,
        }
    }
}

/// A running program. Dropping it kills the program and its process group.
#[derive(Debug)]
pub struct Program {
    name: String,
    id: u32,
    log: Log,
    writer: JoinHandle<()>,
    /// The way in which it ended, once it has.
    ended: watch::Receiver<Option<Exit>>,
    /// The same, once nothing of its group is left.
    exit: watch::Receiver<Option<Exit>>,
    /// The end of the time for processes that it started, set once it was asked to end.
    tidy_until: watch::Sender<Option<Instant>>,
    tidying: Duration,
    /// Keeps the folder, with log and note, for as long as the program may write there.
    _state: Arc<StateFolder>,
}

/// The way in which it ended; the error is one of waiting for it.
type Exit = Result<ExitStatus, String>;

impl Program {
    /// Starts a program and waits until it is ready.
    ///
    /// # Errors
    /// If it cannot be run, ends, or is not ready in time; then it is gone again. Also when this future is dropped.
    pub async fn start(
        settings: ProgramSettings,
        state: &Arc<StateFolder>,
    ) -> Result<Self, ProgramError> {
        let watcher = Watcher::new(&settings.ready).map_err(|source| ProgramError::Check {
            name: settings.name.clone(),
            source: Box::new(source),
        })?;
        let program = Self::spawn(&settings, state, &Strays::EndWith(state.program_name()))?;
        match program
            .wait_until(|| watcher.look(), settings.deadline)
            .await
        {
            Ok(()) => Ok(program),
            Err(error) => {
                program.kill().await;
                Err(error)
            }
        }
    }

    /// Starts a program that listens on ports which are free now; if it finds one taken after all, with others.
    ///
    /// # Errors
    /// As [`Program::start`]; a taken port only after three attempts.
    pub async fn start_on_free_ports<const COUNT: usize>(
        mut settings: impl FnMut([u16; COUNT]) -> ProgramSettings,
        state: &Arc<StateFolder>,
    ) -> Result<(Self, [u16; COUNT]), ProgramError> {
        let mut attempt = 1;
        loop {
            let ports = free_ports().map_err(|source| {
                let ProgramSettings { name, program, .. } = settings([0; COUNT]);
                ProgramError::Start {
                    name,
                    program,
                    source,
                }
            })?;
            match Self::start(settings(ports), state).await {
                Ok(program) => return Ok((program, ports)),
                Err(error) if error.is_port_taken() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns what it is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the process id, which is also the id of its process group.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The file with what it wrote.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        self.log.path()
    }

    /// The last lines that it wrote, at most `count`, oldest first.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        self.log.last_lines(count)
    }

    /// Returns the way in which it ended, if it did.
    #[must_use]
    pub fn exit_status(&self) -> Option<String> {
        self.ended.borrow().as_ref().map(describe)
    }

    /// The status with which it ended, if it did and that is known.
    #[must_use]
    pub fn exit(&self) -> Option<ExitStatus> {
        self.ended.borrow().as_ref()?.as_ref().ok().copied()
    }

    /// Waits until it ends by itself or by someone else, and says how.
    pub async fn exited(&self) -> String {
        match self.ended.clone().wait_for(Option::is_some).await {
            Ok(exit) => exit.as_ref().map(describe).unwrap_or_default(),
            // Only when the runtime shuts down, which ends the program as well.
            Err(_) => "it is no longer watched".to_owned(),
        }
    }

    /// Runs a command that ends by itself. Returns its exit status and its last lines. When this future is dropped the
    /// command is killed with its group.
    ///
    /// # Errors
    /// Fails if the command cannot be run, or if its exit status is unknown.
    pub async fn run(
        settings: &ProgramSettings,
        state: &Arc<StateFolder>,
        lines: usize,
    ) -> Result<(ExitStatus, Vec<String>), ProgramError> {
        let program = Self::spawn(settings, state, &Strays::Stay)?;
        let status = program.exited().await;
        program.wait_for_last_words(ANSWER).await;
        let lines = program.last_lines(lines);
        let exit = program.ended.borrow().clone();
        match exit {
            Some(Ok(status)) => Ok((status, lines)),
            _ => Err(ProgramError::Exited {
                name: program.name.clone(),
                status,
                lines,
            }),
        }
    }

    /// Asks the program's group to end, kills it if it has not after `grace`, and waits until it is gone.
    ///
    /// # Errors
    /// [`ProgramError::StillAlive`] if even that does not end it.
    pub async fn stop(self, grace: Duration) -> Result<Stopped, ProgramError> {
        self.end(EndSignal::Terminate, grace).await
    }

    /// The same with another signal, for callers that read the program's output afterwards.
    ///
    /// # Errors
    /// As [`Program::stop`].
    pub async fn end(&self, signal: EndSignal, grace: Duration) -> Result<Stopped, ProgramError> {
        if self.exit.borrow().is_none() {
            self.tidy_until
                .send_replace(Some(Instant::now() + self.tidying));
            process::signal_group(self.id, signal.into());
        }
        let stopped = match self.status_within(grace + self.tidying).await {
            Some(status) => Stopped::InTime(status),
            None => Stopped::Killed(self.kill().await.ok_or_else(|| self.still_alive())?),
        };
        Ok(stopped)
    }

    fn spawn(
        settings: &ProgramSettings,
        state: &Arc<StateFolder>,
        strays: &Strays,
    ) -> Result<Self, ProgramError> {
        let name = settings.name.clone();
        let in_state = |source| ProgramError::State {
            name: name.clone(),
            source,
        };
        let in_system = |source| ProgramError::Start {
            name: name.clone(),
            program: settings.program.clone(),
            source,
        };
        let by_name = || state.path().join(format!("{name}.log"));
        let path = settings.log.clone().unwrap_or_else(by_name);
        let log = Log::open(&path, settings.log_limit).map_err(|source| {
            in_state(StateError {
                action: "write",
                path,
                source,
            })
        })?;
        let (child, pipe) = spawn_child(settings, state, strays).map_err(in_system)?;
        let Some(id) = child.id() else {
            return Err(in_system(std::io::ErrorKind::NotFound.into()));
        };
        let (tell_ended, ended) = watch::channel(None);
        let (tell_exit, exit) = watch::channel(None);
        let (tidy_until, tidy) = watch::channel(None);
        let watched = Watched {
            child,
            id,
            strays: strays.clone(),
            tidy_until: tidy,
        };
        tokio::spawn(watched.until_gone(tell_ended, tell_exit));
        let program = Self {
            id,
            writer: tokio::spawn(log.clone().follow(pipe, settings.on_line.clone())),
            log,
            ended,
            exit,
            tidy_until,
            tidying: settings.tidying,
            _state: Arc::clone(state),
            name: name.clone(),
        };
        // From here on it is killed when this fails: by being dropped.
        state
            .note_process(&name, id, &settings.program)
            .map_err(in_state)?;
        Ok(program)
    }

    /// Looks again and again until a look finds what it looks for, for longer on a busy machine; `Err` of a look says what is not as it should be yet.
    ///
    /// # Errors
    /// If the program ends meanwhile, or the deadline passes; it is left running then.
    pub async fn wait_until<Looking>(
        &self,
        mut look: impl FnMut() -> Looking,
        deadline: Duration,
    ) -> Result<(), ProgramError>
    where
        Looking: Future<Output = Result<(), String>>,
    {
        let end = Instant::now() + stretched(deadline);
        loop {
            let looked = look().await;
            // Looked at first: what answered may have been another program on a taken port.
            if let Some(status) = self.exit_status() {
                return Err(self.exited_early(status).await);
            }
            let Err(last) = looked else { return Ok(()) };
            if Instant::now() >= end {
                return Err(ProgramError::NotReady {
                    name: self.name.clone(),
                    deadline,
                    last,
                    lines: self.last_lines(QUOTED),
                });
            }
            sleep(POLL).await;
        }
    }

    /// Waits until what an ended program wrote has come through the pipe.
    async fn wait_for_last_words(&self, at_most: Duration) {
        let end = Instant::now() + at_most;
        while !self.writer.is_finished() && Instant::now() < end {
            sleep(process::POLL).await;
        }
    }

    async fn exited_early(&self, status: String) -> ProgramError {
        self.wait_for_last_words(LAST_WORDS).await;
        ProgramError::Exited {
            name: self.name.clone(),
            status,
            lines: self.last_lines(QUOTED),
        }
    }

    /// Kills the group and waits until it is gone.
    async fn kill(&self) -> Option<ExitStatus> {
        if self.exit.borrow().is_none() {
            process::signal_group(self.id, Signal::SIGKILL);
        }
        self.status_within(KILLED).await
    }

    async fn status_within(&self, at_most: Duration) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        let exit = timeout(at_most, exit.wait_for(Option::is_some))
            .await
            .ok()?
            .ok()?;
        exit.as_ref().and_then(|exit| exit.as_ref().ok().copied())
    }

    fn still_alive(&self) -> ProgramError {
        ProgramError::StillAlive {
            name: self.name.clone(),
            id: self.id,
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.exit.borrow().is_none() {
            process::signal_group(self.id, Signal::SIGKILL);
        }
    }
}

fn describe(exit: &Exit) -> String {
    match exit {
        Ok(status) => status.to_string(),
        Err(error) => format!("how it ended is unknown: {error}"),
    }
}

/// Starts the process in a group of its own, with one pipe for what it writes, so that the order is kept.
fn spawn_child(
    settings: &ProgramSettings,
    state: &StateFolder,
    strays: &Strays,
) -> std::io::Result<(Box<dyn ChildWrapper>, pipe::Receiver)> {
    let (reader, writer) = std::io::pipe()?;
    let second = writer.try_clone()?;
    let mut command = settings.command(state)?;
    if let Strays::EndWith(name) = strays {
        command.env(PROGRAM, name);
    }
    command.stdin(Stdio::null()).stdout(writer).stderr(second);
    let mut command = CommandWrap::from(command);
    command.wrap(KillOnDrop).wrap(ProcessGroup::leader());
    // The writing ends that are here go with the command: the pipe ends when the last program closes it.
    let child = state.spawn(command)?;
    Ok((child, pipe::Receiver::from_owned_fd(reader.into())?))
}

/// The treatment of processes that a program started and that left its group.
#[derive(Clone, Debug)]
enum Strays {
    /// The processes end with the program. Their environment has this name of the program.
    EndWith(String),
    /// The processes stay: starting them may have been the program's purpose.
    Stay,
}

impl Strays {
    async fn end(self) {
        let Self::EndWith(name) = self else { return };
        let ending = move || leftover::end_all_with(PROGRAM, &name);
        // It reads files of the system, which takes a few milliseconds.
        if let Err(error) = tokio::task::spawn_blocking(ending).await {
            tracing::debug!(%error, "cannot end what a program started");
        }
    }
}

/// A process that is waited for.
struct Watched {
    child: Box<dyn ChildWrapper>,
    id: u32,
    strays: Strays,
    tidy_until: watch::Receiver<Option<Instant>>,
}

impl Watched {
    /// Waits for the end of the process, then ends what is left of its group, and what it started beside it.
    async fn until_gone(
        mut self,
        ended: watch::Sender<Option<Exit>>,
        exit: watch::Sender<Option<Exit>>,
    ) {
        let status = self.child.wait().await.map_err(|error| error.to_string());
        ended.send_replace(Some(status.clone()));
        let tidy_until = *self.tidy_until.borrow();
        if let Some(until) = tidy_until {
            wait_for_group(self.id, until).await;
        }
        process::signal_group(self.id, Signal::SIGKILL);
        self.strays.end().await;
        wait_for_group(self.id, Instant::now() + REST).await;
        exit.send_replace(Some(status));
    }
}

/// Waits until nothing of a group lives.
async fn wait_for_group(id: u32, until: Instant) {
    while Instant::now() < until && process::group_lives(id) {
        sleep(process::POLL).await;
    }
}
