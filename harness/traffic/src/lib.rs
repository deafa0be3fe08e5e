//! Traffic: HTTP requests, gRPC calls, and the servers that they can reach.
//!
//! [`HttpClient`] sends requests with HTTP/1.1 or HTTP/2, [`GrpcClient`] calls methods that are described at run time
//! ([`Schema`]), and an [`Upstream`] is an echo server on loopback that answers with what reached it. Every call has a
//! deadline and a bound on what it reads. A [`Server`] answers on loopback whatever its user says.
//!
//! Nothing here knows Kubernetes, scenarios or assertions; no proxy and no environment variable is looked at.

mod address;
mod calls;
mod codec;
mod dial;
mod error;
mod generate;
mod grpc;
mod headers;
mod http_client;
mod schema;
mod server;
mod tls;
mod upstream;
mod upstream_tls;

pub use address::{grpc_origin, http_url, with_path};
pub use calls::repeat;
pub use error::{
    CallError, CallErrorKind, HeaderError, MessageError, SchemaError, ServerError, TlsError,
    UpstreamError, UrlError,
};
pub use generate::{json_of_size, sha256, text_of_size};
pub use grpc::{GrpcAnswer, GrpcBroken, GrpcCall, GrpcClient, GrpcStatus};
pub use headers::{add_header, values_of};
pub use http_client::{Bounds, HttpAnswer, HttpCall, HttpClient, Protocol};
pub use schema::{Message, Method, Schema};
pub use server::{Server, ServerTls};
pub use tls::{Identity, Tls, Trust};
pub use upstream::{NAME_HEADER, Upstream, UpstreamSettings, UpstreamTls};
pub use upstream_tls::Credentials;
