//! Requests and calls before they are sent: URLs, headers, and gRPC services that files describe.
//!
//! Nothing here opens a connection. gRPC services need the cargo feature `grpc`. Without it all descriptions fail with
//! [`SchemaError::LeftOut`].

mod address;
mod error;
mod headers;
mod protocol;
#[cfg_attr(not(feature = "grpc"), path = "no_schema.rs")]
mod schema;

pub use address::{grpc_origin, http_url, with_path};
pub use error::{HeaderError, MessageError, SchemaError, UrlError};
pub use headers::{add_header, values_of};
pub use protocol::{Protocol, UpstreamTls};
pub use schema::{Message, Method, Schema};
