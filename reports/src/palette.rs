//! The colours of a report by their meaning. The default is plain.

use anstyle::{AnsiColor, Style};
use crosscut_events::Verdict;

/// The styles by their meaning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    /// A result as expected.
    pub good: Style,
    /// A result that is not as expected.
    pub bad: Style,
    /// A trial that was not judged.
    pub unsure: Style,
    /// An expected value in a diff.
    pub expected: Style,
    /// An actual value in a diff.
    pub actual: Style,
    /// A name or a heading.
    pub strong: Style,
    /// A less important text.
    pub faint: Style,
}

impl Palette {
    /// Returns a palette without any styles.
    pub fn plain() -> Palette {
        Palette::default()
    }

    /// Returns a palette of ANSI colours.
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

    /// Returns the style of a verdict.
    pub fn verdict(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Passed => self.good,
            Verdict::Skipped | Verdict::Unsupported => self.unsure,
            Verdict::Failed | Verdict::Unsettled | Verdict::Errored => self.bad,
        }
    }
}

/// Returns `text` in `style`, or only `text` if the style is plain.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
