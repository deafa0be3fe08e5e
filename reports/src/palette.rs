//! The colours of a report by what they mean; plain by default.

use anstyle::{AnsiColor, Style};
use crosscut_events::Verdict;

/// Styles by meaning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    /// Something held.
    pub good: Style,
    /// Something did not hold.
    pub bad: Style,
    /// Something was not judged.
    pub unsure: Style,
    /// What was expected, in diffs.
    pub expected: Style,
    /// What was there, in diffs.
    pub actual: Style,
    /// Names and headings.
    pub strong: Style,
    /// What matters less.
    pub faint: Style,
}

impl Palette {
    /// No styles at all: every byte printed is text.
    pub fn plain() -> Palette {
        Palette::default()
    }

    /// ANSI colours.
    pub fn coloured() -> Palette {
        Palette {
            good: AnsiColor::Green.on_default().bold(),
            bad: AnsiColor::Red.on_default().bold(),
            unsure: AnsiColor::Yellow.on_default().bold(),
            expected: AnsiColor::Red.on_default(),
            actual: AnsiColor::Green.on_default(),
            strong: Style::new().bold(),
            faint: Style::new().dimmed(),
        }
    }

    /// The style of a verdict.
    pub fn verdict(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Passed => self.good,
            Verdict::Skipped | Verdict::Unsupported => self.unsure,
            Verdict::Failed | Verdict::Unsettled | Verdict::Errored => self.bad,
        }
    }
}

/// `text` in `style`; just `text` where the style is plain.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
