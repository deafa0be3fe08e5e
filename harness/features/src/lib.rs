//! The features of dependencies that the functions of this workspace share with crosscut.
//!
//! crosscut builds a function with `cargo build --package FUNCTION`, and cargo then chooses features for that package alone.
//! With other features nearly every dependency is compiled a second time. The functions depend on this crate, which has no
//! code, so that their dependencies have crosscut's features. `cargo xtask house --check` compares them.
