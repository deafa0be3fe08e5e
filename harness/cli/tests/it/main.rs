//! Runs the real binary in throw-away projects, as a new user would.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod assets;
mod background;
mod bad_input;
mod control_plane;
mod empty_runs;
mod exit_codes;
mod failures;
mod faults;
mod functions;
mod isolation;
mod kind;
mod kubeconfig;
mod parity;
mod programs;
mod project;
mod readme;
mod reports;
mod selection;
mod shown;
mod signals;
mod terminal;
mod theirs;
mod timeouts;
