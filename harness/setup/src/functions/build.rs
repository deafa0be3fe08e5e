//! Building a function that is a package of a cargo workspace.

use std::process::{Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_programs::{StateFolder, find};
use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessGroup};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// The profile that functions are built in: that of crosscut itself, so that what both use is compiled once.
const PROFILE: &str = if cfg!(debug_assertions) {
    "dev"
} else {
    "release"
};

/// A cargo package could not be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    #[error("run cargo; is Rust installed and in PATH?")]
    Run(#[source] std::io::Error),
    #[error("cargo build --package {package} failed:\n{stderr}")]
    Failed { package: String, stderr: String },
    #[error("the package {package} has no binary")]
    NoBinary { package: String },
}

/// Builds a package of the cargo workspace that the suite's folder is in, and returns the path of its binary.
/// A build that is up to date takes a fraction of a second. The profile is crosscut's own: release for a release build.
///
/// # Errors
/// [`BuildError`] if there is no cargo, the build fails, or the package has no binary.
pub(crate) async fn build(
    package: &str,
    folder: &Utf8Path,
    state: &StateFolder,
) -> Result<Utf8PathBuf, BuildError> {
    let output = run_cargo(package, folder, state)
        .await
        .map_err(BuildError::Run)?;
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

/// Runs cargo to its end; if the future is dropped, cargo and the compilers that it started are killed.
async fn run_cargo(
    package: &str,
    folder: &Utf8Path,
    state: &StateFolder,
) -> std::io::Result<Output> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cargo = find("cargo".as_ref(), std::env::split_paths(&path))?;
    let launched = state.launched(&cargo);
    let mut command = Command::new(launched.program);
    command
        .args(launched.arguments)
        .args([
            "build",
            "--quiet",
            "--message-format=json-render-diagnostics",
        ])
        .args(["--profile", PROFILE, "--package", package])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut command = CommandWrap::from(command);
    command.wrap(ProcessGroup::leader());
    let mut cargo = Killed(state.spawn(command)?);
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
    use super::executable;

    #[test]
    fn the_last_executable_is_the_packages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"/t/debug/f\"}\n\
                        not json\n{\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executable(messages).unwrap(), "/t/debug/f");
        assert_eq!(executable(""), None);
    }
}
