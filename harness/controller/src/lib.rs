//! Controllers, and the scheduler that runs them in virtual time.
//!
//! A [`Controller`] is level-triggered and a client of an API server. [`Scheduler`] runs controllers of several
//! planes, one reconcile at a time, until they are at rest. Time is a [`VirtualClock`] that jumps to the next timer if
//! no reconcile is waiting. [`builtin`] has the controllers of every cluster. This crate is independent of Crossplane
//! and its providers.

pub mod builtin;
mod clock;
mod context;
mod controller;
pub mod engine;
mod plane;
mod scheduler;

pub use clock::VirtualClock;
pub use context::Context;
pub use controller::{Action, Controller, ReconcileError};
pub use engine::{Activity, Engine, Failing, Limit, Moving, SettleLimits, Settled, Unsettled};
pub use plane::Plane;
pub use scheduler::{AtRest, Scheduler, is_lasting, is_movement};
