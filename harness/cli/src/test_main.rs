//! The trials of a project as tests of `cargo test`.

use std::process::ExitCode;
use std::sync::Arc;

use camino::Utf8Path;
use crosscut_cluster::Cluster;
use crosscut_events::{TrialReport, Verdict};
use crosscut_reports::{Palette, failure_text};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;

use crate::judging;

/// Runs each trial of a project as a test, with the arguments that `cargo test` and cargo-nextest give.
///
/// `folder` holds the project's `crosscut.yaml`; a relative path is relative to the package that is tested. A skipped trial is
/// ignored with its reason, and a trial that does not pass fails with its whole explanation. Documents with mistakes end the
/// program with code 2.
///
/// A package has two lines in `Cargo.toml`, and one line in the file of the test:
///
/// ```toml
/// [[test]]
/// name = "scenarios"
/// harness = false
/// ```
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     crosscut::test_main(".")
/// }
/// ```
pub fn test_main(folder: impl AsRef<Utf8Path>) -> ExitCode {
    let arguments = Arguments::from_args();
    let (runtime, plan) = match started(folder.as_ref()) {
        Ok(started) => started,
        Err(error) => return mistaken(&*error),
    };
    let cluster = {
        let _inside = runtime.enter();
        judging::cluster(&plan)
    };
    let trials = plan.trials.into_iter();
    let trials = trials.map(|trial| test(trial, Arc::clone(&cluster), Arc::clone(&runtime)));
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    runtime.block_on(cluster.close());
    conclusion.exit_code()
}

type Started = (Arc<Runtime>, crosscut_suite::Plan);

fn started(folder: &Utf8Path) -> Result<Started, Box<dyn std::error::Error>> {
    let plan = judging::planned(folder)?;
    Ok((Arc::new(Runtime::new()?), plan))
}

#[expect(
    clippy::print_stderr,
    reason = "the main function of a test says why no test ran"
)]
fn mistaken(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(2)
}

fn test(trial: crosscut_suite::Trial, cluster: Arc<dyn Cluster>, runtime: Arc<Runtime>) -> Trial {
    let name = format!("{}::{}", trial.scenario.name, trial.provider.name);
    Trial::ignorable_test(name, move || {
        completion(&runtime.block_on(judging::one(trial, cluster)))
    })
}

/// Returns a pass, a skip with its reason, or a failure with its whole explanation.
fn completion(report: &TrialReport) -> Result<Completion, Failed> {
    let reason = report.reason.clone().unwrap_or_default();
    match report.verdict {
        Verdict::Passed => Ok(Completion::Completed),
        Verdict::Skipped => Ok(Completion::ignored_with(reason)),
        verdict => {
            let failures = report.failures.iter();
            let details: String = failures
                .map(|failure| failure_text(failure, &Palette::plain()))
                .collect();
            Err(Failed::from(format!("{verdict} {reason}\n{details}")))
        }
    }
}
