//! `cargo xtask testbed`: the real programs that this project's tests compare crosscut with.
//!
//! It builds what is missing into the user's cache folder and starts nothing. `fixtures/testbed/README.md`
//! says what the parts are, where they land and how to bump a pin. Users of crosscut never need it.

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
