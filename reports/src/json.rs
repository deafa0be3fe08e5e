//! The JSON report: one object, `schema` 1.
//!
//! Fields may be added within a schema number; none changes its meaning or goes away.

use crosscut_events::{Summary, TrialReport};
use serde::Serialize;

use crate::{Collected, ReportError};

/// The number of the document's shape.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cluster: &'a str,
    /// The only seed, or the first of several.
    seed: u64,
    /// The last, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seed: Option<u64>,
    duration_ms: u64,
    /// The longest preparation of a trial.
    preparation_ms: u64,
    /// The number of trials there that were to be.
    planned: usize,
    summary: Summary,
    /// The reason why not every trial was judged, if the run ended before.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    trials: Vec<&'a TrialReport>,
}

/// The run as a JSON document, pretty-printed and ended by a newline.
///
/// # Errors
/// [`ReportError::Json`] where a value cannot be written as JSON.
pub fn render(run: &Collected) -> Result<String, ReportError> {
    let document = Document {
        schema: SCHEMA,
        cluster: run.cluster(),
        seed: run.seeds().first(),
        last_seed: run.seeds().last_of_several(),
        duration_ms: run.duration_ms(),
        preparation_ms: run.preparation_ms(),
        planned: run.planned(),
        summary: run.summary(),
        error: run.ended_early(),
        trials: run.trials(),
    };
    let mut text = serde_json::to_string_pretty(&document).map_err(ReportError::Json)?;
    text.push('\n');
    Ok(text)
}
