//! `crosscut lint`: checks documents without running them.

use crosscut_events::ExitStatus;
use crosscut_suite::{Selection, load};
use miette::Diagnostic;

use crate::arguments::LintArguments;
use crate::test::current_folder;
use crate::{CommandError, diagnostics, output};

/// Loads everything and shows errors and warnings.
///
/// # Errors
/// [`CommandError::Documents`] where something is wrong. Warnings are no errors.
pub(crate) fn run(arguments: &LintArguments) -> Result<ExitStatus, CommandError> {
    let selection = Selection {
        paths: arguments.paths.clone(),
        ..Selection::default()
    };
    let plan = load(&current_folder()?, &selection)
        .map_err(|report| diagnostics::refuse(&report, arguments.output))?;
    diagnostics::print(
        plan.warnings
            .iter()
            .map(|warning| warning as &dyn Diagnostic),
        arguments.output,
    );
    let summary = format!(
        "{}, {}: no errors, {}\n",
        counted(plan.suite.scenarios.len(), "scenario"),
        counted(plan.suite.providers.len(), "provider"),
        counted(plan.warnings.len(), "warning"),
    );
    output::print(&summary, arguments.output)?;
    Ok(ExitStatus::Passed)
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
