//! The measurement of one run of the binary, from outside the process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::TaskError;

/// The interval of memory samples. The kernel keeps the peak, so a coarse interval loses little.
const SAMPLE: Duration = Duration::from_millis(5);

/// The measured figures of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measurement {
    /// The time from the start to the exit.
    pub(crate) wall: Duration,
    /// The time from the start to the first verdict.
    pub(crate) first_verdict: Duration,
    /// The peak resident memory of the process in KiB, without its children.
    pub(crate) peak_kib: u64,
    /// The number of trials that passed.
    pub(crate) trials: u64,
}

impl Measurement {
    /// Returns the time of the whole run divided by the number of trials, in milliseconds.
    pub(crate) fn per_trial_ms(&self) -> f64 {
        let trials = self.trials.max(1);
        #[expect(clippy::cast_precision_loss, reason = "counts of trials are small")]
        let trials = trials as f64;
        self.wall.as_secs_f64() * 1000.0 / trials
    }

    /// Returns the measurement for the JSON report.
    pub(crate) fn to_json(&self, name: &str) -> Value {
        json!({
            "name": name,
            "trials": self.trials,
            "wall_ms": self.wall.as_secs_f64() * 1000.0,
            "first_verdict_ms": self.first_verdict.as_secs_f64() * 1000.0,
            "per_trial_ms": self.per_trial_ms(),
            "peak_kib": self.peak_kib,
        })
    }
}

/// Runs `crosscut test` in `project` with these additional arguments, and measures the run.
///
/// # Errors
/// Fails if the binary cannot be run or does not exit with 0. The figures of a failed run have no meaning.
pub(crate) fn measure(
    crosscut: &Path,
    project: &Path,
    more: &[&str],
) -> Result<Measurement, TaskError> {
    let started = Instant::now();
    let mut child = Command::new(crosscut)
        .args(["test", "--no-color"])
        .args(more)
        .current_dir(project)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(TaskError::io(format!("run {} test", crosscut.display())))?;
    let lines = lines_of(&mut child, started);
    let mut measurement = Measurement::default();
    watch(&child, &lines, &mut measurement);
    let status = child.wait().map_err(TaskError::io("wait for crosscut"))?;
    measurement.wall = started.elapsed();
    if status.success() {
        Ok(measurement)
    } else {
        Err(TaskError::Command {
            command: "crosscut test".to_owned(),
            status: status.to_string(),
        })
    }
}

/// Returns the lines that the child prints, each with the time since the start.
fn lines_of(child: &mut Child, started: Instant) -> Receiver<(String, Duration)> {
    let (sender, receiver) = channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send((line, started.elapsed())).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}

/// Reads the child's output to its end, and samples its memory meanwhile.
fn watch(child: &Child, lines: &Receiver<(String, Duration)>, measurement: &mut Measurement) {
    loop {
        match lines.recv_timeout(SAMPLE) {
            Ok((line, at)) if line.trim_start().starts_with("passed ") => {
                measurement.trials += 1;
                if measurement.trials == 1 {
                    measurement.first_verdict = at;
                }
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        measurement.peak_kib = measurement.peak_kib.max(peak_kib(child.id()).unwrap_or(0));
    }
}

/// Returns the process's peak resident memory in KiB from the kernel (Linux).
fn peak_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
