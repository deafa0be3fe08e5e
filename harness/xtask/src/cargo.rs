//! Calls of cargo, and the project's folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::TaskError;

/// Returns the project's folder.
///
/// Cargo sets the variable of this package at run time. The path at compile time may be that of another clone,
/// which shares the target folder and has built the program.
pub(crate) fn project_root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR");
    let package = package.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).join("../..")
}

/// Returns a command for the cargo that runs this task, in the project's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(project_root());
    command
}

/// Builds a package's binary in the release profile and returns its path.
///
/// # Errors
/// Fails if cargo cannot be run, the build fails, or cargo reports no executable.
pub(crate) fn release_binary(package: &str) -> Result<PathBuf, TaskError> {
    binary(package, "release")
}

/// Builds a package's binary in the profile of `cargo run` and returns its path.
///
/// # Errors
/// Fails as [`release_binary`] does.
pub(crate) fn debug_binary(package: &str) -> Result<PathBuf, TaskError> {
    binary(package, "dev")
}

fn binary(package: &str, profile: &str) -> Result<PathBuf, TaskError> {
    let what = format!("cargo build --profile {profile} --package {package}");
    let arguments = [
        "build",
        "--profile",
        profile,
        "--message-format=json-render-diagnostics",
        "--package",
        package,
    ];
    output(&what, &arguments)?
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .next_back()
        .ok_or(TaskError::Command {
            command: what,
            status: "no executable".to_owned(),
        })
}

/// Returns cargo's metadata of the workspace.
///
/// # Errors
/// Fails if cargo cannot be run or prints anything but JSON.
pub(crate) fn metadata() -> Result<Value, TaskError> {
    const WHAT: &str = "cargo metadata";
    let text = output(WHAT, &["metadata", "--no-deps", "--format-version=1"])?;
    serde_json::from_str(&text).map_err(|source| TaskError::Output {
        what: format!("read the output of {WHAT}"),
        source,
    })
}

/// Returns cargo's build folder.
///
/// # Errors
/// Fails if cargo cannot be run, or does not report the folder.
pub(crate) fn build_folder() -> Result<PathBuf, TaskError> {
    let metadata = metadata()?;
    let folder = metadata.get("build_directory").and_then(Value::as_str);
    folder.map(PathBuf::from).ok_or(TaskError::Command {
        command: "cargo metadata".to_owned(),
        status: "no build_directory".to_owned(),
    })
}

/// Returns cargo's standard output.
fn output(what: &str, arguments: &[&str]) -> Result<String, TaskError> {
    let output = cargo()
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(TaskError::io(format!("run {what}")))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(TaskError::Command {
            command: what.to_owned(),
            status: output.status.to_string(),
        })
    }
}

/// Runs a command and waits for its end.
///
/// # Errors
/// Fails if the command cannot be run or does not exit with 0.
pub(crate) fn done(command: &mut Command, what: &str) -> Result<(), TaskError> {
    let status = command.stdin(Stdio::null()).status();
    let status = status.map_err(TaskError::io(format!("run {what}")))?;
    if status.success() {
        return Ok(());
    }
    Err(TaskError::Command {
        command: what.to_owned(),
        status: status.to_string(),
    })
}
