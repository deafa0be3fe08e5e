//! A function that is a program: started here, waited for, and ended with everything it started.
//!
//! The program is told where to listen: `{address}` and `{port}` in its arguments and environment are replaced by a free
//! address on the loopback interface. It counts as started once it answers gRPC there.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use function_sdk_rust::proto::v1::{RunFunctionRequest, RunFunctionResponse};
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::address::status_text;
use super::{Address, Function, FunctionError, Question, wire};

/// How much of standard error is kept.
const STDERR_LIMIT: usize = 4 * 1024;
/// Between two looks whether the program answers.
const POLL: Duration = Duration::from_millis(20);
/// How long one look may take.
const LOOK: Duration = Duration::from_millis(500);
/// How often a port that someone else took in between is replaced.
const ATTEMPTS: usize = 3;
/// How long a program that a call failed on is given to be seen as ended.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How long a program, and what it started, may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(2);
/// How long it may take to be gone once it is killed.
const KILLED: Duration = Duration::from_secs(5);

/// What to start.
#[derive(Clone, Debug)]
pub struct CommandSettings {
    /// The program: a path, or a name to look up in `PATH`.
    pub program: String,
    /// Its arguments; `{address}` and `{port}` are replaced.
    pub arguments: Vec<String>,
    /// Added to the environment it inherits; `{address}` and `{port}` are replaced.
    pub environment: BTreeMap<String, String>,
    /// Where it runs; inherited if `None`.
    pub directory: Option<PathBuf>,
    /// How long it may take until it answers.
    pub start_deadline: Duration,
    /// How long each call may take.
    pub call_deadline: Duration,
}

impl CommandSettings {
    /// A program with arguments, ten seconds to start and ten for each call.
    pub fn new(
        program: impl Into<String>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: BTreeMap::new(),
            directory: None,
            start_deadline: Duration::from_secs(10),
            call_deadline: Duration::from_secs(10),
        }
    }

    fn says_where(&self) -> bool {
        let says = |text: &String| text.contains("{address}") || text.contains("{port}");
        self.arguments.iter().any(says) || self.environment.values().any(says)
    }
}

/// A running program that serves a function. [`Function::close`] ends the program and its process group, asking first;
/// dropping it kills them.
#[derive(Debug)]
pub struct Command {
    program: String,
    address: Address,
    process: Mutex<Box<dyn ChildWrapper>>,
    /// Its process group; it may have members when the program has ended.
    group: Option<Pid>,
    stderr: Tail,
}

impl Command {
    /// Starts the program and waits until it answers.
    ///
    /// # Errors
    /// If it cannot be run, ends, or does not answer in time; then it is gone again.
    pub async fn start(settings: &CommandSettings) -> Result<Self, FunctionError> {
        if !settings.says_where() {
            return Err(FunctionError::NoAddress {
                program: settings.program.clone(),
            });
        }
        let mut attempt = 1;
        loop {
            let command = Self::spawn(settings)?;
            match command.wait_until_ready(settings.start_deadline).await {
                Ok(()) => return Ok(command),
                Err(FunctionError::Exited { stderr, .. })
                    if attempt < ATTEMPTS && is_taken(&stderr) =>
                {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn spawn(settings: &CommandSettings) -> Result<Self, FunctionError> {
        let failed = |source| FunctionError::Start {
            program: settings.program.clone(),
            source,
        };
        let port = free_port().map_err(failed)?;
        let address = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let place = |text: &String| {
            text.replace("{address}", &address)
                .replace("{port}", &port.to_string())
        };
        let mut command = CommandWrap::with_new(&settings.program, |command| {
            command.args(settings.arguments.iter().map(place));
            command.envs(
                settings
                    .environment
                    .iter()
                    .map(|(name, value)| (name, place(value))),
            );
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped());
            if let Some(directory) = &settings.directory {
                command.current_dir(directory);
            }
        });
        let mut process = command
            .wrap(KillOnDrop)
            .wrap(ProcessGroup::leader())
            .spawn()
            .map_err(failed)?;
        let stderr = Tail::default();
        if let Some(pipe) = process.stderr().take() {
            tokio::spawn(stderr.clone().follow(pipe));
        }
        let id = process.id().and_then(|id| i32::try_from(id).ok());
        Ok(Self {
            group: id.map(Pid::from_raw),
            program: settings.program.clone(),
            address: Address::plaintext(&address, settings.call_deadline)?,
            process: Mutex::new(process),
            stderr,
        })
    }

    async fn wait_until_ready(&self, deadline: Duration) -> Result<(), FunctionError> {
        let end = Instant::now() + deadline;
        loop {
            if let Some(status) = self.exit_status() {
                return Err(self.exited(status).await);
            }
            let last = match self.look().await {
                Ok(()) => return Ok(()),
                Err(last) => last,
            };
            if Instant::now() >= end {
                return Err(FunctionError::NotReady {
                    program: self.program.clone(),
                    address: self.address.to_string(),
                    deadline,
                    last,
                    stderr: self.stderr.text(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks for the health of the server. A server that has no health service answered, so it is there.
    async fn look(&self) -> Result<(), String> {
        let mut client = HealthClient::new(self.address.channel());
        let question = client.check(HealthCheckRequest {
            service: String::new(),
        });
        match tokio::time::timeout(LOOK, question).await {
            Err(_) => Err("no answer".to_owned()),
            Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving => Ok(()),
            Ok(Ok(answer)) => Err(format!(
                "it says that it is {}",
                answer.get_ref().status().as_str_name()
            )),
            Ok(Err(status)) if matches!(status.code(), Code::Unimplemented | Code::NotFound) => {
                Ok(())
            }
            Ok(Err(status)) => Err(status_text(&status)),
        }
    }

    /// Asks the program and everything in its process group to end; what is there after a while is killed.
    async fn end(&self) {
        if self.exit_status().is_none() {
            self.on_process(|process| process.signal(Signal::SIGTERM as i32));
            self.wait_until_gone(GRACE).await;
        }
        if self.on_process(|process| process.start_kill()) {
            self.wait_until_gone(KILLED).await;
        }
    }

    /// Whether it could be done; it cannot where nothing is there any more.
    fn on_process(&self, act: impl FnOnce(&mut dyn ChildWrapper) -> std::io::Result<()>) -> bool {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        act(process.as_mut()).is_ok()
    }

    async fn wait_until_gone(&self, at_most: Duration) {
        let end = Instant::now() + at_most;
        while self.is_there() && Instant::now() < end {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether the program, or anything in its process group, is still there.
    fn is_there(&self) -> bool {
        let exists = |group| killpg(group, None) != Err(Errno::ESRCH);
        self.exit_status().is_none() || self.group.is_some_and(exists)
    }

    /// How the program ended, if it did.
    fn exit_status(&self) -> Option<String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        match process.try_wait() {
            Ok(status) => status.map(|status| status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    async fn exited(&self, status: String) -> FunctionError {
        // The pipe may still hold what was written last.
        tokio::time::sleep(POLL).await;
        FunctionError::Exited {
            program: self.program.clone(),
            status,
            stderr: self.stderr.text(),
        }
    }

    /// Says more about a failed call: whether the program is still there, and what it wrote.
    async fn explain(&self, error: FunctionError) -> FunctionError {
        let end = Instant::now() + LAST_WORDS;
        let is_rpc = matches!(error, FunctionError::Rpc { .. });
        loop {
            if let Some(status) = self.exit_status() {
                return self.exited(status).await;
            }
            if !is_rpc || Instant::now() >= end {
                return error.with_stderr(self.stderr.text());
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

#[async_trait]
impl Function for Command {
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        match self.address.run(request).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.explain(error).await),
        }
    }

    async fn answer(
        &self,
        question: &Question<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        match self.address.answer(question).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.explain(error).await),
        }
    }

    async fn close(&self) {
        self.end().await;
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        let process = self
            .process
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = process.start_kill() {
            tracing::debug!(program = self.program, %error, "cannot kill a function, it is probably gone");
        }
    }
}

/// A port that was free just now.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn is_taken(stderr: &str) -> bool {
    let stderr = stderr.to_ascii_lowercase();
    stderr.contains("in use") || stderr.contains("addrinuse")
}

/// The end of what a program wrote.
#[derive(Clone, Debug, Default)]
struct Tail {
    bytes: Arc<Mutex<VecDeque<u8>>>,
}

impl Tail {
    async fn follow(self, mut pipe: impl tokio::io::AsyncRead + Unpin) {
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.extend(&buffer[..read]);
            let excess = bytes.len().saturating_sub(STDERR_LIMIT);
            bytes.drain(..excess);
        }
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let (front, back) = bytes.as_slices();
        String::from_utf8_lossy(&[front, back].concat())
            .trim()
            .to_owned()
    }
}
