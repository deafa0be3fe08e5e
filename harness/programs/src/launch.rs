//! Starting programs so that they end with this process, however it ends.
//!
//! Linux tells a process when the thread that started it ends, if the process asked for it (PR_SET_PDEATHSIG). Nothing
//! between fork and exec can ask without `unsafe`. So a launcher is started in the place of the program: the binary's
//! own hidden subcommand asks, and executes the program.
//!
//! All programs of a run are started from one thread, which lives as long as the folder of the run: threads of an
//! asynchronous runtime come and go.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command as StdCommand;
use std::sync::mpsc::{Sender, channel};

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::runtime::Handle;

use crate::relay::Shared;

/// The program that launches others: the binary of crosscut, with a hidden subcommand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launcher {
    binary: PathBuf,
}

impl Launcher {
    /// The hidden subcommand of the binary, which calls [`launch`] with what follows it.
    pub const SUBCOMMAND: &str = "launch";

    /// The hidden subcommand of the binary that calls [`isolate`](crate::isolate).
    pub const ISOLATE: &str = "isolate";
    /// The hidden subcommand of the binary that runs [`Relays::there`](crate::Relays::there), and says
    /// [`RELAYING`](crate::RELAYING).
    pub const RELAY: &str = "relay";

    /// Names the binary that has the hidden subcommands.
    #[must_use]
    pub fn new(binary: PathBuf) -> Self {
        Self { binary }
    }

    /// Returns the binary.
    #[must_use]
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Returns the arguments that come before a program and its own; with what is shared, for a program in a network of its
    /// own.
    pub(crate) fn arguments(shared: Option<&Shared>) -> Vec<OsString> {
        let subcommand = match shared {
            None => Self::SUBCOMMAND,
            Some(_) => Self::ISOLATE,
        };
        let parent = format!("--parent={}", std::process::id());
        let shared = shared.map(Shared::arguments).unwrap_or_default();
        let first = [subcommand.to_owned(), parent].map(OsString::from);
        first
            .into_iter()
            .chain(shared)
            .chain([OsString::from("--")])
            .collect()
    }
}

/// Becomes a program that ends when the process `parent`, which started this one, ends. Returns only if that fails.
///
/// # Errors
/// If there is no program, the parent has ended already, or the system does not run the program.
pub fn launch(parent: u32, words: &[OsString]) -> std::io::Error {
    let Some((program, arguments)) = words.split_first() else {
        return std::io::Error::other("there is no program to launch");
    };
    match end_with(parent) {
        Ok(()) => StdCommand::new(program).args(arguments).exec(),
        Err(error) => error,
    }
}

/// Has this process killed when its parent ends.
///
/// # Errors
/// If the parent is not `parent` any more.
#[cfg(target_os = "linux")]
pub fn end_with(parent: u32) -> std::io::Result<()> {
    use nix::sys::prctl::set_pdeathsig;
    use nix::sys::signal::Signal;
    use nix::unistd::getppid;

    set_pdeathsig(Signal::SIGKILL)?;
    // It may have ended before the signal was asked for.
    if u32::try_from(getppid().as_raw()) == Ok(parent) {
        Ok(())
    } else {
        Err(std::io::Error::other("the run has ended"))
    }
}

/// No other system has such a signal: the next run ends what is left.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub fn end_with(_: u32) -> std::io::Result<()> {
    Ok(())
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that starts processes. It ends when this is dropped, and what it started with a launcher is killed then.
#[derive(Debug)]
pub(crate) struct Starter {
    jobs: Sender<Job>,
}

impl Starter {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub(crate) fn new() -> std::io::Result<Self> {
        let (jobs, received) = channel::<Job>();
        std::thread::Builder::new()
            .name("crosscut-starts".to_owned())
            .spawn(move || received.into_iter().for_each(|job| job()))?;
        Ok(Self { jobs })
    }

    /// Starts a process from the thread.
    ///
    /// # Errors
    /// As [`CommandWrap::spawn`].
    pub(crate) fn spawn(&self, mut command: CommandWrap) -> std::io::Result<Box<dyn ChildWrapper>> {
        let gone = || std::io::Error::other("the thread that starts programs is gone");
        let runtime = Handle::try_current().map_err(std::io::Error::other)?;
        let (sender, receiver) = channel();
        let job = move || {
            let _runtime = runtime.enter();
            // Who asked may be gone: then the process is dropped, and killed.
            let _ = sender.send(command.spawn());
        };
        self.jobs.send(Box::new(job)).map_err(|_| gone())?;
        receiver.recv().map_err(|_| gone())?
    }
}
