//! Calling cargo, and where the project is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::TaskError;

/// The project's folder.
pub(crate) fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The cargo that runs this task, in the project's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(project_root());
    command
}

/// Builds a package's binary in the release profile and answers its path.
///
/// # Errors
/// Where cargo cannot be run, the build fails, or cargo names no executable.
pub(crate) fn release_binary(package: &str) -> Result<PathBuf, TaskError> {
    let what = format!("cargo build --release --package {package}");
    let output = cargo()
        .args([
            "build",
            "--release",
            "--message-format=json-render-diagnostics",
            "--package",
            package,
        ])
        .stderr(Stdio::inherit())
        .output()
        .map_err(TaskError::io(format!("run {what}")))?;
    if !output.status.success() {
        return Err(TaskError::Command {
            command: what,
            status: output.status.to_string(),
        });
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .next_back()
        .ok_or(TaskError::Command {
            command: what,
            status: "no executable".to_owned(),
        })
}
