//! Traffic: upstreams that a scenario brings, and requests and gRPC calls that it makes.

use std::sync::Arc;
use std::time::Duration;

use crosscut_messages::{Method, Protocol, UpstreamTls};
use crosscut_yaml::Node;

use super::{Expectation, Place};

/// An echo server of crosscut's own.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The name; expressions write `$upstreams.NAME`.
    pub name: String,
    /// True if it uses TLS.
    pub tls: UpstreamTls,
    /// The status of its answers.
    pub status: u16,
    /// The time that it takes to answer, in real time.
    pub delay: Duration,
    /// The place of its declaration.
    pub place: Place,
}

/// HTTP requests, all alike but for what `$index` makes of them.
#[derive(Debug)]
pub struct Request {
    /// The method; a template. `GET`, or `POST` where there is a body, if it is left out.
    pub method: Option<Node>,
    /// The URL; a template.
    pub url: Node,
    /// What takes the place of the URL's path and query; a template.
    pub path: Option<Node>,
    /// Names with a text or a list of texts each; templates.
    pub headers: Option<Node>,
    /// The body.
    pub body: Body,
    /// HTTP/1.1 or HTTP/2.
    pub protocol: Protocol,
    /// What is common to all calls.
    pub common: Common,
}

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// Text; a template.
    Text(Node),
    /// A value as JSON; a template. With a size, it is filled up to that many bytes.
    Json(Node, Option<usize>),
    /// Text of so many bytes.
    Size(usize),
    /// What a file holds.
    File(Arc<[u8]>),
}

/// gRPC calls, all alike but for what `$index` makes of them.
#[derive(Debug)]
pub struct Grpc {
    /// `host:port`, or a URL of them; a template.
    pub address: Node,
    /// What is called.
    pub method: Method,
    /// Names with a text or a list of texts each; templates.
    pub metadata: Option<Node>,
    /// The messages as JSON, in order; templates.
    pub messages: Vec<Node>,
    /// The call is left after so many answers.
    pub take: Option<usize>,
    /// What is common to all calls.
    pub common: Common,
}

/// What requests and gRPC calls have in common.
#[derive(Debug)]
pub struct Common {
    /// TLS, where it is spoken of.
    pub tls: Option<Tls>,
    /// How often.
    pub times: usize,
    /// At most so many at a time.
    pub parallel: usize,
    /// The longest that one call may take, in real time.
    pub timeout: Duration,
    /// The time that all calls are repeated until the assertions hold, in real time.
    pub within: Option<Duration>,
    /// What each answer must look like.
    pub answer: Option<Expectation>,
    /// What all answers together must look like.
    pub answers: Option<Expectation>,
}

/// How TLS is done.
#[derive(Debug, Default)]
pub struct Tls {
    /// The authorities that are trusted.
    pub ca: Option<Pem>,
    /// True if the server's certificate is verified.
    pub verify: bool,
    /// The client's certificate and its key.
    pub identity: Option<(Pem, Pem)>,
    /// What the server is called; a template.
    pub server_name: Option<Node>,
}

/// Certificates or a key.
#[derive(Debug)]
pub enum Pem {
    /// A template.
    Text(Node),
    /// What a file holds.
    File(String),
}
