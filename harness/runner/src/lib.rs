//! Runs trials: plan × cluster → events.
//!
//! [`run`] hands trials to tasks and puts their events in line; [`judge`] runs one. A trial leases a
//! control plane and a target, does its scenario's actions in order, and is judged at rest. The
//! runner knows neither how a control plane works nor how a report rejudge.

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
