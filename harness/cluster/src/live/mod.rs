//! What control planes have in common that run outside this process: a lease over two API servers in real time.
//!
//! How the API servers come to be, and how they are made clean again, is the business of each kind.

mod answers;
mod hidden;
mod lease;
mod namespace;
mod stand_ins;
mod targets;

pub(crate) use answers::answers;
pub(crate) use hidden::Hidden;
pub(crate) use lease::{Cleanup, LiveLease, LiveSide};
pub(crate) use namespace::{is_in_scope, make_namespace};
pub(crate) use stand_ins::add_stand_ins;
pub(crate) use targets::KubeconfigTargets;
