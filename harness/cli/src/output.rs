//! Printing: colours where they are wanted, a progress line where there is a terminal.

pub(crate) use crosscut_errors::chain as in_one_line;
use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use crosscut_events::Event;
use crosscut_reports::{Collected, Palette, Terminal, Verbosity, safe};
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::{OutputArguments, ReportFile, TrialArguments};
use crate::places::Places;
use crate::{CommandError, report_files};

/// The number of times that the progress line moves, so that a long build does not look like a hang.
const TICK: Duration = Duration::from_millis(120);

/// Prints an error and its causes, a line each. A cause whose text was printed is left out.
pub(crate) fn error(error: &(dyn Error + 'static)) {
    let mut printed = error.to_string();
    print_error(&format!("error: {printed}"));
    for cause in crosscut_errors::causes(error).skip(1) {
        let cause = cause.to_string();
        if !printed.contains(&cause) {
            print_error(&format!("  caused by: {cause}"));
            printed.push_str(&cause);
        }
    }
}

/// Writes a line to standard error, made safe to show. If that is closed it cannot be told.
pub(crate) fn print_error(text: &str) {
    print_rendered(&safe(text));
}

/// Writes a line to standard error whose parts are safe already, and may be coloured.
pub(crate) fn print_rendered(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// The colours that standard output gets.
fn colour_choice(arguments: OutputArguments) -> ColorChoice {
    if arguments.no_color {
        ColorChoice::Never
    } else {
        AutoStream::choice(&io::stdout())
    }
}

/// Returns true if diagnostics may use colours.
pub(crate) fn colours(arguments: OutputArguments) -> bool {
    colour_choice(arguments) != ColorChoice::Never && io::stderr().is_terminal()
}

/// Writes text to standard output.
///
/// # Errors
/// [`CommandError::Print`] where it cannot be written.
pub(crate) fn print(text: &str, arguments: OutputArguments) -> Result<(), CommandError> {
    let mut stream = AutoStream::new(io::stdout().lock(), colour_choice(arguments));
    stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush())
        .map_err(CommandError::Print)
}

/// What a run shows while it goes on, and gathers for its reports.
pub(crate) struct RunOutput {
    arguments: OutputArguments,
    reports: Vec<ReportFile>,
    /// True if the reports are written and have all that was judged.
    reported: bool,
    places: Places,
    terminal: Terminal,
    collected: Collected,
    bar: ProgressBar,
    /// Nobody reads standard output any longer.
    unread: bool,
}

impl RunOutput {
    /// `places` says where the files of the suite are.
    pub(crate) fn new(
        trials: &TrialArguments,
        reports: Vec<ReportFile>,
        places: Places,
    ) -> RunOutput {
        let arguments = trials.output;
        let palette = match colour_choice(arguments) {
            ColorChoice::Never => Palette::plain(),
            _ => Palette::coloured(),
        };
        let verbosity = match (trials.verbose, trials.quiet) {
            (true, _) => Verbosity::Verbose,
            (false, true) => Verbosity::Quiet,
            (false, false) => Verbosity::Normal,
        };
        RunOutput {
            arguments,
            reports,
            reported: false,
            places,
            terminal: Terminal::new(palette, verbosity),
            collected: Collected::default(),
            bar: progress_bar(),
            unread: false,
        }
    }

    /// Takes in one event and prints what it adds.
    ///
    /// A reader that goes away (`crosscut test | head`) does not end the run: reports and exit code are
    /// about all trials.
    ///
    /// # Errors
    /// [`CommandError::Print`] where it cannot be printed for another reason.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), CommandError> {
        let event = &*self.places.seen_from_here(event);
        self.collected.take(event);
        self.progress(event);
        let text = self.terminal.render(event);
        if text.is_empty() || self.unread {
            return Ok(());
        }
        match self.bar.suspend(|| print(&text, self.arguments)) {
            Err(error) if error.is_broken_pipe() => {
                self.unread = true;
                Ok(())
            }
            printed => printed,
        }
    }

    /// Writes the reports of what was gathered, once.
    ///
    /// # Errors
    /// [`CommandError::Report`] and [`CommandError::WriteReport`].
    pub(crate) fn write_reports(&mut self) -> Result<(), CommandError> {
        if !self.reported {
            report_files::write(&self.reports, &self.collected)?;
            self.reported = true;
        }
        Ok(())
    }

    /// Returns what was gathered.
    pub(crate) fn collected(&self) -> &Collected {
        &self.collected
    }

    fn progress(&self, event: &Event) {
        match event {
            Event::RunStarted { trials, .. } => self.bar.set_length(*trials as u64),
            Event::Preparing { what } => self.bar.set_message(safe(what).replace('\n', " ")),
            Event::TrialStarted { trial } => {
                self.bar.set_message(safe(&trial.to_string()).into_owned());
            }
            Event::TrialFinished(_) => self.bar.inc(1),
            Event::RunFinished { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
    }
}

/// A line on standard error where that is a terminal; nothing otherwise.
fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}
