//! The judge: runs the scenarios in a copy of the project with the binary of the checkout.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::catalogue::Mutant;
use super::copy::Copy;
use super::outcome::{Outcome, Report};
use crate::{TaskError, cargo};

/// The number of last lines of the binary's output in the error if there is no report.
const LAST_LINES: usize = 12;

/// The trials to judge.
#[derive(Clone, Debug)]
pub(crate) enum Trials<'a> {
    /// All trials.
    All,
    /// The trials of some scenarios on some providers.
    Of {
        /// The scenarios.
        scenarios: BTreeSet<&'a str>,
        /// The providers.
        providers: BTreeSet<&'a str>,
    },
}

impl<'a> Trials<'a> {
    /// Returns the trials that should notice the mutants. With several providers, each scenario runs on all of
    /// them.
    pub(crate) fn of(mutants: &[&'a Mutant]) -> Trials<'a> {
        let trials = || mutants.iter().map(|mutant| mutant.scenario_and_provider());
        Trials::Of {
            scenarios: trials().map(|(scenario, _)| scenario).collect(),
            providers: trials().map(|(_, provider)| provider).collect(),
        }
    }
}

/// The binary and the settings of its runs.
pub(crate) struct Judge {
    crosscut: PathBuf,
    build_folder: PathBuf,
    cluster: String,
}

impl Judge {
    /// Builds the binary from the checkout. A release build, because it runs once for every mutant.
    ///
    /// # Errors
    /// Fails if the build fails.
    pub(crate) fn build(cluster: &str) -> Result<Judge, TaskError> {
        Ok(Judge {
            crosscut: cargo::release_binary("crosscut")?,
            build_folder: cargo::build_folder()?,
            cluster: cluster.to_owned(),
        })
    }

    /// Runs `crosscut test` in the copy with `jobs` trials at a time. The run builds the function under test
    /// first.
    ///
    /// # Errors
    /// Fails if the binary cannot be run, or its report cannot be read.
    pub(crate) fn judge(
        &self,
        copy: &Copy,
        which: &Trials<'_>,
        jobs: usize,
    ) -> Result<Outcome, TaskError> {
        let report = copy.path().join("reports/out/mutant.json");
        // The report must be of this run.
        if report.exists() {
            std::fs::remove_file(&report).map_err(TaskError::io("remove the last report"))?;
        }
        let output = self
            .command(copy.path(), &report, which, jobs)
            .output()
            .map_err(TaskError::io(format!(
                "run {} test",
                self.crosscut.display()
            )))?;
        let report = match report.exists() {
            true => Some(Report::read(&report)?),
            false => None,
        };
        match report.filter(Report::judged_any) {
            Some(report) => Ok(report.outcome()),
            None => Ok(Outcome::Broken(last_words(&output))),
        }
    }

    fn command(&self, project: &Path, report: &Path, which: &Trials<'_>, jobs: usize) -> Command {
        let mut command = Command::new(&self.crosscut);
        command
            .args(["test", "--no-color", "--jobs", &jobs.to_string()])
            .args(["--cluster", &self.cluster])
            .arg("--report")
            .arg(format!("json={}", report.display()))
            .current_dir(project)
            // The function is built in the copy. Its dependencies are those of the checkout and are built only
            // once. Its own version separates it from the checkout's function (see `Copy`).
            .env("CARGO_TARGET_DIR", project.join("target"))
            .env("CARGO_BUILD_BUILD_DIR", &self.build_folder);
        if let Trials::Of {
            scenarios,
            providers,
        } = which
        {
            let scenarios = scenarios.iter().flat_map(|name| ["--scenario", *name]);
            let providers = providers.iter().flat_map(|name| ["--provider", *name]);
            command.args(scenarios).args(providers);
        }
        command
    }
}

/// Returns the exit status of the binary and its last output.
fn last_words(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.trim_end().lines().collect();
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    format!(
        "crosscut test ended with {}\n{}",
        output.status,
        last.join("\n")
    )
}
