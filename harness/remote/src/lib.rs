//! What clusters have in common that crosscut reaches through their API alone: the user's, and those that kind makes.
//!
//! Nothing is known here beneath the API server, so everything is made and taken away by requests: a trial has a
//! namespace of its own, every object that crosscut makes elsewhere is labelled with the run and remembered, and only
//! what is remembered is ever deleted. What is missing is told by a preflight before anything is made. How a cluster
//! comes to be is the business of each kind.

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
