//! The signals that end a run: Ctrl-C, SIGTERM, and SIGHUP, which comes when the terminal goes.
//!
//! They are listened for by a thread of its own, so that neither a busy worker nor an output that is not read keeps the
//! process from ending: the second signal ends it at once, and so does the time that cleaning up may take.

use std::time::Duration;

use crosscut_events::ExitStatus;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::{CommandError, output};

/// The longest that cleaning up may take after a run was ended early.
pub(crate) const CLEANING: Duration = Duration::from_secs(60);

/// What reports and the end of the process take on top of cleaning up, on a machine that is slow.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// Tells of the first signal. The second ends the process.
#[derive(Clone)]
pub(crate) struct Signals(watch::Receiver<Option<&'static str>>);

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// [`CommandError::Runtime`] if the thread or its signals cannot be had.
    pub(crate) fn listen() -> Result<Signals, CommandError> {
        let (told, first) = watch::channel(None);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CommandError::Runtime)?;
        // Before anything is started: a signal that came earlier would leave processes behind.
        let mut sources = {
            let _inside = runtime.enter();
            Sources::new().map_err(CommandError::Runtime)?
        };
        let listening = move || {
            runtime.block_on(async move {
                let name = sources.next().await;
                let _ = told.send(Some(name));
                let second = tokio::time::timeout(CLEANING + LAST_WORDS, sources.next()).await;
                end(second.ok());
            });
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(listening)
            .map_err(CommandError::Runtime)?;
        Ok(Signals(first))
    }

    /// Takes what is told for the first signal.
    #[cfg(test)]
    pub(crate) fn told_by(first: watch::Receiver<Option<&'static str>>) -> Signals {
        Signals(first)
    }

    /// Waits for the first signal; returns its name.
    pub(crate) async fn first(&mut self) -> &'static str {
        match self.0.wait_for(Option::is_some).await.map(|name| *name) {
            Ok(Some(name)) => name,
            // The thread has ended, which it does with the process only.
            _ => std::future::pending().await,
        }
    }
}

/// Ends the process at once: nothing may hold it up.
#[expect(
    clippy::exit,
    reason = "the second signal ends the process whatever it does"
)]
fn end(second: Option<&'static str>) -> ! {
    let why = match second {
        Some(name) => format!("a second signal ({name})"),
        None => "cleaning up takes too long".to_owned(),
    };
    output::print_error(&format!(
        "error: ended at once: {why}; the next run takes away what is left"
    ));
    std::process::exit(ExitStatus::EnvironmentFailed.code().into())
}

/// The place where signals come from.
struct Sources {
    interrupt: Signal,
    terminate: Signal,
    /// `None` if it is ignored, as under nohup.
    hangup: Option<Signal>,
}

impl Sources {
    fn new() -> std::io::Result<Sources> {
        Ok(Sources {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: (!hangup_is_ignored())
                .then(|| signal(SignalKind::hangup()))
                .transpose()?,
        })
    }

    /// Waits for the next signal; returns its name.
    async fn next(&mut self) -> &'static str {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = hangup => "SIGHUP",
        }
    }
}

/// Returns whether who started this process wants it to survive the terminal. Known on Linux only, from
/// `/proc/self/status`: the lowest bit of the mask `SigIgn` is SIGHUP.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores_hangup(&status)
}

fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::ignores_hangup;

    #[rstest]
    #[case::under_nohup("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000001\n", true)]
    #[case::as_usual("SigIgn:\t0000000000001000\n", false)]
    #[case::elsewhere("", false)]
    fn a_hangup_that_is_ignored_stays_ignored(#[case] status: &str, #[case] expected: bool) {
        assert_eq!(ignores_hangup(status), expected);
    }
}
