//! One start of a function's program: from when it answers until it ends.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crosscut_programs::{
    EndSignal, Inherited, Look, Program, ProgramError, ProgramSettings, Ready, StateFolder,
    free_ports,
};
use tokio::time::Instant;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::address::status_text;
use super::command::CommandSettings;
use super::{FunctionError, GrpcFunction};
use crosscut_programs::Journal;

/// The number of times that a port that someone else took in between is replaced.
const ATTEMPTS: usize = 3;
/// The time that a program that a call failed on is given to be seen as ended.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// The time that a program may take to end when it is asked to, and what it started, after it.
const GRACE: Duration = Duration::from_secs(2);

/// A program that serves a function. Dropping it kills the program and its process group.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) address: GrpcFunction,
    program: Program,
    begun: Instant,
    /// The number of calls it that is answering; those that it did not survive stay counted.
    answering: AtomicUsize,
}

impl Serving {
    /// Starts the program and waits until it answers.
    ///
    /// # Errors
    /// If it cannot be run, ends, or does not answer in time; then it is gone again.
    pub(crate) async fn start(
        settings: &CommandSettings,
        state: &Arc<StateFolder>,
        journal: &Arc<Journal>,
    ) -> Result<Self, FunctionError> {
        let mut attempt = 1;
        loop {
            match Self::start_once(settings, state, journal).await {
                Err(StartError::PortTaken(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(StartError::PortTaken(error) | StartError::Other(error)) => return Err(error),
                Ok(serving) => return Ok(serving),
            }
        }
    }

    async fn start_once(
        settings: &CommandSettings,
        state: &Arc<StateFolder>,
        journal: &Arc<Journal>,
    ) -> Result<Self, StartError> {
        let [port] = free_ports().map_err(|source| {
            let program = settings.program.clone();
            StartError::Other(FunctionError::Start { program, source })
        })?;
        let place = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let address =
            Address::plaintext(&place, settings.call_deadline).map_err(StartError::Other)?;
        let program = program_settings(settings, &address, port, journal);
        let program = Program::start(program, state).await;
        let program = program.map_err(|error| start_error(settings, &address, error))?;
        Ok(Self {
            address,
            program,
            begun: Instant::now(),
            answering: AtomicUsize::new(0),
        })
    }

    /// Returns the way in which it ended, if it did.
    pub(crate) fn exit_status(&self) -> Option<String> {
        self.program.exit_status()
    }

    /// Returns the time that it has run.
    pub(crate) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Counts a call until the answer is dropped.
    pub(crate) fn answering(&self) -> Answering<'_> {
        self.answering.fetch_add(1, Ordering::AcqRel);
        Answering {
            count: Some(&self.answering),
        }
    }

    /// Returns the way in which it ended, if it is seen to have ended soon after a call failed.
    pub(crate) async fn ended_in(&self, error: &FunctionError) -> Option<String> {
        if !matches!(error, FunctionError::Rpc { .. }) {
            return self.exit_status();
        }
        let ended = tokio::time::timeout(LAST_WORDS, self.program.exited()).await;
        ended.ok().or_else(|| self.exit_status())
    }

    /// Asks the program and everything that it started to end; what is there after a while is killed.
    pub(crate) async fn end(&self) {
        if let Err(error) = self.program.end(EndSignal::Terminate, GRACE).await {
            tracing::warn!(%error, "a function does not end");
        }
    }
}

/// A call that is being answered.
pub(crate) struct Answering<'a> {
    count: Option<&'a AtomicUsize>,
}

impl Answering<'_> {
    /// Leaves the call counted, since the program ended in it, and says how many such calls there were.
    pub(crate) fn ended_in(mut self) -> usize {
        let count = self.count.take();
        count.map_or(1, |count| count.load(Ordering::Acquire))
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.count {
            count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

enum StartError {
    /// Another program has the port.
    PortTaken(FunctionError),
    Other(FunctionError),
}

fn program_settings(
    settings: &CommandSettings,
    address: &GrpcFunction,
    port: u16,
    journal: &Arc<Journal>,
) -> ProgramSettings {
    let place = |text: &String| {
        text.replace("{address}", &address.to_string())
            .replace("{port}", &port.to_string())
    };
    let environment = settings.environment.iter();
    let environment = environment.map(|(name, value)| (name.clone(), place(value)));
    let arguments = settings.arguments.iter().map(place);
    ProgramSettings {
        environment: environment.collect(),
        inherited: Inherited::Everything,
        directory: settings.directory.clone(),
        ready: Ready::Custom(look(address)),
        deadline: settings.start_deadline,
        tidying: GRACE,
        on_line: Some(journal.on_line()),
        ..ProgramSettings::new(log_name(&settings.name), &settings.program, arguments)
    }
}

/// Returns what a function is called among the programs of a run: a file has this name.
fn log_name(name: &str) -> String {
    let plain = |letter: char| {
        let is_plain = letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
        if is_plain { letter } else { '_' }
    };
    let name: String = name.chars().map(plain).collect();
    format!("function-{name}")
}

/// Asks for the health of the server. A server that has no health service answered, so it is there.
fn look(address: &GrpcFunction) -> Look {
    let channel = address.channel();
    Arc::new(move || {
        let mut client = HealthClient::new(channel.clone());
        Box::pin(async move {
            let service = String::new();
            match client.check(HealthCheckRequest { service }).await {
                Ok(answer) if answer.get_ref().status() == ServingStatus::Serving => Ok(()),
                Ok(answer) => {
                    let status = answer.get_ref().status();
                    Err(format!("it says that it is {}", status.as_str_name()))
                }
                Err(status) if matches!(status.code(), Code::Unimplemented | Code::NotFound) => {
                    Ok(())
                }
                Err(status) => Err(status_text(&status)),
            }
        })
    })
}

fn start_error(
    settings: &CommandSettings,
    address: &GrpcFunction,
    error: ProgramError,
) -> StartError {
    let taken = error.is_port_taken();
    let program = settings.program.clone();
    let told = match error {
        ProgramError::Start { source, .. } => FunctionError::Start { program, source },
        ProgramError::Exited { status, lines, .. } => FunctionError::Exited {
            program,
            status,
            stderr: lines.join("\n"),
        },
        ProgramError::NotReady {
            deadline,
            last,
            lines,
            ..
        } => FunctionError::NotReady {
            program,
            address: address.to_string(),
            deadline,
            last,
            stderr: lines.join("\n"),
        },
        other => FunctionError::Failed(crosscut_errors::chain(&other)),
    };
    if taken {
        StartError::PortTaken(told)
    } else {
        StartError::Other(told)
    }
}
