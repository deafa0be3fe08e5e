//! Reports: folds over the events of a run.
//!
//! Each report sees the same [`crosscut_events::Event`]s and keeps what it needs: [`Terminal`] turns
//! every event into text at once, [`Collected`] gathers the trials, from which [`json`] and [`junit`]
//! make documents. What is shown is bounded, and made [safe] to show, before anything else. Nothing here knows how a trial is judged, and nothing here writes to a file or a
//! terminal: callers do that with the text they get.

mod bounds;
mod collected;
mod failure_text;
pub mod json;
pub mod junit;
mod palette;
mod safe;
mod terminal;
mod tidy;

pub use collected::Collected;
pub use failure_text::failure_text;
pub use palette::Palette;
pub use safe::{is_safe, safe};
pub use terminal::{Terminal, Verbosity};

/// A report could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The JSON document could not be written.
    #[error("write the JSON report")]
    Json(#[source] serde_json::Error),
    /// The JUnit document could not be written.
    #[error("write the JUnit report")]
    Junit(#[source] quick_junit::SerializeError),
}
