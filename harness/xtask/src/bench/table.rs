//! The measurements as a table.

use serde_json::{Value, json};

use super::Benchmarks;
use super::measure::Measurement;

/// Prints the table to standard output.
#[expect(
    clippy::print_stdout,
    reason = "printing the table is what the task is for"
)]
pub(crate) fn print(rows: &[(String, Measurement)], benchmarks: &Benchmarks) {
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
    println!("{}", fork_line(&benchmarks.fork));
    let chainsaw = chainsaw_lines(&benchmarks.chainsaw);
    for line in chainsaw.into_iter().chain(router_lines(&benchmarks.router)) {
        println!("{line}");
    }
}

fn mebibytes(kib: u64) -> f64 {
    quotient(kib, 1024)
}

/// Returns the line for the fork benchmark. A missing figure is reported.
fn fork_line(fork: &Value) -> String {
    let objects = fork.get("objects").and_then(Value::as_u64).unwrap_or(0);
    match fork.get("mean_microseconds").and_then(Value::as_f64) {
        Some(mean) => format!("fork of a loaded control plane ({objects} objects): {mean:.1} µs"),
        None => "fork of a loaded control plane: the benchmark gives no mean".to_owned(),
    }
}

/// Returns the lines that compare crosscut with Chainsaw, or the reason why the benchmark was skipped.
fn chainsaw_lines(figures: &Value) -> Vec<String> {
    if let Some(reason) = figures.get("skipped").and_then(Value::as_str) {
        return vec![format!("beside Chainsaw: skipped, {reason}")];
    }
    let start = format!(
        "beside Chainsaw, on one real control plane ({} ms to start), with requests to its API servers:",
        number(figures, "/start_ms")
    );
    let scenarios = figures["scenarios"].as_array().cloned().unwrap_or_default();
    let sum = |path| scenarios.iter().map(|row| number(row, path)).sum::<u64>();
    let all = json!({
        "scenario": "all, one after the other",
        "crosscut": {"ms": sum("/crosscut/ms"), "requests": sum("/crosscut/requests")},
        "chainsaw": {"ms": sum("/chainsaw/ms"), "requests": sum("/chainsaw/requests")},
    });
    let ends = [
        ("all, side by side", "/together/ms"),
        ("all, embedded", "/embedded_ms"),
    ];
    let ends = ends.map(|(what, path)| format!("  {what:<32} {:>8} ms", number(figures, path)));
    let rows = scenarios.iter().chain([&all]).map(row);
    std::iter::once(start)
        .chain(rows)
        .chain(ends)
        .chain([proportions(&all, figures)])
        .collect()
}

/// Returns the ratios of Chainsaw's time to crosscut's, and of crosscut's requests to Chainsaw's.
fn proportions(all: &Value, figures: &Value) -> String {
    let chainsaw = number(all, "/chainsaw/ms");
    format!(
        "  as fast as Chainsaw: {:.1} times one after the other with {:.2} of the requests, {:.1} times side by side, {:.0} times embedded",
        quotient(chainsaw, number(all, "/crosscut/ms")),
        quotient(
            number(all, "/crosscut/requests"),
            number(all, "/chainsaw/requests")
        ),
        quotient(chainsaw, number(figures, "/together/ms")),
        quotient(chainsaw, number(figures, "/embedded_ms")),
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times, sizes and counts of a benchmark are far below 2^52"
)]
fn quotient(dividend: u64, divisor: u64) -> f64 {
    dividend as f64 / divisor as f64
}

fn row(figures: &Value) -> String {
    let of = |path| number(figures, path);
    format!(
        "  {:<32} {:>8} ms {:>5} requests, Chainsaw {:>8} ms {:>5} requests",
        figures["scenario"].as_str().unwrap_or_default(),
        of("/crosscut/ms"),
        of("/crosscut/requests"),
        of("/chainsaw/ms"),
        of("/chainsaw/requests"),
    )
}

/// Returns the lines for requests on the gateway path with and without the router, or the reason why it was
/// skipped.
fn router_lines(figures: &Value) -> Vec<String> {
    if let Some(reason) = figures.get("skipped").and_then(Value::as_str) {
        return vec![format!("through the gateway: skipped, {reason}")];
    }
    let mut lines = vec![format!(
        "through the gateway, with the Body-Based Router and without it (latency one at a time, requests per second {} at a time):",
        number(figures, "/parallel")
    )];
    for body in figures["bodies"].as_array().into_iter().flatten() {
        let what = format!("  bodies of {} bytes", number(body, "/bytes"));
        lines.push(format!(
            "{what:<34} {:>10} {:>10} {:>10} {:>10}",
            "median ms", "added ms", "p99 ms", "per second"
        ));
        let mut before = None;
        for way in body["ways"].as_array().into_iter().flatten() {
            lines.push(way_line(way, before));
            before = Some(number(way, "/median_us"));
        }
    }
    lines
}

/// Returns the line for one path, with the difference of its median to that of the path before it.
fn way_line(way: &Value, before: Option<u64>) -> String {
    let median = number(way, "/median_us");
    let added = before.map(|before| milliseconds(median) - milliseconds(before));
    format!(
        "    {:<30} {:>10.2} {:>10} {:>10.2} {:>10}",
        way["way"].as_str().unwrap_or_default(),
        milliseconds(median),
        added.map_or(String::new(), |added| format!("{added:+.2}")),
        milliseconds(number(way, "/p99_us")),
        number(way, "/per_second"),
    )
}

fn milliseconds(microseconds: u64) -> f64 {
    quotient(microseconds, 1000)
}

fn number(figures: &Value, path: &str) -> u64 {
    figures.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{chainsaw_lines, fork_line, router_lines};

    #[test]
    fn chainsaw_is_beside_crosscut() {
        let figures = json!({
            "start_ms": 9000, "embedded_ms": 300, "together": {"jobs": 2, "ms": 11000},
            "scenarios": [
                {"scenario": "a", "crosscut": {"ms": 20000, "requests": 40}, "chainsaw": {"ms": 30000, "requests": 400}},
                {"scenario": "b", "crosscut": {"ms": 1, "requests": 2}, "chainsaw": {"ms": 3, "requests": 4}},
            ],
        });
        let expected = "\
beside Chainsaw, on one real control plane (9000 ms to start), with requests to its API servers:
  a                                   20000 ms    40 requests, Chainsaw    30000 ms   400 requests
  b                                       1 ms     2 requests, Chainsaw        3 ms     4 requests
  all, one after the other            20001 ms    42 requests, Chainsaw    30003 ms   404 requests
  all, side by side                   11000 ms
  all, embedded                         300 ms
  as fast as Chainsaw: 1.5 times one after the other with 0.10 of the requests, 2.7 times side by side, 100 times embedded";
        assert_eq!(chainsaw_lines(&figures).join("\n"), expected);
    }

    #[test]
    fn why_there_is_no_chainsaw_is_said() {
        let lines = chainsaw_lines(&json!({"skipped": "there is none"}));
        assert_eq!(lines, ["beside Chainsaw: skipped, there is none"]);
    }

    #[test]
    fn each_way_through_the_gateway_is_beside_the_one_before() {
        let way = |way: &str, median: u64| json!({"way": way, "median_us": median, "p99_us": 2 * median, "per_second": 500});
        let figures = json!({
            "parallel": 16,
            "bodies": [{"bytes": 200, "ways": [way("the upstream itself", 250), way("through Envoy", 1500)]}],
        });
        let expected = "\
through the gateway, with the Body-Based Router and without it (latency one at a time, requests per second 16 at a time):
  bodies of 200 bytes               median ms   added ms     p99 ms per second
    the upstream itself                  0.25                  0.50        500
    through Envoy                        1.50      +1.25       3.00        500";
        assert_eq!(router_lines(&figures).join("\n"), expected);
    }

    #[test]
    fn why_nothing_went_through_the_gateway_is_said() {
        let lines = router_lines(&json!({"skipped": "the test bed has no bbr"}));
        assert_eq!(
            lines,
            ["through the gateway: skipped, the test bed has no bbr"]
        );
    }

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
