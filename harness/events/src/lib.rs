//! What a run emits: events, verdicts, failures and the summary.
//!
//! This is the stable wire format between the runner and everything that reads a run: the terminal,
//! JUnit, JSON and the exit code are folds over [`Event`]s. Everything here is plain data that
//! serializes; nothing here runs, prints or knows how a trial is judged.
//!
//! Times are whole milliseconds of real time; virtual time of the embedded control plane never
//! appears in a report's durations.

mod event;
mod failure;
pub mod secret;
mod seeds;
mod summary;
mod texts;
mod verdict;

pub use event::{Event, RUN_LABEL, StepReport, TrialId, TrialReport, Warning};
pub use failure::{Evidence, Failure, Location, Mismatch, Nearest, ObjectCondition, ObjectEvent};
pub use seeds::Seeds;
pub use summary::{ExitStatus, Summary};
pub use texts::Texts;
pub use verdict::Verdict;
