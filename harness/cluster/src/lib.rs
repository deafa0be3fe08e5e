//! The interface between trials and the control planes that they run on.
//!
//! A [`Cluster`] leases a control plane and a target to each trial. A [`Lease`] has a connection to each of them and
//! waits until both have settled. The kinds of control plane are crates of their own above this one. Steps,
//! expectations and verdicts are in other crates.

mod cluster;
mod error;
mod health;
mod not_mine;
mod programs;
mod rest;

pub use crosscut_controller::{Activity, Failing};
pub use crosscut_programs::Trace as FunctionTrace;

pub use cluster::{Cluster, Lack, Lease, Rest, Side};
pub use error::{ClusterError, SettleError, Source};
pub use health::{Health, until_broken};
pub use not_mine::NotMine;
pub use programs::ProgramPlace;
pub use rest::{rest, unsettled};
