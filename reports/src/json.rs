//! The JSON report: one object, `schema` 1.
//!
//! Within a schema number fields may be added, but no field is removed or changes its meaning.

use crosscut_events::{Summary, TrialReport};
use serde::Serialize;

use crate::{Collected, ReportError};

/// The version of the document's schema.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cluster: &'a str,
    /// The only seed, or the first of several.
    seed: u64,
    /// The last seed, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seed: Option<u64>,
    duration_ms: u64,
    /// The longest preparation of a trial.
    preparation_ms: u64,
    /// The number of planned trials.
    planned: usize,
    summary: Summary,
    /// The reason why the run ended before every trial was judged, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    trials: Vec<&'a TrialReport>,
}

/// Returns the run as a pretty-printed JSON document with a newline at the end.
///
/// # Errors
/// Returns [`ReportError::Json`] if a value cannot be written as JSON.
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
