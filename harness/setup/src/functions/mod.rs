//! The functions of a suite: cargo packages are built, programs are started once a run, and all trials share them.

mod build;
mod traces;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_functions::Functions;
use crosscut_functions::{AutoReady, Command, CommandSettings, GrpcFunction, OnOutput, Trace};
use crosscut_programs::{Launcher, StateFolder, default_root};
use crosscut_suite::model::{BuiltIn, Function, FunctionRuntime, Suite};
use tokio::sync::Mutex;

use crate::open_state;
use crosscut_cluster::ClusterError;
use traces::Traces;

/// Told what the user waits for, as a sentence fragment.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The way in which functions are started.
#[derive(Clone)]
pub struct FunctionSettings {
    /// The place where the folder with their logs and notes is made.
    pub state_root: PathBuf,
    /// What starts their programs so that they end with this process; they may outlive it if `None`.
    pub launcher: Option<Launcher>,
    /// Told what is waited for.
    pub progress: Progress,
    /// Told each line that they write.
    pub on_output: Option<OnOutput>,
}

impl FunctionSettings {
    /// Settings without a launcher, with a folder where every system has one.
    pub fn new(progress: Progress) -> FunctionSettings {
        FunctionSettings {
            state_root: default_root(Path::new("/tmp")),
            launcher: None,
            progress,
            on_output: None,
        }
    }
}

/// The reason why a function did not start. It is told to every trial that needs it, so it can be copied.
#[derive(Clone, Debug, thiserror::Error)]
#[error("start function {name}")]
pub struct StartError {
    name: String,
    source: Arc<dyn std::error::Error + Send + Sync>,
}

impl From<StartError> for ClusterError {
    fn from(StartError { name, source }: StartError) -> ClusterError {
        ClusterError::Function { name, source }
    }
}

/// The functions of a suite, started when they are first asked for and shared by all trials of a run.
pub struct SharedFunctions {
    suite: Arc<Suite>,
    settings: FunctionSettings,
    outcome: Mutex<Option<Result<Arc<Functions>, StartError>>>,
    traces: Arc<Traces>,
}

impl SharedFunctions {
    /// Starts nothing yet.
    pub fn new(suite: Arc<Suite>, settings: FunctionSettings) -> SharedFunctions {
        SharedFunctions {
            suite,
            settings,
            outcome: Mutex::default(),
            traces: Arc::default(),
        }
    }

    /// Returns the started functions. A failure to start is remembered: waiting for it again in every trial would take
    /// minutes and say nothing new.
    ///
    /// # Errors
    /// [`ClusterError::Function`].
    pub async fn get(&self) -> Result<Arc<Functions>, ClusterError> {
        let mut started = self.outcome.lock().await;
        if let Some(outcome) = started.as_ref() {
            return Ok(outcome.clone()?);
        }
        let suite = &self.suite;
        let outcome = start(&suite.functions, &suite.folder, &self.settings)
            .await
            .map(Arc::new);
        *started = Some(outcome.clone());
        Ok(outcome?)
    }

    /// Returns the started functions as a real Crossplane is served them: whose call it is, is told by the namespace of
    /// the composite resource.
    ///
    /// # Errors
    /// As [`SharedFunctions::get`].
    pub async fn served(&self) -> Result<Functions, ClusterError> {
        let functions = self.get().await?;
        Ok(traces::attributed(&functions, &self.traces))
    }

    /// Returns what is to be known of the functions for a trial that has a namespace of its own.
    pub fn trace(&self, namespace: &str) -> Arc<Trace> {
        self.traces.begin(namespace)
    }

    /// Returns what the suite calls them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.suite
            .functions
            .iter()
            .map(|function| function.name.as_str())
    }

    /// Ends the functions' processes with their groups.
    pub async fn close(&self) {
        if let Some(Ok(functions)) = self.outcome.lock().await.take() {
            functions.close().await;
        }
    }
}

/// Starts every function of a suite.
///
/// # Errors
/// [`StartError`] for the first that cannot be built or started; those that were started before it
/// are ended again.
pub async fn start(
    functions: &[Function],
    folder: &Utf8Path,
    settings: &FunctionSettings,
) -> Result<Functions, StartError> {
    let mut builder = Functions::builder();
    let mut starting = Starting {
        folder,
        settings,
        state: None,
    };
    for function in functions {
        let started = starting
            .start(function)
            .await
            .map_err(|source| StartError {
                name: function.name.clone(),
                source: Arc::from(source),
            })?;
        builder = builder.insert(&function.name, started);
    }
    Ok(builder.build())
}

/// Functions that are being started.
struct Starting<'a> {
    folder: &'a Utf8Path,
    settings: &'a FunctionSettings,
    /// The folder of their programs, once there is one.
    state: Option<Arc<StateFolder>>,
}

impl Starting<'_> {
    async fn start(
        &mut self,
        function: &Function,
    ) -> Result<Arc<dyn crosscut_functions::Function>, BoxError> {
        match &function.runtime {
            FunctionRuntime::BuiltIn(BuiltIn::AutoReady) => Ok(Arc::new(AutoReady)),
            FunctionRuntime::Address(address) => Ok(Arc::new(GrpcFunction::plaintext(
                address,
                function.deadline,
            )?)),
            FunctionRuntime::Command { program, arguments } => {
                let program = resolve(program, self.folder);
                self.spawn(function, &program, arguments).await
            }
            FunctionRuntime::Cargo { package, arguments } => {
                (self.settings.progress)(&format!(
                    "function {}: cargo build --package {package}",
                    function.name
                ));
                let state = self.state().await?;
                let program = build::build(package, self.folder, &state).await?;
                self.spawn(function, &program, arguments).await
            }
        }
    }

    async fn state(&mut self) -> Result<Arc<StateFolder>, BoxError> {
        if let Some(state) = &self.state {
            return Ok(Arc::clone(state));
        }
        let settings = self.settings;
        let launcher = settings.launcher.clone();
        let state = open_state(settings.state_root.clone(), launcher, &settings.progress).await?;
        Ok(Arc::clone(self.state.insert(Arc::new(state))))
    }

    async fn spawn(
        &mut self,
        function: &Function,
        program: &Utf8Path,
        arguments: &[String],
    ) -> Result<Arc<dyn crosscut_functions::Function>, BoxError> {
        let state = self.state().await?;
        let settings = CommandSettings {
            name: function.name.clone(),
            directory: Some(self.folder.as_std_path().to_owned()),
            start_deadline: function.start_deadline,
            call_deadline: function.deadline,
            on_output: self.settings.on_output.clone(),
            ..CommandSettings::new(program.as_str(), arguments)
        };
        Ok(Arc::new(Command::start(&settings, &state).await?))
    }
}

/// A program with a slash is relative to the suite's folder; any other is found in PATH.
fn resolve(program: &str, folder: &Utf8Path) -> Utf8PathBuf {
    if program.contains('/') {
        folder.join(program)
    } else {
        program.into()
    }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn only_a_path_is_relative_to_the_suite() {
        assert_eq!(resolve("./bin/f", "/suite".into()), "/suite/./bin/f");
        assert_eq!(resolve("python3", "/suite".into()), "python3");
    }
}
