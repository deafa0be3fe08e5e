//! Showing what is wrong with documents: every diagnostic, with the line it is about.

use crosscut_suite::Report;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use crate::CommandError;
use crate::arguments::OutputArguments;
use crate::output;

/// Lines of diagnostics are wrapped at this width, on a terminal or not, so that logs are stable.
const WIDTH: usize = 110;

/// More are no longer read, and drawing them takes long where files are large.
const MOST: usize = 500;

/// Prints diagnostics to standard error.
pub(crate) fn print<'a>(
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
        match handler.render_report(&mut text, diagnostic) {
            Ok(()) => output::print_error(&text),
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
    print(
        report
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic as &dyn Diagnostic),
        arguments,
    );
    CommandError::Documents {
        count: report.diagnostics.len(),
    }
}
