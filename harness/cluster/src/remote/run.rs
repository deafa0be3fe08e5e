//! What a run is called on clusters, and its folder.

use std::fmt::Write as _;
use std::path::PathBuf;

use crosscut_programs::{Launcher, StateError, StateFolder};
use sha2::{Digest as _, Sha256};

use crate::functions::Progress;

/// A name from the name of a run's folder: what namespaces and labels may have in them, and short.
pub(crate) fn run_name(folder: &str) -> String {
    digest(folder)
}

/// Eight hexadecimal digits that stand for a text.
pub(crate) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(4).fold(String::new(), |mut name, byte| {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
        name
    })
}

/// Makes the folder of the run, whose programs are started by the launcher, and says what of earlier runs was cleaned up.
///
/// # Errors
/// Where it cannot be made.
pub(crate) async fn open_state(
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

#[cfg(test)]
mod tests {
    use super::run_name;

    #[test]
    fn names_are_labels() {
        let name = run_name("crosscut-0-AbCdEfGh");
        assert_eq!(name.len(), 8);
        assert!(
            name.chars()
                .all(|letter| matches!(letter, '0'..='9' | 'a'..='f'))
        );
        assert_ne!(name, run_name("crosscut-0-AbCdEfGi"));
    }
}
