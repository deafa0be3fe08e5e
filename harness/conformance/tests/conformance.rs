//! Every scenario × provider of this project as a trial of `cargo test`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test program that cannot go on ends, and says what it waits for"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use camino::Utf8PathBuf;
use crosscut_cluster::Cluster;
use crosscut_embedded::Embedded;
use crosscut_events::{TrialReport, Verdict};
use crosscut_reports::{Palette, failure_text};
use crosscut_runner::{RunOptions, judge};
use crosscut_suite::Selection;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Utf8PathBuf::from_path_buf(crosscut_testkit::project_root())
        .unwrap_or_else(|path| panic!("{} is not UTF-8", path.display()));
    let runtime = Arc::new(Runtime::new().expect("the runtime starts"));
    let plan = crosscut_suite::load(&root, &Selection::default()).unwrap_or_else(|report| {
        panic!("the project's documents are wrong:\n{report}");
    });
    let progress = Arc::new(|what: &str| println!("{what}"));
    let cluster: Arc<dyn Cluster> = Arc::new(Embedded::new(Arc::clone(&plan.suite), progress));
    let trials = plan
        .trials
        .into_iter()
        .map(|trial| libtest_trial(trial, Arc::clone(&cluster), Arc::clone(&runtime)))
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    runtime.block_on(cluster.close());
    conclusion.exit_code()
}

fn libtest_trial(
    trial: crosscut_suite::Trial,
    cluster: Arc<dyn Cluster>,
    runtime: Arc<Runtime>,
) -> Trial {
    let name = format!("{}::{}", trial.scenario.name, trial.provider.name);
    Trial::ignorable_test(name, move || {
        let (events, _) = mpsc::unbounded_channel();
        verdict(&runtime.block_on(judge(trial, cluster, options(), events)))
    })
}

fn options() -> RunOptions {
    let started = Instant::now();
    let (_, stop) = watch::channel(false);
    RunOptions::new(Arc::new(move || started.elapsed()), stop)
}

/// A pass, a run-time skip with its reason, or a failure with its whole explanation.
fn verdict(report: &TrialReport) -> Result<Completion, Failed> {
    match report.verdict {
        Verdict::Passed => Ok(Completion::Completed),
        Verdict::Skipped => Ok(Completion::ignored_with(
            report.reason.clone().unwrap_or_default(),
        )),
        verdict => {
            let details: String = report
                .failures
                .iter()
                .map(|failure| failure_text(failure, &Palette::plain()))
                .collect();
            let reason = report.reason.clone().unwrap_or_default();
            Err(Failed::from(format!("{verdict} {reason}\n{details}")))
        }
    }
}
