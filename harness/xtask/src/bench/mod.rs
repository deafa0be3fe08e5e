//! `cargo xtask bench`: how fast and how big the release build is, measured from outside.
//!
//! Every figure comes from running the real binary (or a benchmark of a crate) in this call, so that
//! figures of one table belong together. Nothing here passes or fails: machines differ.

mod generated;
mod measure;
mod table;

use serde_json::{Value, json};

use crate::{TaskError, cargo};
use generated::GeneratedSuite;
use measure::{Measurement, measure};

/// The three scenarios that the PRD itself tells, on all providers, on a real control plane: two trials at a time for each
/// of two processors.
const ON_ENVTEST: [&str; 10] = [
    "--cluster",
    "envtest",
    "--jobs",
    "4",
    "--scenario",
    "enabled-with-envoy-gateway",
    "--scenario",
    "enabled-without-envoy-gateway",
    "--scenario",
    "disabled",
];

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fewer repetitions, smaller generated suites, and nothing on a real control plane.
    #[arg(long)]
    short: bool,
}

/// Measures, prints the table and writes `reports/out/bench.json`.
///
/// # Errors
/// Where something cannot be built or run, or a measured run does not pass.
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let crosscut = cargo::release_binary("crosscut")?;
    let mut rows = Vec::new();
    let repetitions = if arguments.short { 2 } else { 5 };
    let project = cargo::project_root();
    // The first run builds the functions under test; it is not measured.
    measure(&crosscut, &project, &[])?;
    let runs = (0..repetitions)
        .map(|_| measure(&crosscut, &project, &[]))
        .collect::<Result<Vec<_>, _>>()?;
    rows.push(("every scenario of this project".to_owned(), best(runs)));
    for trials in generated_sizes(arguments.short) {
        let suite = GeneratedSuite::new(*trials)?;
        rows.push((
            format!("generated suite, {trials} trials"),
            measure(&crosscut, suite.path(), &[])?,
        ));
    }
    let fork = benchmark("crosscut-embedded", "fork")?;
    let on_real_programs = |name| match arguments.short {
        true => Ok(json!({"skipped": "left out of the short form"})),
        false => benchmark("crosscut-runner", name),
    };
    let benchmarks = Benchmarks {
        fork,
        chainsaw: on_real_programs("chainsaw")?,
        router: on_real_programs("router")?,
    };
    // Whether there is a real control plane is what the comparison on it has found out.
    if benchmarks.chainsaw.get("skipped").is_none() {
        let run = measure(&crosscut, &project, &ON_ENVTEST)?;
        rows.push(("the PRD's three, on envtest".to_owned(), run));
    }
    table::print(&rows, &benchmarks);
    write_json(&rows, &benchmarks)
}

/// What benchmarks of crates measured, as each prints it.
struct Benchmarks {
    fork: Value,
    chainsaw: Value,
    router: Value,
}

fn generated_sizes(short: bool) -> &'static [usize] {
    if short {
        &[10, 100, 1_000]
    } else {
        &[10, 100, 1_000, 10_000]
    }
}

/// The fastest of several runs: on a noisy machine the one that was disturbed least.
fn best(runs: Vec<Measurement>) -> Measurement {
    runs.into_iter()
        .min_by_key(|run| run.wall)
        .unwrap_or_default()
}

/// A benchmark of a package of this workspace: one JSON object on its last line.
fn benchmark(package: &str, name: &str) -> Result<Value, TaskError> {
    let what = format!("cargo bench --package {package} --bench {name}");
    let output = cargo::cargo()
        .args(["bench", "--quiet", "--package", package, "--bench", name])
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(TaskError::io(format!("run {what}")))?;
    if !output.status.success() {
        return Err(TaskError::Command {
            command: what,
            status: output.status.to_string(),
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|source| TaskError::Output {
        what: format!("read the last line of {what}"),
        source,
    })
}

fn write_json(rows: &[(String, Measurement)], benchmarks: &Benchmarks) -> Result<(), TaskError> {
    let folder = cargo::project_root().join("reports/out");
    std::fs::create_dir_all(&folder).map_err(TaskError::io("create reports/out"))?;
    let runs: Vec<Value> = rows.iter().map(|(name, run)| run.to_json(name)).collect();
    let Benchmarks {
        fork,
        chainsaw,
        router,
    } = benchmarks;
    let text = format!(
        "{:#}\n",
        json!({"schema": 1, "runs": runs, "fork": fork, "chainsaw": chainsaw, "router": router})
    );
    std::fs::write(folder.join("bench.json"), text).map_err(TaskError::io("write bench.json"))
}
