//! The measurements as a table.

use serde_json::Value;

use super::measure::Measurement;

/// Prints the table to standard output.
#[expect(
    clippy::print_stdout,
    reason = "printing the table is what the task is for"
)]
pub(crate) fn print(rows: &[(String, Measurement)], fork: &Value) {
    println!(
        "{:<34} {:>7} {:>10} {:>14} {:>13} {:>10}",
        "run", "trials", "wall ms", "first verdict", "ms per trial", "peak MiB"
    );
    for (name, run) in rows {
        println!(
            "{name:<34} {:>7} {:>10.0} {:>11.0} ms {:>13.2} {:>10.1}",
            run.trials,
            run.wall.as_secs_f64() * 1000.0,
            run.first_verdict.as_secs_f64() * 1000.0,
            run.per_trial_ms(),
            mebibytes(run.peak_kib),
        );
    }
    println!("{}", fork_line(fork));
}

#[expect(
    clippy::cast_precision_loss,
    reason = "memory in KiB is far below 2^52"
)]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// What the fork benchmark measured. A figure that it does not name is said to be missing.
fn fork_line(fork: &Value) -> String {
    let objects = fork.get("objects").and_then(Value::as_u64).unwrap_or(0);
    match fork.get("mean_microseconds").and_then(Value::as_f64) {
        Some(mean) => format!("fork of a loaded control plane ({objects} objects): {mean:.1} µs"),
        None => "fork of a loaded control plane: the benchmark gives no mean".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fork_line;

    #[test]
    fn the_forks_mean_is_shown() {
        let figures = json!({"objects": 2000, "mean_microseconds": 0.256});
        assert_eq!(
            fork_line(&figures),
            "fork of a loaded control plane (2000 objects): 0.3 µs"
        );
        assert!(fork_line(&json!({})).contains("no mean"));
    }
}
