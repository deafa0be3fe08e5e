//! The errors of traffic.

use std::error::Error;
use std::fmt;
use std::io;

use crosscut_errors::{causes, chain};

/// A call whose response is missing or incomplete.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// The kind of the error.
    pub kind: CallErrorKind,
    /// The error with its causes, in one line.
    pub message: String,
}

/// The kind of error of a call without a complete response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// No server listens at the address.
    Refused,
    /// The host name cannot be resolved.
    Unresolved,
    /// The TLS handshake failed.
    Tls,
    /// The deadline passed.
    Deadline,
    /// The server closed the connection or the stream, or does not speak the protocol.
    Broken,
    /// The response exceeds the size limit.
    TooLarge,
}

impl CallErrorKind {
    /// Returns the kind as documents write it, in one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            CallErrorKind::Refused => "refused",
            CallErrorKind::Unresolved => "unresolved",
            CallErrorKind::Tls => "tls",
            CallErrorKind::Deadline => "deadline",
            CallErrorKind::Broken => "broken",
            CallErrorKind::TooLarge => "too-large",
        }
    }
}

impl fmt::Display for CallErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl CallError {
    pub(crate) fn new(kind: CallErrorKind, message: impl Into<String>) -> CallError {
        CallError {
            kind,
            message: message.into(),
        }
    }

    /// Classifies an error of the connection by its causes; `bytes` is the size limit of the
    /// response.
    pub(crate) fn of_connection(error: &(dyn Error + 'static), bytes: usize) -> CallError {
        match causes(error).find_map(kind_of) {
            Some(CallErrorKind::TooLarge) => {
                let message = format!("the answer has more than {bytes} bytes");
                CallError::new(CallErrorKind::TooLarge, message)
            }
            kind => CallError::new(kind.unwrap_or(CallErrorKind::Broken), chain(error)),
        }
    }
}

/// Returns the kind of a single cause; `None` if the cause only wraps another.
fn kind_of(cause: &(dyn Error + 'static)) -> Option<CallErrorKind> {
    if cause.is::<http_body_util::LengthLimitError>() {
        return Some(CallErrorKind::TooLarge);
    }
    if cause.is::<rustls::Error>() {
        return Some(CallErrorKind::Tls);
    }
    // An error inside an I/O error is a part of that error, not its source.
    let inner = cause
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    if let Some(inner) = inner {
        return kind_of(inner);
    }
    if let Some(error) = cause.downcast_ref::<io::Error>()
        && error.kind() == io::ErrorKind::ConnectionRefused
    {
        return Some(CallErrorKind::Refused);
    }
    // The error type of hyper-util is private.
    (cause.to_string() == "dns error").then_some(CallErrorKind::Unresolved)
}

/// Unusable certificates or keys.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text has no certificate, or an invalid one.
    #[error("{what} holds no certificate in PEM form{}", because(.reason))]
    Certificate {
        /// The role of the certificate.
        what: &'static str,
        /// The reason, if there is one.
        reason: String,
    },
    /// The text has no private key, or an invalid one.
    #[error("the key is no private key in PEM form: {reason}")]
    Key {
        /// The reason.
        reason: String,
    },
    /// The certificate and the key do not match.
    #[error("the certificate and the key do not fit")]
    Identity(#[source] rustls::Error),
    /// The name is not a host name.
    #[error("\"{name}\" is no name of a server")]
    ServerName {
        /// The name.
        name: String,
    },
    /// The TLS library cannot be configured.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    }
}

/// An error in starting a server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No port is available.
    #[error("it cannot listen on loopback")]
    Listen(#[source] io::Error),
    /// TLS cannot be configured with the certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// An error in starting an upstream.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The certificates cannot be generated.
    #[error("its certificates cannot be made")]
    Certificates(#[source] rcgen::Error),
    /// The server cannot be started.
    #[error(transparent)]
    Server(#[from] ServerError),
}
