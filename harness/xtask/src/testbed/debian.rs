//! The part from a Debian package, which is downloaded and unpacked but not installed, so it needs no root.

use std::path::Path;
use std::process::Command;

use super::cache::{create_dir, take};
use super::command::{Log, ask};
use crate::TaskError;

/// Downloads the pinned package (`name=version`) and moves its program at `path` to `place/bin`.
///
/// apt verifies Debian's signatures. If the machine has no package lists (as in many container images), they are
/// downloaded to `lists`, below the cache folder.
///
/// # Errors
/// Fails if apt or dpkg is missing or fails, for example because the mirror has another version.
pub(crate) fn build(
    pin: &str,
    path: &str,
    lists: &Path,
    place: &Path,
    log: &Log,
) -> Result<(), TaskError> {
    let options = if knows(pin)? {
        Vec::new()
    } else {
        fetch_lists(lists, log)?
    };
    let work = tempfile::tempdir_in(place).map_err(TaskError::io(format!(
        "create a folder in {}",
        place.display()
    )))?;
    let mut fetch = Command::new("apt-get");
    log.run(
        fetch
            .args(&options)
            .args(["download", pin])
            .current_dir(work.path()),
    )?;
    unpack(work.path(), log)?;
    let bin = place.join("bin");
    create_dir(&bin)?;
    take(&work.path().join(path), &bin)
}

/// Returns true if the machine's package lists have the package in any version.
fn knows(pin: &str) -> Result<bool, TaskError> {
    let name = pin.split('=').next().unwrap_or(pin);
    Ok(!ask(Command::new("apt-cache").args(["policy", name]))?.is_empty())
}

/// Downloads package lists to the folder, and returns the options with which apt uses them.
fn fetch_lists(folder: &Path, log: &Log) -> Result<Vec<String>, TaskError> {
    let (lists, cache) = (folder.join("lists"), folder.join("cache"));
    create_dir(&lists)?;
    create_dir(&cache)?;
    let options = vec![
        format!("--option=Dir::State::lists={}", lists.display()),
        format!("--option=Dir::Cache={}", cache.display()),
    ];
    log.run(Command::new("apt-get").args(&options).arg("update"))?;
    Ok(options)
}

/// Unpacks the only package in the folder.
fn unpack(folder: &Path, log: &Log) -> Result<(), TaskError> {
    let what = || TaskError::io(format!("read {}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(what())? {
        let file = entry.map_err(what())?.path();
        if file.extension().is_some_and(|extension| extension == "deb") {
            log.run(
                Command::new("dpkg-deb")
                    .arg("--extract")
                    .arg(&file)
                    .arg(folder),
            )?;
        }
    }
    Ok(())
}
