//! Where trials are judged: control planes of one kind behind one trait.
//!
//! A [`Cluster`] hands out a [`Lease`] per trial: a control plane and a target of the trial's own, a
//! client for each, and a way to wait until both are at rest. There is one module per kind of control
//! plane: [`embedded`] is in this process, [`envtest`] runs real API servers and the real Crossplane as
//! programs, [`kubeconfig`] uses a cluster that the user has, [`kind`] makes one. Steps, expectations and verdicts are not known here.

mod cluster;
pub mod embedded;
pub mod envtest;
mod error;
pub mod functions;
mod health;
mod install;
pub mod kind;
pub mod kubeconfig;
mod live;
mod managed;
mod missing;
mod not_mine;
mod programs;
pub mod remote;
mod rest;
mod user_agent;
mod when_started;

pub use crosscut_controller::{Failing, Key};

pub use cluster::{Cluster, Lack, Lease, Rest, Side};
pub use crosscut_controller::Activity;
pub use crosscut_crossplane::function::Trace as FunctionTrace;
pub use error::{ClusterError, SettleError};
pub use health::{Health, until_broken};
pub use missing::{Needed, check_programs};
pub use not_mine::NotMine;
pub use programs::ProgramPlace;
