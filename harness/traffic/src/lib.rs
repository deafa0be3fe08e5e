//! Traffic: HTTP requests, gRPC calls, and the servers that they can reach.
//!
//! [`HttpClient`] sends requests with HTTP/1.1 or HTTP/2, [`GrpcClient`] calls methods that are described at run time
//! ([`Method`](crosscut_messages::Method)), and an [`Upstream`] is an echo server on loopback that answers with what reached it. Every call has a
//! deadline and a bound on what it reads. A [`Server`] answers on loopback whatever its user says.
//!
//! Nothing here knows Kubernetes, scenarios or assertions; no proxy and no environment variable is looked at.

mod calls;
mod codec;
mod dial;
mod error;
mod generate;
mod grpc;
mod http_client;
mod server;
mod tls;
mod upstream;
mod upstream_tls;

pub use calls::repeat;
pub use error::{CallError, CallErrorKind, ServerError, TlsError, UpstreamError};
pub use generate::{json_of_size, sha256, text_of_size};
pub use grpc::{GrpcAnswer, GrpcBroken, GrpcCall, GrpcClient, GrpcStatus};
pub use http_client::{Bounds, HttpAnswer, HttpCall, HttpClient};
pub use server::{Server, ServerTls};
pub use tls::{Identity, Tls, Trust};
pub use upstream::{NAME_HEADER, Upstream, UpstreamSettings};
pub use upstream_tls::Credentials;
