//! Controllers, and the scheduler that runs them in virtual time.
//!
//! A [`Controller`] works level-triggered, as a client of an API server. [`Scheduler`] runs controllers of several
//! planes one reconcile at a time until they are at rest; time is a [`VirtualClock`] that jumps to the next timer when
//! nothing else is to be done. [`builtin`] has the
//! controllers that every cluster has. What Crossplane and its providers do is not known here.

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
