//! A function that is a program. It is started, awaited, restarted after it ends, and ended with all its child
//! processes.
//!
//! In the program's arguments and environment, `{address}` and `{port}` are replaced by a free address on the loopback
//! interface. The program counts as started once it serves gRPC there.
//!
//! All trials of a run share the program. A program that ends in a call is restarted for the next call, as a function's
//! pod is. If it ended during several calls, each is repeated alone: only the call that ends the program again fails.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use crosscut_programs::StateFolder;
use function_sdk_rust::proto::v1::{RunFunctionRequest, RunFunctionResponse};
use prost::Message as _;
use tokio::sync::{Mutex, RwLock};

use super::serving::Serving;
use super::{Function, FunctionCall, FunctionError, wire};
use crosscut_programs::{Crash, Journal, OnOutput, Trace};

/// The number of consecutive failed restarts after which the function is given up.
const RESTARTS: usize = 2;

/// The settings of a program.
#[derive(Clone)]
pub struct CommandSettings {
    /// The function's name in messages and in the name of its log.
    pub name: String,
    /// The program: a path, or a name to look up in `PATH`.
    pub program: String,
    /// The arguments; `{address}` and `{port}` are replaced.
    pub arguments: Vec<String>,
    /// The variables added to the inherited environment; `{address}` and `{port}` are replaced.
    pub environment: BTreeMap<String, String>,
    /// The working directory; the folder of the run if `None`.
    pub directory: Option<PathBuf>,
    /// The time limit from the start until the program serves gRPC.
    pub start_deadline: Duration,
    /// The time limit of each call.
    pub call_deadline: Duration,
    /// A callback for each line of the program's output.
    pub on_output: Option<OnOutput>,
}

impl CommandSettings {
    /// Returns settings with one minute to start and ten seconds for each call.
    pub fn new(
        program: impl Into<String>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            name: "f".to_owned(),
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: BTreeMap::new(),
            directory: None,
            start_deadline: Duration::from_secs(60),
            call_deadline: Duration::from_secs(10),
            on_output: None,
        }
    }

    fn says_where(&self) -> bool {
        let says = |text: &String| text.contains("{address}") || text.contains("{port}");
        self.arguments.iter().any(says) || self.environment.values().any(says)
    }
}

/// A function's program. [`Function::close`] terminates the program and its process group; dropping the value kills
/// them.
pub struct Command {
    settings: CommandSettings,
    state: Arc<StateFolder>,
    journal: Arc<Journal>,
    current: Mutex<Current>,
    /// A lock that each call holds for reading, and a call that must be alone for writing.
    beside: RwLock<()>,
}

/// The state of the program.
enum Current {
    Serving(Arc<Serving>),
    /// The program ended and could not be restarted: the number of failures and the last reason.
    Failed(usize, String),
    Closed,
}

/// The end of the program in a call.
struct Ended {
    status: String,
    after: Duration,
    /// True if other calls were running, too.
    among_others: bool,
}

type Answer = Result<wire::RunFunctionResponse, FunctionError>;

impl Command {
    /// Starts the program and waits until it serves gRPC. Its notes and log are in the folder of the run.
    ///
    /// # Errors
    /// [`FunctionError`] if the program cannot be started, ends, or does not serve in time; the program is ended then.
    pub async fn start(
        settings: &CommandSettings,
        state: &Arc<StateFolder>,
    ) -> Result<Self, FunctionError> {
        if !settings.says_where() {
            return Err(FunctionError::NoAddress {
                program: settings.program.clone(),
            });
        }
        let journal = Journal::new(&settings.name, settings.on_output.clone());
        let serving = Serving::start(settings, state, &journal).await?;
        Ok(Self {
            settings: settings.clone(),
            state: Arc::clone(state),
            journal,
            current: Mutex::new(Current::Serving(Arc::new(serving))),
            beside: RwLock::default(),
        })
    }

    /// Returns the running program; restarts it if it has ended.
    ///
    /// # Errors
    /// [`FunctionError`] if the program cannot be restarted, or if the function is closed.
    async fn serving(&self) -> Result<Arc<Serving>, FunctionError> {
        let mut current = self.current.lock().await;
        let failed = match &*current {
            Current::Serving(serving) if serving.exit_status().is_none() => {
                return Ok(Arc::clone(serving));
            }
            Current::Serving(_) => 0,
            Current::Failed(RESTARTS.., why) => {
                let why = format!("the function ended, and does not start again: {why}");
                return Err(FunctionError::Failed(why));
            }
            Current::Failed(times, _) => *times,
            Current::Closed => {
                return Err(FunctionError::Failed("the function was ended".to_owned()));
            }
        };
        match Serving::start(&self.settings, &self.state, &self.journal).await {
            Ok(serving) => {
                let serving = Arc::new(serving);
                *current = Current::Serving(Arc::clone(&serving));
                Ok(serving)
            }
            Err(error) => {
                *current = Current::Failed(failed + 1, error.to_string());
                Err(error)
            }
        }
    }

    /// Makes one call. `Err` if the program ended meanwhile.
    async fn ask(&self, call: &FunctionCall<'_>, trace: &Trace) -> Result<Answer, Ended> {
        let serving = match self.serving().await {
            Ok(serving) => serving,
            Err(error) => return Ok(Err(error)),
        };
        trace.note_call(&self.journal);
        let answering = serving.answering();
        let error = match serving.address.respond(call).await {
            Ok(answer) => return Ok(Ok(answer)),
            Err(error) => error,
        };
        match serving.ended_in(&error).await {
            None => Ok(Err(error)),
            Some(status) => Err(Ended {
                status,
                after: serving.age(),
                among_others: answering.ended_in() > 1,
            }),
        }
    }

    /// Makes a call beside others, and repeats it alone if the program ended meanwhile: another call may be the cause.
    async fn ask_fairly(&self, call: &FunctionCall<'_>, trace: &Trace) -> Result<Answer, Ended> {
        let ended = {
            let _beside = self.beside.read().await;
            match self.ask(call, trace).await {
                Err(ended) if ended.among_others => ended,
                asked => return asked,
            }
        };
        let _alone = self.beside.write().await;
        let answer = self.ask(call, trace).await?;
        if answer.is_ok() {
            self.note_crash(trace, &ended, true);
        }
        Ok(answer)
    }

    fn note_crash(&self, trace: &Trace, ended: &Ended, shared: bool) {
        let crash = Crash {
            status: ended.status.clone(),
            after: ended.after,
            shared,
        };
        trace.note_crash(&self.journal, crash);
    }
}

#[async_trait]
impl Function for Command {
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        let malformed = |error: prost::DecodeError| FunctionError::Failed(error.to_string());
        let request = Bytes::from(request.encode_to_vec());
        let request = wire::RunFunctionRequest::decode(request).map_err(malformed)?;
        let response = self.respond(&FunctionCall::new(request)).await?;
        RunFunctionResponse::decode(response.encode_to_vec().as_slice()).map_err(malformed)
    }

    async fn respond(
        &self,
        call: &FunctionCall<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        self.respond_for(call, &Trace::default()).await
    }

    async fn respond_for(
        &self,
        call: &FunctionCall<'_>,
        trace: &Trace,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        match self.ask_fairly(call, trace).await {
            Ok(answer) => answer,
            Err(ended) => {
                self.note_crash(trace, &ended, false);
                // Standard error may vary. In a condition it would change the object with each try, so that the object
                // never settles.
                Err(FunctionError::Exited {
                    program: self.settings.program.clone(),
                    status: ended.status,
                    stderr: String::new(),
                })
            }
        }
    }

    async fn close(&self) {
        let current = std::mem::replace(&mut *self.current.lock().await, Current::Closed);
        if let Current::Serving(serving) = current {
            serving.end().await;
        }
    }
}
