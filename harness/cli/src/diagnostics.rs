//! Showing what is wrong with documents: every diagnostic, with the line it is about.

use crosscut_suite::{Diagnostic as Warning, Report};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use crate::CommandError;
use crate::arguments::OutputArguments;
use crate::output;
use crate::safe_diagnostic::SafeDiagnostic;

/// Lines of diagnostics are wrapped at this width, on a terminal or not, so that logs are stable.
const WIDTH: usize = 110;

/// More are no longer read, and drawing them takes long where files are large.
const MOST: usize = 500;

/// Prints mistakes or warnings to standard error.
pub(crate) fn print_all(diagnostics: &[Warning], arguments: OutputArguments) {
    let diagnostics = diagnostics.iter().map(|one| one as &dyn Diagnostic);
    print(diagnostics, arguments);
}

/// Prints the warnings about documents before a run, one a line; all of each if they keep it from starting.
///
/// # Errors
/// [`CommandError::Warnings`] if there are some and they are denied.
pub(crate) fn warn(
    warnings: &[Warning],
    are_denied: bool,
    arguments: OutputArguments,
) -> Result<(), CommandError> {
    if are_denied && !warnings.is_empty() {
        print_all(warnings, arguments);
        let count = warnings.len();
        return Err(CommandError::Warnings { count });
    }
    for warning in warnings.iter().take(MOST) {
        output::print_error(&format!("warning: {}", warning.line()));
    }
    let more = warnings.len().saturating_sub(MOST);
    if more > 0 {
        output::print_error(&format!("… and {more} more"));
    }
    Ok(())
}

fn print<'a>(
    diagnostics: impl IntoIterator<Item = &'a (dyn Diagnostic + 'a)>,
    arguments: OutputArguments,
) {
    let theme = if output::colours(arguments) {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(false);
    let mut diagnostics = diagnostics.into_iter();
    for diagnostic in diagnostics.by_ref().take(MOST) {
        let mut text = String::new();
        let diagnostic = SafeDiagnostic::of(diagnostic);
        match handler.render_report(&mut text, &diagnostic) {
            Ok(()) => output::print_rendered(&text),
            // The handler writes to a String, which cannot fail; the message alone is still better
            // than nothing.
            Err(_) => output::print_error(&diagnostic.to_string()),
        }
    }
    let more = diagnostics.count();
    if more > 0 {
        output::print_error(&format!("… and {more} more\n"));
    }
}

/// Prints a report of errors and answers the error that ends the command.
pub(crate) fn refuse(report: &Report, arguments: OutputArguments) -> CommandError {
    print_all(&report.diagnostics, arguments);
    CommandError::Documents {
        count: report.diagnostics.len(),
    }
}
