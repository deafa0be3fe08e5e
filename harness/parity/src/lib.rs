//! Whether two kinds of control plane agree: the same verdicts, and the same objects when a trial is over.
//!
//! [`Outcomes`] gathers a run's events. [`compare`] puts two runs side by side, after taking out what no two runs have in
//! common (uids, times, revisions). A [`Ledger`] explains differences that are known; one that explains nothing any more
//! is a mistake, so that it can only shrink. Nothing here runs trials, reads files or prints.

mod compare;
mod difference;
mod ledger;
mod marks;
mod normal;
mod outcome;
mod timing;

pub use compare::{Comparison, compare};
pub use difference::{Difference, Values};
pub use ledger::{Entry, Ledger, LedgerError};
pub use outcome::{Outcome, Outcomes};
