//! Trials on clusters that crosscut reaches through their API alone: the user's clusters, and those that kind makes.
//!
//! crosscut has no access beneath the API server, so it creates and deletes everything by requests. Each trial has a
//! namespace of its own. Every object that crosscut creates elsewhere gets the run's label and is recorded, and only
//! recorded objects are deleted. A preflight reports what a cluster lacks before anything is created. Each kind of
//! cluster has its own module for starting it.

mod access;
mod changes;
mod definitions;
mod error;
mod guard;
mod health;
#[cfg(feature = "kind")]
pub mod kind;
#[cfg(feature = "kubeconfig")]
pub mod kubeconfig;
mod label;
mod lease;
mod ledger;
mod leftovers;
#[cfg(test)]
mod made;
mod mine;
mod others;
pub(crate) mod preflight;
mod programs;
mod proxy;
mod recorded;
mod removal;
mod run;
mod targets;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod theirs;
mod trial;
mod trials;
mod watched;

pub use access::Access;
pub use error::AccessError;
pub use ledger::LABEL;
pub use leftovers::{Kept, Leftover, Leftovers};
#[cfg(feature = "kind")]
pub(crate) use run::digest;
pub(crate) use run::run_name;
#[cfg(feature = "kind")]
pub(crate) use trial::{api as installer, needs_target};
pub(crate) use trials::{Remote, RemoteSettings};
