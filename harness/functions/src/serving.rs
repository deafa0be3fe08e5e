//! One run of a function's program, from its first response until its end.

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

use super::command::CommandSettings;
use super::grpc_function::status_text;
use super::{FunctionError, GrpcFunction};
use crosscut_programs::Journal;

/// The number of attempts with a new port if another program takes the port first.
const ATTEMPTS: usize = 3;
/// The time to wait for the program's end after a call failed.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// The time that the program, and then its child processes, may take to end before they are killed.
const GRACE: Duration = Duration::from_secs(2);

/// A program that serves a function. Dropping it kills the program and its process group.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) address: GrpcFunction,
    program: Program,
    begun: Instant,
    /// The number of running calls; calls in which the program ended stay counted.
    answering: AtomicUsize,
}

impl Serving {
    /// Starts the program and waits until it serves gRPC.
    ///
    /// # Errors
    /// [`FunctionError`] if the program cannot be started, ends, or does not serve in time; the program
    /// is ended then.
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
            GrpcFunction::plaintext(&place, settings.call_deadline).map_err(StartError::Other)?;
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

    /// Returns the program's exit status, if it has ended.
    pub(crate) fn exit_status(&self) -> Option<String> {
        self.program.exit_status()
    }

    /// Returns the time since the program's start.
    pub(crate) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Counts a call until the returned value is dropped.
    pub(crate) fn answering(&self) -> Answering<'_> {
        self.answering.fetch_add(1, Ordering::AcqRel);
        Answering {
            count: Some(&self.answering),
        }
    }

    /// Returns the program's exit status, if it ended within a short time after a failed call.
    pub(crate) async fn ended_in(&self, error: &FunctionError) -> Option<String> {
        if !matches!(error, FunctionError::Rpc { .. }) {
            return self.exit_status();
        }
        let ended = tokio::time::timeout(LAST_WORDS, self.program.exited()).await;
        ended.ok().or_else(|| self.exit_status())
    }

    /// Ends the program and all its child processes; kills those that remain after the grace period.
    pub(crate) async fn end(&self) {
        if let Err(error) = self.program.end(EndSignal::Terminate, GRACE).await {
            tracing::warn!(%error, "a function does not end");
        }
    }
}

/// A running call.
pub(crate) struct Answering<'a> {
    count: Option<&'a AtomicUsize>,
}

impl Answering<'_> {
    /// Keeps the call counted, since the program ended in it; returns the number of such calls.
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

/// Returns the function's name among the programs of a run, which is valid as a file name.
fn log_name(name: &str) -> String {
    let plain = |letter: char| {
        let is_plain = letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
        if is_plain { letter } else { '_' }
    };
    let name: String = name.chars().map(plain).collect();
    format!("function-{name}")
}

/// Returns the readiness check: a health request. A server without a health service is ready, too,
/// since it responds.
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
