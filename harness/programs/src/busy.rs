//! The load of the machine: work that takes a second on an idle machine takes several on a busy one.

use std::time::Duration;

/// The most that a patience is stretched.
const MOST: f64 = 4.0;

/// Returns how long to wait for what takes `patience` on a machine with a processor for everything that wants to run. On a
/// busier one it is up to four times as long. Only how late a failure is told depends on it.
#[must_use]
pub fn stretched(patience: Duration) -> Duration {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    patience.mul_f64(factor(&load, processors))
}

/// Returns the factor for times: the tasks that wanted to run in the last minute, for each processor. One if unknown.
fn factor(load: &str, processors: usize) -> f64 {
    let first = load.split_ascii_whitespace().next();
    let load: Option<f64> = first.and_then(|load| load.parse().ok());
    let processors = u32::try_from(processors).unwrap_or(u32::MAX);
    let load = load.filter(|load| load.is_finite());
    load.map_or(1.0, |load| (load / f64::from(processors)).clamp(1.0, MOST))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::factor;

    #[rstest]
    #[case::idle("0.05 0.10 0.20 1/300 4711\n", 2, 1.0)]
    #[case::a_task_for_each("2.00 2.00 2.00 3/300 4711\n", 2, 1.0)]
    #[case::busy("5.00 2.00 2.00 3/300 4711\n", 2, 2.5)]
    #[case::very_busy("90.0 2.00 2.00 3/300 4711\n", 2, 4.0)]
    #[case::unknown("", 2, 1.0)]
    #[case::nonsense("NaN", 2, 1.0)]
    fn patience_grows_with_what_wants_to_run(
        #[case] load: &str,
        #[case] processors: usize,
        #[case] expected: f64,
    ) {
        assert!((factor(load, processors) - expected).abs() < 0.001);
    }
}
