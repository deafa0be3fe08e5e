//! Running commands to their end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crosscut_programs::{Inherited, Program, ProgramError, ProgramSettings, StateFolder};

use super::error::KindError;

/// The number of lines of an answer that are read.
const LINES: usize = 400;
/// What commands that only look may take.
pub(super) const LOOK: Duration = Duration::from_secs(60);
/// What commands that make something may take: images may have to be pulled first.
pub(super) const MAKE: Duration = Duration::from_secs(900);

/// Runs commands whose output lies in the folder of the run. One that is no longer waited for is killed with its
/// group; what it left in Docker is deleted by name.
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

    /// Runs a command; answers the lines that it wrote.
    ///
    /// # Errors
    /// [`KindError`] if it is not there, fails or takes too long.
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

    /// A file in the folder of the run.
    pub(super) fn path(&self, name: &str) -> String {
        self.state.path().join(name).display().to_string()
    }

    /// Writes a file into the folder of the run.
    ///
    /// # Errors
    /// [`KindError::State`].
    pub(super) fn write(&self, name: &str, text: &str) -> Result<String, KindError> {
        Ok(self.state.write(name, text)?.display().to_string())
    }
}

/// That a program is not there is known by what the system says.
fn started(command: &'static str, error: ProgramError) -> KindError {
    match &error {
        ProgramError::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            KindError::NoCommand { command }
        }
        _ => error.into(),
    }
}

/// The command as it is quoted: its first two arguments say what it does.
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

/// The last line that says something: kind and docker write why at the end.
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
