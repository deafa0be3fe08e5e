//! Parity: the comparison of two kinds of control plane by the verdicts and the final objects of the same trials.
//!
//! [`Outcomes`] collects a run's events. [`compare`] compares two runs, without values that differ in every run (uids,
//! times, revisions). A [`Ledger`] explains known differences. An entry that explains none is an error, so that the
//! ledger can only shrink. Nothing here runs trials, reads files or prints.

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
