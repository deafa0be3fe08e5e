//! The run as lines for a terminal or a log.

use std::fmt::Write;

use crosscut_events::{Event, Failure, Seeds, Summary, TrialReport, Verdict};

use crate::palette::{Palette, clean, paint};
use crate::{Collected, failure_text};

/// How much is said about trials that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// One line a trial.
    Normal,
    /// Also every step and every warning.
    Verbose,
}

/// Turns each event into the text that it adds.
#[derive(Clone, Debug)]
pub struct Terminal {
    palette: Palette,
    verbosity: Verbosity,
    run: Collected,
}

impl Terminal {
    /// A report that has seen nothing yet.
    pub fn new(palette: Palette, verbosity: Verbosity) -> Terminal {
        Terminal {
            palette,
            verbosity,
            run: Collected::default(),
        }
    }

    /// The text that `event` adds: no line, or whole lines each ended by a newline.
    pub fn render(&mut self, event: &Event) -> String {
        self.run.take(event);
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
                format!("{:>12} {function}: {}\n", "function", clean(line))
            }
            Event::TrialFinished(report) => self.trial(report),
            Event::RunFinished {
                summary,
                duration_ms,
            } => self.finished(summary, *duration_ms),
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
            let _ = write!(text, " ({})", clean(reason));
        }
        if let Some(seed) = report.seed {
            let _ = write!(text, " (with seed {seed})");
        }
        text.push('\n');
        for failure in &report.failures {
            text.push_str(&self.failure(report, failure));
        }
        if self.verbosity == Verbosity::Verbose {
            for warning in &report.warnings {
                let _ = writeln!(
                    text,
                    "{:>12} {}: {}",
                    "warning",
                    warning.about,
                    clean(&warning.message)
                );
            }
        }
        text
    }

    /// What keeps all trials from beginning is told once.
    fn failure(&self, report: &TrialReport, failure: &Failure) -> String {
        match self.run.first_with(failure) {
            Some(first) if first.trial != report.trial => {
                format!("    the same as for {}\n", first.trial)
            }
            _ => failure_text(failure, &self.palette),
        }
    }

    fn finished(&self, summary: &Summary, duration_ms: u64) -> String {
        let counts: Vec<String> = Verdict::ALL
            .iter()
            .filter(|verdict| **verdict == Verdict::Passed || summary.of(**verdict) > 0)
            .map(|verdict| {
                paint(
                    self.palette.verdict(*verdict),
                    &format!("{} {verdict}", summary.of(*verdict)),
                )
            })
            .collect();
        let mut text = self.not_passed();
        let _ = writeln!(
            text,
            "{:>12} {} in {}: {}",
            "summary",
            counted(summary.total()),
            seconds(duration_ms),
            counts.join(", ")
        );
        text
    }

    /// The trials that did not pass once more, so that the end of a long log names them.
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

fn counted(trials: usize) -> String {
    format!("{trials} {}", if trials == 1 { "trial" } else { "trials" })
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}s", milliseconds / 1000, milliseconds % 1000)
}
