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
        "{} scenarios, {} providers: no errors, {} {}\n",
        plan.suite.scenarios.len(),
        plan.suite.providers.len(),
        plan.warnings.len(),
        if plan.warnings.len() == 1 {
            "warning"
        } else {
            "warnings"
        },
    );
    output::print(&summary, arguments.output)?;
    Ok(ExitStatus::Passed)
}
