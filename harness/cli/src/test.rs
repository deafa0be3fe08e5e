//! `crosscut test`: loads, plans, runs, shows, reports.

use camino::Utf8PathBuf;
use crosscut_events::{ExitStatus, Seeds, Summary};
use crosscut_reports::safe;
use crosscut_suite::Plan;

use crate::arguments::{ClusterKind, TestArguments};
use crate::output::RunOutput;
use crate::places::Places;
use crate::{CommandError, diagnostics, judge, output, report_files};

/// Judges what the arguments select.
///
/// # Errors
/// [`CommandError`] where nothing could be judged, or output could not be written.
pub(crate) fn run(arguments: &TestArguments) -> Result<ExitStatus, CommandError> {
    let setting = setting(arguments)?;
    let (plan, inputs) = judge::plan(&arguments.trials)?;
    if arguments.list {
        return list(&plan, arguments);
    }
    diagnostics::warn(
        &plan.warnings,
        arguments.deny_warnings,
        arguments.trials.output,
    )?;
    report_files::prepare(&arguments.reports, &inputs)?;
    let mut output = RunOutput::new(
        &arguments.trials,
        arguments.reports.clone(),
        Places::new(&plan.suite.folder, &current_folder()?),
    );
    let result = judge::judge(&plan, setting, &arguments.trials, &mut output, &mut |_| {});
    // Trials that were judged before the run was ended are still worth a report.
    output.write_reports()?;
    result?;
    Ok(exit_status(output.collected().summary(), arguments))
}

/// Returns the exit status of a run that came to its end; an empty run passes only if that was asked for.
fn exit_status(summary: Summary, arguments: &TestArguments) -> ExitStatus {
    if summary.is_empty() {
        if arguments.allow_empty {
            return ExitStatus::Passed;
        }
        output::print_error("nothing was judged: every trial was skipped");
        output::print_error(
            "  help: judge on another provider or control plane, or give --allow-empty",
        );
    }
    summary.exit_status()
}

fn setting(arguments: &TestArguments) -> Result<judge::Setting, CommandError> {
    if arguments.seeds.is_some() && arguments.cluster != ClusterKind::Embedded {
        return Err(CommandError::SeedsElsewhere);
    }
    Ok(judge::Setting {
        kind: arguments.cluster,
        seeds: arguments
            .seeds
            .unwrap_or_else(|| Seeds::one(arguments.trials.seed)),
        final_objects: false,
        fail_fast: arguments.fail_fast,
    })
}

fn list(plan: &Plan, arguments: &TestArguments) -> Result<ExitStatus, CommandError> {
    let mut text = String::new();
    for trial in &plan.trials {
        text.push_str(&format!("{}::{}", trial.scenario.name, trial.provider.name));
        if let Some(reason) = &trial.skip {
            text.push_str(&format!(" (skipped: {reason})"));
        }
        text.push('\n');
    }
    output::print(&safe(&text), arguments.trials.output)?;
    Ok(ExitStatus::Passed)
}

/// The current folder.
///
/// # Errors
/// [`CommandError::CurrentFolder`] where it is gone or its path is not UTF-8.
pub(crate) fn current_folder() -> Result<Utf8PathBuf, CommandError> {
    let folder = std::env::current_dir().map_err(CommandError::CurrentFolder)?;
    Utf8PathBuf::from_path_buf(folder).map_err(|path| {
        let what = format!("the path {} is not UTF-8", path.display());
        CommandError::CurrentFolder(std::io::Error::other(what))
    })
}
