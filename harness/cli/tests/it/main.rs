//! Runs the real binary in throw-away projects, as a new user would.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bad_input;
mod control_plane;
mod exit_codes;
mod failures;
mod functions;
mod kind;
mod kubeconfig;
mod parity;
mod programs;
mod project;
mod readme;
mod reports;
mod selection;
mod signals;
mod terminal;
