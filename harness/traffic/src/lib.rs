//! Traffic: HTTP requests, gRPC calls, and the servers that they can reach.
//!
//! [`HttpClient`] sends requests with HTTP/1.1 or HTTP/2. [`GrpcClient`] calls methods that are described at run time
//! ([`Method`](crosscut_messages::Method)). An [`Upstream`] is an echo server on loopback whose responses describe the
//! request. A [`Server`] on loopback has responses from its user's code. Every call has a deadline and a limit on the
//! size of its response.
//!
//! This crate is independent of Kubernetes, scenarios and assertions, and ignores proxy settings and environment
//! variables.

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
