//! Runs the binary once and measures it from outside.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::TaskError;

/// The number of times that memory is looked at. The kernel keeps the peak, so a coarse interval loses little.
const SAMPLE: Duration = Duration::from_millis(5);

/// What one run cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measurement {
    /// From start to exit.
    pub(crate) wall: Duration,
    /// From start to the first verdict.
    pub(crate) first_verdict: Duration,
    /// The largest resident memory of the process itself, in KiB; children are not counted.
    pub(crate) peak_kib: u64,
    /// How many trials passed.
    pub(crate) trials: u64,
}

impl Measurement {
    /// Milliseconds from the first verdict to the end, per trial.
    pub(crate) fn per_trial_ms(&self) -> f64 {
        let trials = self.trials.max(1);
        #[expect(clippy::cast_precision_loss, reason = "counts of trials are small")]
        let trials = trials as f64;
        self.wall.as_secs_f64() * 1000.0 / trials
    }

    /// The measurement as the JSON report has it.
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

/// Runs `crosscut test` in `project`, with these arguments more, and measures it.
///
/// # Errors
/// Where it cannot be run, or does not exit with 0: figures of a run that fails mean nothing.
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

/// The lines that the child prints, each with the time when it was read.
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

/// Follows the child until its output ends.
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

/// The kernel's record of the process's peak resident memory (Linux).
fn peak_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
