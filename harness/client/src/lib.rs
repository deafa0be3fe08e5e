//! A client for Kubernetes objects as plain JSON, for any API server.
//!
//! CRDs and composite resource definitions define the kinds at run time, so typed clients do not fit. This is a thin
//! layer over [`kube::Client`], which does the transport. An API server in this process can be called
//! [directly](Connection::direct). Nothing here depends on a kind or on the behaviour of a controller.

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
