//! What control planes have in common that run outside this process: a lease over two API servers in real time.
//!
//! How the API servers come to be, and how they are made clean again, is the business of each kind.

mod hidden;
mod lease;
mod targets;

pub(crate) use hidden::Hidden;
pub(crate) use lease::{Cleanup, LiveLease, LiveSide};
pub(crate) use targets::KubeconfigTargets;
