//! The folder of a run.

use std::path::PathBuf;

use crosscut_programs::{Launcher, StateError, StateFolder};

use crate::Progress;

/// Makes the folder of the run, whose programs are started by the launcher, and says what of earlier runs was cleaned up.
///
/// # Errors
/// Where it cannot be made.
pub async fn open_state(
    root: PathBuf,
    launcher: Option<Launcher>,
    progress: &Progress,
) -> Result<StateFolder, StateError> {
    let opened = {
        let root = root.clone();
        tokio::task::spawn_blocking(move || StateFolder::open(&root)).await
    };
    let (state, cleaned) = opened.map_err(|error| StateError {
        action: "open a folder in",
        path: root,
        source: std::io::Error::other(error),
    })??;
    for line in cleaned {
        progress(&line);
    }
    match launcher {
        Some(launcher) => state.with_launcher(launcher),
        None => Ok(state),
    }
}
