//! `cargo xtask testbed`: the real programs that this project's tests compare crosscut with.
//!
//! The task builds missing parts in the user's cache folder and starts none of them. `fixtures/testbed/README.md`
//! describes the parts, their folders, and the update of a pin. Users of crosscut do not need it.

mod cache;
mod command;
mod debian;
mod go;
mod list;
mod parts;
mod pins;
mod python;
mod recipe;
mod run;

pub(crate) use run::{Arguments, run};
