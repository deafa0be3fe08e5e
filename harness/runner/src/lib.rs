//! Runs trials: plan × cluster → events.
//!
//! [`run`] gives trials to tasks and puts their events in order; [`judge`] runs one trial. A trial
//! leases a control plane and a target, runs its scenario's actions in order, and is judged at
//! rest. The runner depends neither on the implementation of a control plane nor on the form of a
//! report.

mod absence;
mod action;
mod api;
mod at_rest;
mod candidate;
mod evidence;
mod expectation;
mod functions;
mod known;
mod lacking;
mod mismatch;
mod programs;
mod request_error;
mod run;
mod schema;
mod scope;
mod secrets;
mod session;
mod stop;
mod target;
mod timekeeper;
mod traffic;
mod trial;

pub use run::{Machine, RunOptions, Timeouts, judge, run};
