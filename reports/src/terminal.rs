//! The report of a run as lines for a terminal or a log.

use std::fmt::Write;

use crosscut_events::{Event, Failure, Seeds, Summary, TrialId, TrialReport, Verdict};

use crate::palette::{Palette, paint};
use crate::tidy::tidy;
use crate::{Collected, failure_text};

/// The amount of text about trials that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only trials that did not pass, and the summary.
    Quiet,
    /// One line for each trial that was not skipped.
    Normal,
    /// Every step, every warning and every trial too.
    Verbose,
}

/// A report that turns each event into text.
#[derive(Clone, Debug)]
pub struct Terminal {
    palette: Palette,
    verbosity: Verbosity,
    run: Collected,
}

impl Terminal {
    /// Returns a report without any events.
    pub fn new(palette: Palette, verbosity: Verbosity) -> Terminal {
        Terminal {
            palette,
            verbosity,
            run: Collected::default(),
        }
    }

    /// Returns the text for `event`: nothing, or whole lines with a newline each.
    pub fn render(&mut self, event: &Event) -> String {
        let event = tidy(event);
        let text = match self.verbosity {
            Verbosity::Quiet if is_left_out(&event) => String::new(),
            _ => self.rendered(&event),
        };
        self.run.take(&event);
        text
    }

    fn rendered(&self, event: &Event) -> String {
        match event {
            Event::RunStarted {
                cluster,
                seeds,
                trials,
            } => self.started(cluster, *seeds, *trials),
            Event::Preparing { what } => {
                format!("{:>12} {what}\n", paint(self.palette.strong, "preparing"))
            }
            Event::StepStarted { trial, step } if self.verbosity == Verbosity::Verbose => {
                format!("{:>12} {trial}: {step}\n", "step")
            }
            Event::FunctionOutput { function, line } if self.verbosity == Verbosity::Verbose => {
                format!("{:>12} {function}: {}\n", "function", line)
            }
            Event::TrialSlow {
                trial,
                step,
                action,
                elapsed_ms,
                waits_for,
            } => self.slow(trial, &place(step, action), *elapsed_ms, waits_for),
            // The summary has the number of skipped trials.
            Event::TrialFinished(report)
                if report.verdict == Verdict::Skipped && self.verbosity != Verbosity::Verbose =>
            {
                String::new()
            }
            Event::TrialFinished(report) => self.trial(report),
            Event::RunFinished {
                summary,
                duration_ms,
            } => self.finished(summary, *duration_ms),
            // If the run could not begin, the error of the command has the reason.
            Event::RunEndedEarly { reason, .. } if self.run.planned() > 0 => {
                let label = format!("{:>12}", "ended early");
                format!("{} {}\n", paint(self.palette.bad, &label), reason)
            }
            _ => String::new(),
        }
    }

    fn started(&self, cluster: &str, seeds: Seeds, trials: usize) -> String {
        let word = match seeds.last_of_several() {
            Some(_) => "seeds",
            None => "seed",
        };
        format!(
            "{:>12} {} on {cluster}, {word} {seeds}\n",
            "running",
            counted(trials)
        )
    }

    fn slow(&self, trial: &TrialId, place: &str, elapsed_ms: u64, waits_for: &[String]) -> String {
        let label = format!("{:>12}", "slow");
        let mut text = format!(
            "{} {:>8} {trial} {place}\n",
            paint(self.palette.unsure, &label),
            seconds(elapsed_ms),
        );
        for what in waits_for {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "    {what}");
        }
        text
    }

    fn trial(&self, report: &TrialReport) -> String {
        let verdict = format!("{:>12}", report.verdict.as_str());
        let mut text = format!(
            "{} {:>8} {}",
            paint(self.palette.verdict(report.verdict), &verdict),
            seconds(report.duration_ms),
            report.trial,
        );
        if let Some(reason) = &report.reason {
            // Writing to a String cannot fail.
            let _ = write!(text, " ({reason})");
        }
        if let Some(seed) = report.seed {
            let _ = write!(text, " (with seed {seed})");
        }
        text.push('\n');
        for failure in &report.failures {
            text.push_str(&self.failure(failure));
        }
        if self.verbosity == Verbosity::Verbose {
            for warning in &report.warnings {
                let _ = writeln!(
                    text,
                    "{:>12} {}: {}",
                    "warning", warning.about, warning.message
                );
            }
        }
        text
    }

    /// Returns the text of a failure. An equal failure is printed only once, except in verbose mode.
    fn failure(&self, failure: &Failure) -> String {
        let told = match self.verbosity {
            Verbosity::Verbose => None,
            Verbosity::Normal | Verbosity::Quiet => self.run.first_with(failure),
        };
        match told {
            Some(first) => format!("    the same as for {}\n", first.trial),
            None => failure_text(failure, &self.palette),
        }
    }

    fn finished(&self, summary: &Summary, duration_ms: u64) -> String {
        let mut counts: Vec<String> = Verdict::ALL
            .iter()
            .filter(|verdict| **verdict == Verdict::Passed || summary.of(**verdict) > 0)
            .map(|verdict| {
                paint(
                    self.palette.verdict(*verdict),
                    &format!("{} {verdict}", summary.of(*verdict)),
                )
            })
            .collect();
        let judged = summary.total();
        let left_out = self.run.planned().saturating_sub(judged);
        let mut trials = counted(judged);
        if left_out > 0 {
            trials = format!("{judged} of {}", counted(self.run.planned()));
            let left_out = format!("{left_out} not judged");
            counts.push(paint(self.palette.bad, &left_out));
        }
        let mut text = self.not_passed();
        let _ = writeln!(
            text,
            "{:>12} {trials} in {} (preparation {}): {}",
            "summary",
            seconds(duration_ms),
            seconds(self.run.preparation_ms()),
            counts.join(", ")
        );
        text
    }

    /// Returns the trials that did not pass, to repeat them at the end of a long log.
    fn not_passed(&self) -> String {
        let mut text = String::new();
        for report in self.run.trials() {
            if report.verdict > Verdict::Skipped {
                let verdict = format!("{:>12}", report.verdict.as_str());
                let _ = writeln!(
                    text,
                    "{} {}",
                    paint(self.palette.verdict(report.verdict), &verdict),
                    report.trial
                );
            }
        }
        text
    }
}

/// Returns true if an event is left out in quiet mode.
fn is_left_out(event: &Event) -> bool {
    match event {
        Event::RunStarted { .. } | Event::Preparing { .. } => true,
        Event::TrialFinished(report) => {
            !report.verdict.is_failure() && report.verdict != Verdict::Unsupported
        }
        _ => false,
    }
}

/// Returns the current step and action.
fn place(step: &str, action: &str) -> String {
    match (step.is_empty(), action.is_empty()) {
        (true, _) => "comes to rest".to_owned(),
        (false, true) => format!("in step \"{step}\""),
        (false, false) => format!("in step \"{step}\", {action}"),
    }
}

fn counted(trials: usize) -> String {
    format!("{trials} {}", if trials == 1 { "trial" } else { "trials" })
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}s", milliseconds / 1000, milliseconds % 1000)
}
