//! Commands that are run to their end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crosscut_programs::{Inherited, Program, ProgramError, ProgramSettings, StateFolder};

use super::error::KindError;

/// The maximum number of output lines that are read.
const LINES: usize = 400;
/// The deadline of commands that only read.
pub(super) const LOOK: Duration = Duration::from_secs(60);
/// The deadline of commands that create or delete something. They may have to pull images first.
pub(super) const MAKE: Duration = Duration::from_secs(900);

/// A runner of commands, with their output in the folder of the run. If its future is dropped, a command and its
/// process group are killed. Clusters that it left in Docker are deleted by name.
pub(super) struct Commands {
    state: Arc<StateFolder>,
    number: AtomicUsize,
}

impl Commands {
    pub(super) fn new(state: &Arc<StateFolder>) -> Commands {
        Commands {
            state: Arc::clone(state),
            number: AtomicUsize::new(1),
        }
    }

    /// Runs a command and returns the lines that it wrote.
    ///
    /// # Errors
    /// [`KindError`] if the command is not installed, fails or takes too long.
    pub(super) async fn run(
        &self,
        command: &'static str,
        arguments: &[&str],
        deadline: Duration,
    ) -> Result<Vec<String>, KindError> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let settings = ProgramSettings {
            inherited: Inherited::Everything,
            ..ProgramSettings::new(
                format!("{number}-{command}"),
                command,
                arguments.iter().copied(),
            )
        };
        let shown = shown(command, arguments);
        let running = Program::run(&settings, &self.state, LINES);
        let Ok(ended) = tokio::time::timeout(deadline, running).await else {
            return Err(KindError::TooLong {
                command: shown,
                seconds: deadline.as_secs(),
            });
        };
        match ended.map_err(|error| started(command, error))? {
            (status, lines) if status.success() => Ok(lines),
            (status, lines) => Err(KindError::Failed {
                command: shown,
                status: status.to_string(),
                reason: last_words(&lines),
            }),
        }
    }

    /// Returns the path of a file in the folder of the run.
    pub(super) fn path(&self, name: &str) -> String {
        self.state.path().join(name).display().to_string()
    }

    /// Writes a file into the folder of the run and returns its path.
    ///
    /// # Errors
    /// [`KindError::State`].
    pub(super) fn write(&self, name: &str, text: &str) -> Result<String, KindError> {
        Ok(self.state.write(name, text)?.display().to_string())
    }
}

/// Converts a failure to start a command; `NotFound` means that the command is not installed.
fn started(command: &'static str, error: ProgramError) -> KindError {
    match &error {
        ProgramError::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            KindError::NoCommand { command }
        }
        _ => error.into(),
    }
}

/// Returns the command with up to two arguments before the first option, for messages.
fn shown(command: &str, arguments: &[&str]) -> String {
    let said: Vec<&str> = arguments
        .iter()
        .copied()
        .take_while(|argument| !argument.starts_with('-'))
        .take(2)
        .collect();
    format!("{command} {}", said.join(" "))
        .trim_end()
        .to_owned()
}

/// Returns the last line with text, because kind and docker print the reason at the end.
fn last_words(lines: &[String]) -> String {
    let mut said = lines.iter().rev().map(|line| line.trim());
    said.find(|line| !line.is_empty())
        .unwrap_or("it said nothing")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{last_words, shown};

    #[rstest]
    #[case("kind", &["create", "cluster", "--name", "a"], "kind create cluster")]
    #[case("kind", &["load", "docker-image", "a:b"], "kind load docker-image")]
    #[case("docker", &["version", "--format", "x"], "docker version")]
    fn commands_are_quoted_by_what_they_do(
        #[case] command: &str,
        #[case] arguments: &[&str],
        #[case] expected: &str,
    ) {
        assert_eq!(shown(command, arguments), expected);
    }

    #[rstest]
    #[case::with_stack(&["Creating cluster", "ERROR: failed to create cluster: no space", "", "  "], "ERROR: failed to create cluster: no space")]
    #[case::silent(&[], "it said nothing")]
    fn the_last_line_says_why(#[case] lines: &[&str], #[case] expected: &str) {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(last_words(&lines), expected);
    }
}
