//! A run of crosscut on a case.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::expected::{self, Expected};
use super::report::Report;
use crate::TaskError;

/// The maximum time of a case. Most take less than a second; a case about a trial's own timeout takes a minute.
const LONGEST: Duration = Duration::from_secs(180);
/// The interval at which the end of the run is checked.
const LOOK: Duration = Duration::from_millis(10);

/// The result of a run of crosscut.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code. `None` if a signal or the time limit killed the run.
    pub(crate) code: Option<i32>,
    /// The standard output, then the standard error.
    pub(crate) output: String,
    /// The JSON report. Has no trials if the run wrote none.
    pub(crate) report: Report,
}

/// Runs crosscut in the case's folder.
///
/// # Errors
/// Fails if the binary cannot be run or its report cannot be read.
pub(crate) fn run(binary: &Path, case: &Path, expected: &Expected) -> Result<Ended, TaskError> {
    let folder = tempfile::tempdir().map_err(TaskError::io("make a temporary folder"))?;
    let [output, errors, report] =
        ["output", "errors", "report.json"].map(|name| folder.path().join(name));
    let create = |file: &Path| File::create(file).map_err(TaskError::io("make a temporary file"));
    let mut command = command(binary, case, expected, &report);
    command
        .stdin(Stdio::null())
        .stdout(create(&output)?)
        .stderr(create(&errors)?);
    let what = format!("run {}", binary.display());
    let child = command.spawn().map_err(TaskError::io(&what))?;
    let status = wait(child).map_err(TaskError::io(&what))?;
    let read = |file: &Path| {
        let bytes = std::fs::read(file).map_err(TaskError::io("read the output"))?;
        Ok::<_, TaskError>(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Ended {
        code: status.and_then(|status| status.code()),
        output: read(&output)? + &read(&errors)?,
        report: Report::read(&report)?,
    })
}

fn command(binary: &Path, case: &Path, expected: &Expected, report: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .arg(expected.command.as_str())
        .arg("--no-color")
        .current_dir(case);
    if expected.command == expected::Command::Test {
        let report = format!("json={}", report.display());
        command.args(["--jobs", "1", "--report", &report]);
    }
    command.args(&expected.arguments);
    command
}

/// Waits for the child. Returns `None` if the child exceeded the time limit and was killed.
fn wait(mut child: Child) -> std::io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    while started.elapsed() < LONGEST {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(LOOK);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}
