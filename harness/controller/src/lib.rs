//! Controllers, and the scheduler that runs them in virtual time.

mod context;
mod controller;

pub use context::Context;
pub use controller::{After, Controller, Key, ReconcileError};
