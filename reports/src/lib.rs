//! Reports: folds over the events of a run.
//!
//! Each report receives the same [`crosscut_events::Event`]s: [`Terminal`] turns every event into text at
//! once, [`Collected`] collects the trials for the documents of [`json`] and [`junit`]. All texts are
//! bounded and made [safe] first. Nothing here depends on how a trial is judged, and nothing writes to a
//! file or a terminal; the callers do that.

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

/// The error of a report that could not be written.
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
