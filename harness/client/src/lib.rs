//! Kubernetes objects as plain JSON: reading and changing them, and sending them to any API server.
//!
//! The kinds that crosscut meets are defined at run time, by CRDs and composite resource definitions, so typed
//! clients do not fit. This is a thin layer over [`kube::Client`], which does the transport; an API server in this
//! process can be asked [directly](Connection::direct). It knows no kind and holds no behaviour of any controller.

mod api;
mod connection;
mod error;
mod mapper;
mod query;
mod request;
mod warning;
mod write;

pub use api::Api;
pub use connection::Connection;
pub use error::ApiError;
pub use write::{Change, Deletion, Write, Written};
