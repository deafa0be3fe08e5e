//! `cargo xtask bench`: the speed and the memory of the release build, measured from outside.
//!
//! Every figure is from a run of the real binary (or of a crate's benchmark) in this call. Therefore the figures of
//! a table are comparable. No figure passes or fails, because machines differ.

mod generated;
mod measure;
mod table;

use serde_json::{Value, json};

use crate::{TaskError, cargo};
use generated::GeneratedSuite;
use measure::{Measurement, measure};

/// The arguments for the PRD's three scenarios, on all providers, on a real control plane: two trials at a time
/// for each of two processors.
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

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Runs fewer repetitions and smaller generated suites, and no real control plane.
    #[arg(long)]
    short: bool,
}

/// Measures, prints the table and writes `reports/out/bench.json`.
///
/// # Errors
/// Fails if a program cannot be built or run, or if a measured run does not pass.
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let crosscut = cargo::release_binary("crosscut")?;
    let mut rows = Vec::new();
    let repetitions = if arguments.short { 2 } else { 5 };
    let project = cargo::project_root();
    // The first run also builds the functions under test, so it is not measured.
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
    // The Chainsaw benchmark is skipped if there is no real control plane.
    if benchmarks.chainsaw.get("skipped").is_none() {
        let run = measure(&crosscut, &project, &ON_ENVTEST)?;
        rows.push(("the PRD's three, on envtest".to_owned(), run));
    }
    table::print(&rows, &benchmarks);
    write_json(&rows, &benchmarks)
}

/// The output of each benchmark of a crate.
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

/// Returns the fastest of several runs, which other load on the machine disturbed least.
fn best(runs: Vec<Measurement>) -> Measurement {
    runs.into_iter()
        .min_by_key(|run| run.wall)
        .unwrap_or_default()
}

/// Runs a benchmark of a package in this workspace. Returns the JSON object in its last line.
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
