//! `crosscut lint`: checks documents without running them.

use crosscut_events::ExitStatus;
use crosscut_suite::{Selection, load};

use crate::arguments::LintArguments;
use crate::test::current_folder;
use crate::{CommandError, diagnostics, output};

/// Loads everything and shows errors and warnings.
///
/// # Errors
/// [`CommandError::Documents`] if something is wrong, and [`CommandError::Warnings`] if warnings are denied.
pub(crate) fn run(arguments: &LintArguments) -> Result<ExitStatus, CommandError> {
    let selection = Selection {
        paths: arguments.paths.clone(),
        ..Selection::default()
    };
    let plan = load(&current_folder()?, &selection)
        .map_err(|report| diagnostics::refuse(&report, arguments.output))?;
    diagnostics::print_all(&plan.warnings, arguments.output);
    let mistakes = plan.warnings.iter().filter(|one| one.is_mistake()).count();
    let errors = match mistakes {
        0 => "no errors".to_owned(),
        count => counted(count, "error"),
    };
    let summary = format!(
        "{}, {}: {errors}, {}\n",
        counted(plan.suite.scenarios.len(), "scenario"),
        counted(plan.suite.providers.len(), "provider"),
        counted(plan.warnings.len() - mistakes, "warning"),
    );
    output::print(&summary, arguments.output)?;
    if mistakes > 0 {
        return Err(CommandError::Documents { count: mistakes });
    }
    if arguments.deny_warnings && !plan.warnings.is_empty() {
        let count = plan.warnings.len();
        return Err(CommandError::Warnings { count });
    }
    Ok(ExitStatus::Passed)
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
