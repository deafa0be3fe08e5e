//! Hidden subcommands: what crosscut starts itself as, between itself and a program.

use std::io::Write as _;

use crosscut_events::ExitStatus;
use crosscut_programs::{RELAYING, Relays, Shared, end_with};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::CommandError;
use crate::arguments::{IsolateArguments, LaunchArguments, RelayArguments};

/// Becomes a program that ends with the run; returns only if that fails.
pub(crate) fn launch(arguments: &LaunchArguments) -> CommandError {
    let error = crosscut_programs::launch(arguments.parent, &arguments.words);
    CommandError::Launch(error)
}

/// Becomes a program in a network of its own; returns only if that fails.
pub(crate) fn isolate(arguments: &IsolateArguments) -> CommandError {
    let IsolateArguments { relay, words } = arguments;
    let error = crosscut_programs::isolate(relay.parent, &shared(relay), words);
    CommandError::Launch(error)
}

/// Relays connections until it is killed.
///
/// # Errors
/// If it cannot listen.
pub(crate) fn relay(arguments: &RelayArguments) -> Result<ExitStatus, CommandError> {
    end_with(arguments.parent).map_err(CommandError::Launch)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)?;
    runtime.block_on(async {
        let relays = Relays::there(&shared(arguments)).await;
        let relays = relays.map_err(CommandError::Launch)?;
        // It ends with the program, which may have something to say when it is asked to end.
        let _asked = signals().map_err(CommandError::Runtime)?;
        writeln!(std::io::stdout(), "{RELAYING}").map_err(CommandError::Print)?;
        relays.run().await;
        Ok(ExitStatus::Passed)
    })
}

/// Listens to the signals that ask a process group to end, so that they do not end this process.
fn signals() -> std::io::Result<Vec<Signal>> {
    let kinds = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
        SignalKind::quit(),
    ];
    kinds.into_iter().map(signal).collect()
}

fn shared(arguments: &RelayArguments) -> Shared {
    Shared {
        folder: arguments.folder.clone(),
        reached: arguments.reached.clone(),
        shown: arguments.shown.clone(),
    }
}
