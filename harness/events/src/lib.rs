//! The output of a run: events, verdicts, failures and the summary.
//!
//! The types are the stable wire format between the runner and all readers of a run: the terminal,
//! JUnit, JSON and the exit code are folds over [`Event`]s. All types are plain data that
//! serializes. This crate neither runs trials nor prints.
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
