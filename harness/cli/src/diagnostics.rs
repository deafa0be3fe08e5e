//! Showing what is wrong with documents: every diagnostic, with the line it is about.

use crosscut_suite::Report;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use crate::CommandError;
use crate::arguments::OutputArguments;
use crate::output;

/// Lines of diagnostics are wrapped at this width, on a terminal or not, so that logs are stable.
const WIDTH: usize = 110;

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
    for diagnostic in diagnostics {
        let mut text = String::new();
        match handler.render_report(&mut text, diagnostic) {
            Ok(()) => anstream::eprintln!("{text}"),
            // The handler writes to a String, which cannot fail; the message alone is still better
            // than nothing.
            Err(_) => anstream::eprintln!("{diagnostic}"),
        }
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
