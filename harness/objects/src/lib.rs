//! Kubernetes objects as plain JSON, and the types with which the other crates describe them.
//!
//! CRDs and composite resource definitions define the kinds at run time, so typed objects do not fit. This crate has
//! - [`object`]: accessors for objects that are `serde_json::Value`,
//! - [`Key`], [`Resource`] and [`ObjectRef`]: an object, the kind of an object, and an object in a request,
//! - [`Event`]: one change of a store,
//! - [`Request`] and [`Response`]: a request for objects and its response as values,
//! - [`Direct`] and [`EventLog`]: an API server in the same process,
//! - [`Admission`]: a check of writes that runs before they are stored,
//! - [`Clock`]: the source of time.
//!
//! Nothing here connects to a server, and nothing depends on a kind.

mod admission;
mod clock;
mod event;
mod in_process;
mod key;
mod lack;
pub mod object;
mod object_ref;
mod request;

pub use admission::{Admission, Operation, Patch, Read, Refusal, Review};
pub use clock::Clock;
pub use event::{Change, Event, Resource};
pub use in_process::{Direct, EventLog};
pub use key::Key;
pub use lack::Lack;
pub use object_ref::ObjectRef;
pub use request::{Body, Content, FieldValidation, Options, Place, Request, Response};
