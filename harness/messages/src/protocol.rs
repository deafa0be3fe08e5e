//! The protocol and the TLS of a connection, as documents name them.

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2: without TLS by prior knowledge, with TLS by ALPN.
    Http2,
}

/// The TLS of an upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpstreamTls {
    /// No TLS.
    #[default]
    None,
    /// TLS; clients need no certificate.
    Server,
    /// TLS; clients need a certificate of the upstream's CA.
    Mutual,
}
