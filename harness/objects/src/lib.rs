//! Kubernetes objects as plain JSON, and the words in which the other crates speak about them.
//!
//! The kinds that crosscut meets are defined at run time, by CRDs and composite resource definitions, so typed objects do
//! not fit. This crate has
//! - [`object`]: accessors for objects that are `serde_json::Value`,
//! - [`Key`], [`Resource`] and [`ObjectRef`]: an object, the kind of an object, and an object in a request,
//! - [`Event`]: one change of a store,
//! - [`Exchange`] and [`Answer`]: a request and its response as values,
//! - [`Direct`] and [`EventLog`]: an API server in the same process,
//! - [`Admission`]: a check of writes that runs before they are stored,
//! - [`Clock`]: the source of time.
//!
//! Nothing here talks to a server, and nothing knows a kind.

mod admission;
mod clock;
mod event;
mod exchange;
mod in_process;
mod key;
mod lack;
pub mod object;
mod object_ref;

pub use admission::{Admission, Operation, Patch, Read, Refusal, Review};
pub use clock::Clock;
pub use event::{Change, Event, Resource};
pub use exchange::{Answer, Exchange, Reply};
pub use in_process::{Direct, EventLog};
pub use key::Key;
pub use lack::Lack;
pub use object_ref::ObjectRef;
