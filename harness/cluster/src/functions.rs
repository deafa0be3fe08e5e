//! Starting the functions of a suite: cargo packages are built, programs are spawned once a run.

use std::process::{Output, Stdio};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_crossplane::Functions;
use crosscut_crossplane::function::{Address, AutoReady, Command, CommandSettings};
use crosscut_suite::model::{BuiltIn, Function, FunctionRuntime, Suite};
use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessGroup};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Mutex;

use crate::ClusterError;

/// Told what the user waits for, as a sentence fragment.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a function did not start. It is told to every trial that needs it, so it can be copied.
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
pub(crate) struct SharedFunctions {
    suite: Arc<Suite>,
    progress: Progress,
    outcome: Mutex<Option<Result<Arc<Functions>, StartError>>>,
}

impl SharedFunctions {
    /// Nothing is started yet.
    pub(crate) fn new(suite: Arc<Suite>, progress: Progress) -> SharedFunctions {
        SharedFunctions {
            suite,
            progress,
            outcome: Mutex::default(),
        }
    }

    /// The started functions. A failure to start is remembered: waiting for it again in every trial
    /// would take minutes and say nothing new.
    ///
    /// # Errors
    /// [`ClusterError::Function`].
    pub(crate) async fn get(&self) -> Result<Arc<Functions>, ClusterError> {
        let mut started = self.outcome.lock().await;
        if let Some(outcome) = started.as_ref() {
            return Ok(outcome.clone()?);
        }
        let suite = &self.suite;
        let outcome = start(&suite.functions, &suite.folder, &self.progress)
            .await
            .map(Arc::new);
        *started = Some(outcome.clone());
        Ok(outcome?)
    }

    /// What the suite calls them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.suite
            .functions
            .iter()
            .map(|function| function.name.as_str())
    }

    /// Ends the functions' processes with their groups.
    pub(crate) async fn close(&self) {
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
    progress: &Progress,
) -> Result<Functions, StartError> {
    let mut builder = Functions::builder();
    for function in functions {
        let started = start_one(function, folder, progress)
            .await
            .map_err(|source| StartError {
                name: function.name.clone(),
                source: Arc::from(source),
            })?;
        builder = builder.insert(&function.name, started);
    }
    Ok(builder.build())
}

async fn start_one(
    function: &Function,
    folder: &Utf8Path,
    progress: &Progress,
) -> Result<Arc<dyn crosscut_crossplane::Function>, BoxError> {
    match &function.runtime {
        FunctionRuntime::BuiltIn(BuiltIn::AutoReady) => Ok(Arc::new(AutoReady)),
        FunctionRuntime::Address(address) => {
            Ok(Arc::new(Address::plaintext(address, function.deadline)?))
        }
        FunctionRuntime::Command { program, arguments } => {
            spawn(function, &resolve(program, folder), arguments, folder).await
        }
        FunctionRuntime::Cargo { package, arguments } => {
            progress(&format!(
                "function {}: cargo build --package {package}",
                function.name
            ));
            let program = build(package, folder).await?;
            spawn(function, &program, arguments, folder).await
        }
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

async fn spawn(
    function: &Function,
    program: &Utf8Path,
    arguments: &[String],
    folder: &Utf8Path,
) -> Result<Arc<dyn crosscut_crossplane::Function>, BoxError> {
    let mut settings = CommandSettings::new(program.as_str(), arguments);
    settings.directory = Some(folder.as_std_path().to_owned());
    settings.call_deadline = function.deadline;
    Ok(Arc::new(Command::start(&settings).await?))
}

/// A cargo package could not be built.
#[derive(Debug, thiserror::Error)]
enum BuildError {
    #[error("run cargo; is Rust installed and in PATH?")]
    Run(#[source] std::io::Error),
    #[error("cargo build --package {package} failed:\n{stderr}")]
    Failed { package: String, stderr: String },
    #[error("the package {package} has no binary")]
    NoBinary { package: String },
}

/// Builds a package of the cargo workspace that the suite's folder is in, and answers its binary.
/// A build that is up to date takes a fraction of a second.
async fn build(package: &str, folder: &Utf8Path) -> Result<Utf8PathBuf, BuildError> {
    let output = run_cargo(package, folder).await.map_err(BuildError::Run)?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(BuildError::Failed {
            package: package.to_owned(),
            stderr,
        });
    }
    executable(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| BuildError::NoBinary {
        package: package.to_owned(),
    })
}

/// Runs cargo to its end; where the future is dropped, cargo and the compilers that it started are killed.
async fn run_cargo(package: &str, folder: &Utf8Path) -> std::io::Result<Output> {
    let command = CommandWrap::with_new("cargo", |command| {
        command
            .args([
                "build",
                "--quiet",
                "--message-format=json-render-diagnostics",
            ])
            .args(["--package", package])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    })
    .wrap(ProcessGroup::leader())
    .spawn()?;
    let mut cargo = Killed(command);
    let (stdout, stderr) = (cargo.0.stdout().take(), cargo.0.stderr().take());
    let (stdout, stderr) = tokio::try_join!(everything(stdout), everything(stderr))?;
    let status = cargo.0.wait().await?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

async fn everything(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// A process that is killed with its group when nobody waits for it any longer.
struct Killed(Box<dyn ChildWrapper>);

impl Drop for Killed {
    fn drop(&mut self) {
        // It has mostly ended by itself, and then there is nothing to kill.
        if let Err(error) = self.0.start_kill() {
            tracing::debug!(%error, "cannot kill cargo, it is probably gone");
        }
    }
}

/// The last executable that cargo's messages name: the package's own comes after its dependencies'.
fn executable(messages: &str) -> Option<Utf8PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| Some(Utf8PathBuf::from(message.get("executable")?.as_str()?)))
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::{executable, resolve};

    #[test]
    fn the_last_executable_is_the_packages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"/t/debug/f\"}\n\
                        not json\n{\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executable(messages).unwrap(), "/t/debug/f");
        assert_eq!(executable(""), None);
    }

    #[test]
    fn only_a_path_is_relative_to_the_suite() {
        assert_eq!(resolve("./bin/f", "/suite".into()), "/suite/./bin/f");
        assert_eq!(resolve("python3", "/suite".into()), "python3");
    }
}
