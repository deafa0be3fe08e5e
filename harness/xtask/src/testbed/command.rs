//! Commands: to read their output, or with the output in the part's log.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::cache::create_dir;
use crate::TaskError;

/// The number of the log's last lines in the error of a failed command.
const SHOWN: usize = 10;

/// The file with the output of a part's build.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// Creates an empty log.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(crate) fn create(path: PathBuf) -> Result<Log, TaskError> {
        create_dir(path.parent().unwrap_or(Path::new(".")))?;
        File::create(&path).map_err(TaskError::io(format!("create {}", path.display())))?;
        Ok(Log { path })
    }

    /// Runs a command. The log gets the command line, then the output.
    ///
    /// # Errors
    /// Fails if the program is missing or fails. The error has the path of the log and its last lines.
    pub(crate) fn run(&self, command: &mut Command) -> Result<(), TaskError> {
        let what = || TaskError::io(format!("write {}", self.path.display()));
        let mut file = OpenOptions::new()
            .append(true)
            .open(&self.path)
            .map_err(what())?;
        writeln!(file, "$ {}", words(command)).map_err(what())?;
        let (output, errors) = (file.try_clone().map_err(what())?, file);
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let status = command.status().map_err(not_run(command))?;
        self.judge(command, status)
    }

    fn judge(&self, command: &Command, status: ExitStatus) -> Result<(), TaskError> {
        if status.success() {
            return Ok(());
        }
        let text = std::fs::read(&self.path).unwrap_or_default();
        let end = last_lines(&String::from_utf8_lossy(&text), SHOWN);
        Err(TaskError::Command {
            command: program(command),
            status: format!(
                "{status}; its output is in {}, the end of it:\n{end}",
                self.path.display()
            ),
        })
    }
}

/// Returns a command's output, trimmed.
///
/// # Errors
/// Fails if the program is missing or fails. The error has the standard error.
pub(crate) fn ask(command: &mut Command) -> Result<String, TaskError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(not_run(command))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(TaskError::Command {
        command: words(command),
        status: format!("{}: {errors}", output.status),
    })
}

/// Returns the error of a program that could not be run. If the program is missing, the error has a hint.
fn not_run(command: &Command) -> impl FnOnce(std::io::Error) -> TaskError + use<> {
    let (program, words) = (program(command), words(command));
    move |source| match source.kind() {
        std::io::ErrorKind::NotFound => TaskError::NoProgram {
            help: help(&program),
            program,
        },
        _ => TaskError::Io {
            what: format!("run {words}"),
            source,
        },
    }
}

/// Returns a hint how to install a program.
fn help(program: &str) -> &'static str {
    match program {
        "go" => "install Go 1.26 or newer (go.dev/dl) and put it on PATH",
        "python3" => "install Python 3.10 or newer with pip and venv",
        "apt-get" | "apt-cache" | "dpkg-deb" => {
            "this is no Debian: install etcd 3.4 or newer by other means and put it on PATH, where it is looked for as well"
        }
        _ => "install it and put it on PATH",
    }
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    let shown = lines.iter().skip(lines.len().saturating_sub(count));
    shown
        .map(|line| format!("    {line}\n"))
        .collect::<String>()
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (tempfile::TempDir, Log) {
        let folder = tempfile::tempdir().expect("a folder");
        let log = Log::create(folder.path().join("log/part.log")).expect("created");
        (folder, log)
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_command_prints_goes_to_the_log_after_the_command() {
        let (_folder, log) = log();
        log.run(&mut shell("echo out; echo err >&2")).expect("ran");
        let text = std::fs::read_to_string(&log.path).expect("read");
        assert_eq!(text, "$ sh -c echo out; echo err >&2\nout\nerr\n");
    }

    #[test]
    fn a_failure_names_the_log_and_shows_its_end() {
        let (_folder, log) = log();
        let error = log
            .run(&mut shell("seq 100; exit 3"))
            .expect_err("failed")
            .to_string();
        assert!(
            error.starts_with("sh ended with exit status: 3;"),
            "{error}"
        );
        assert!(error.contains(&log.path.display().to_string()), "{error}");
        assert!(error.ends_with("\n    99\n    100"), "{error}");
        assert!(!error.contains("    90\n"), "{error}");
    }

    #[test]
    fn a_program_that_is_missing_is_said_with_what_to_do() {
        // An absolute path, so that PATH does not matter.
        let error = ask(&mut Command::new("/nowhere/go"))
            .expect_err("missing")
            .to_string();
        assert_eq!(
            error,
            "no /nowhere/go on PATH: install it and put it on PATH"
        );
    }

    #[test]
    fn an_answer_comes_without_the_line_break() {
        assert_eq!(
            ask(&mut shell("echo go1.26.8")).expect("answered"),
            "go1.26.8"
        );
    }

    #[test]
    fn a_refused_answer_carries_the_reason() {
        let error = ask(&mut shell("echo why >&2; exit 1"))
            .expect_err("refused")
            .to_string();
        assert!(error.ends_with("ended with exit status: 1: why"), "{error}");
    }
}
