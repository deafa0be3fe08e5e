//! The remains of killed runs: programs that still run, and folders.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::process;
use crate::settings::RUN;
use crate::state::{PROCESSES, lock, remove, run_of};

/// The time that a killed process may take to be gone.
const KILLED: Duration = Duration::from_secs(5);

/// The number of times that is looked for processes that were started in between.
const ROUNDS: usize = 5;

/// A line of the file with processes.
#[derive(Debug, PartialEq, Eq)]
struct Noted<'a> {
    id: u32,
    start: &'a str,
    name: &'a str,
}

/// Cleans every folder of a run that is no more, and says what was done, a line each.
pub(crate) fn clean(root: &Path, prefix: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    let mut folders: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .filter(|path| is_ours(path))
        .collect();
    folders.sort();
    folders.iter().filter_map(|path| clean_one(path)).collect()
}

/// Folders for temporary files are everybody's: neither a link nor another user's folder is followed.
fn is_ours(path: &Path) -> bool {
    std::fs::symlink_metadata(path)
        .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == nix::unistd::getuid().as_raw())
}

fn clean_one(folder: &Path) -> Option<String> {
    let _lock = lock(folder)?;
    let notes = std::fs::read_to_string(folder.join(PROCESSES)).unwrap_or_default();
    let mut ended: Vec<String> = notes.lines().filter_map(parse).filter_map(end).collect();
    ended.extend(end_unnoted(&run_of(folder)));
    let removed = remove(folder);
    let mut line = format!(
        "cleaned up after a run that was killed: {}",
        folder.display()
    );
    if !ended.is_empty() {
        line = format!("{line}, {}", ended.join(", "));
    }
    if let Err(error) = removed {
        line = format!("{line}; the folder cannot be removed: {error}");
    }
    Some(line)
}

fn parse(line: &str) -> Option<Noted<'_>> {
    let mut fields = line.splitn(4, ' ');
    Some(Noted {
        id: fields.next()?.parse().ok()?,
        start: fields.next()?,
        name: fields.next()?,
    })
}

/// Kills a noted process and its group if it is still the one that was noted.
fn end(noted: Noted<'_>) -> Option<String> {
    let Noted { id, start, name } = noted;
    if process::start_time(id).as_deref() != Some(start) {
        return None;
    }
    process::signal_group(id, Signal::SIGKILL);
    let gone = process::wait_until_gone(id, start, KILLED);
    let what = if gone { "killed" } else { "could not kill" };
    Some(format!("{what} {name} (process {id})"))
}

/// Kills what carries the name of the run: what its programs started and left, and a program that the run was
/// killed before noting.
fn end_unnoted(run: &str) -> Option<String> {
    let killed = end_all_with(RUN, run);
    let processes = match killed.len() {
        0 => return None,
        1 => "process",
        _ => "processes",
    };
    let ids: Vec<String> = killed.iter().map(u32::to_string).collect();
    Some(format!(
        "killed what its programs had started ({processes} {})",
        ids.join(", ")
    ))
}

/// Kills every process that has a variable with this value in its environment, and returns their ids. Blocks until they
/// are gone.
pub(crate) fn end_all_with(name: &str, value: &str) -> BTreeSet<u32> {
    let mut killed = BTreeSet::new();
    // One that is killed may have started another just before.
    for _ in 0..ROUNDS {
        let found = process::with_variable(name, value);
        if found.is_empty() {
            break;
        }
        for (id, start) in found {
            process::kill(id);
            process::wait_until_gone(id, &start, KILLED);
            killed.insert(id);
        }
    }
    killed
}

#[cfg(test)]
mod tests {
    use super::{Noted, parse};

    #[test]
    fn a_line_is_read_and_half_a_line_is_not() {
        let noted = Noted {
            id: 17,
            start: "4711",
            name: "etcd",
        };
        assert_eq!(parse("17 4711 etcd /usr/bin/with space/etcd"), Some(noted));
        assert_eq!(parse("17 4711"), None);
        assert_eq!(parse(""), None);
    }
}
