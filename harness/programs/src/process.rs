//! Processes by id, as the operating system knows them.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Between two looks whether a process is gone.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// Sends a signal to a process group. A group that is gone is fine; it is what signals are sent for.
pub(crate) fn signal_group(id: u32, signal: Signal) {
    let sent = killpg(pid(id), signal);
    if let Err(error) = sent
        && error != Errno::ESRCH
    {
        tracing::debug!(group = id, %signal, %error, "cannot signal a process group");
    }
}

/// Kills one process.
pub(crate) fn kill(id: u32) {
    let sent = nix::sys::signal::kill(pid(id), Signal::SIGKILL);
    if let Err(error) = sent
        && error != Errno::ESRCH
    {
        tracing::debug!(process = id, %error, "cannot kill a process");
    }
}

/// Returns true if a process group has a process in it that has not ended.
pub(crate) fn group_lives(id: u32) -> bool {
    killpg(pid(id), None) != Err(Errno::ESRCH) && has_living(id)
}

/// Returns true if a living process is of a group. An ended process stays as an entry if its parent does not wait, as
/// in containers without an init process.
#[cfg(target_os = "linux")]
fn has_living(group: u32) -> bool {
    ids().any(|id| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Behind the state and the parent is the group.
        let group_of = fields(&stat).and_then(|mut fields| fields.nth(1)?.parse().ok());
        group_of == Some(group)
    })
}

/// Returns true, because this system reports nothing about the processes of a group.
#[cfg(not(target_os = "linux"))]
fn has_living(_: u32) -> bool {
    true
}

/// Waits, blocking, until the process is gone or ended; `false` if it is still there after the time.
pub(crate) fn wait_until_gone(id: u32, start: &str, at_most: Duration) -> bool {
    let end = Instant::now() + at_most;
    while start_time(id).as_deref() == Some(start) {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}

fn pid(id: u32) -> Pid {
    // The kernel hands out positive ids only; 0 would mean the own group, which must never be signalled.
    Pid::from_raw(
        i32::try_from(id)
            .ok()
            .filter(|id| *id > 1)
            .unwrap_or(i32::MAX),
    )
}

/// Returns the start time of a living process, in a unit of the system. Id and start time identify a process.
/// Returns `None` if there is no such process, or if it has ended and only waits to be collected.
#[cfg(target_os = "linux")]
pub(crate) fn start_time(id: u32) -> Option<String> {
    started_by(&std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// Returns `None`, because this system has no safe source: no process counts as one of ours.
#[cfg(not(target_os = "linux"))]
pub(crate) fn start_time(_: u32) -> Option<String> {
    None
}

/// The living processes that have a variable with this value in the environment they were started with, each with
/// its start time. Those of other users cannot be looked at.
#[cfg(target_os = "linux")]
pub(crate) fn with_variable(name: &str, value: &str) -> Vec<(u32, String)> {
    let wanted = format!("{name}={value}").into_bytes();
    ids()
        .filter(|id| {
            std::fs::read(format!("/proc/{id}/environ"))
                .is_ok_and(|variables| variables.split(|byte| *byte == 0).any(|one| one == wanted))
        })
        .filter_map(|id| Some((id, start_time(id)?)))
        .collect()
}

/// The ids of all processes.
#[cfg(target_os = "linux")]
fn ids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten();
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Returns no process, because this system has no safe source.
#[cfg(not(target_os = "linux"))]
pub(crate) fn with_variable(_: &str, _: &str) -> Vec<(u32, String)> {
    Vec::new()
}

/// The 22nd field of `/proc/PID/stat`. The second is the program's name in brackets, which may hold anything.
#[cfg(target_os = "linux")]
fn started_by(stat: &str) -> Option<String> {
    fields(stat)?.nth(18).map(str::to_owned)
}

/// The fields of `/proc/PID/stat` behind the state; `None` for a process that has ended.
#[cfg(target_os = "linux")]
fn fields(stat: &str) -> Option<std::str::SplitAsciiWhitespace<'_>> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    (!matches!(state, "Z" | "X")).then_some(fields)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{start_time, started_by};

    #[test]
    fn the_field_is_found_behind_any_name() {
        let stat = |name: &str, state: &str| {
            let rest: Vec<String> = (4..=52).map(|field| format!("f{field}")).collect();
            format!("17 ({name}) {state} {}\n", rest.join(" "))
        };
        assert_eq!(started_by(&stat("etcd", "S")).as_deref(), Some("f22"));
        assert_eq!(started_by(&stat("a) R 1 (b", "R")).as_deref(), Some("f22"));
        assert_eq!(started_by(&stat("etcd", "Z")), None);
        assert_eq!(started_by("nonsense"), None);
    }

    #[test]
    fn this_process_has_one() {
        assert!(start_time(std::process::id()).is_some());
        assert_eq!(start_time(u32::MAX), None);
    }
}
