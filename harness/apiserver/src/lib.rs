//! A Kubernetes API server in process.

mod admission;
mod clock;
mod event;

pub use admission::{Admission, Operation, Read, Refusal, Review};
pub use clock::Clock;
pub use event::{Change, Event, Resource};
