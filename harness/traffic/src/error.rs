//! What can go wrong with traffic.

use std::error::Error;
use std::fmt;
use std::io;

use crosscut_errors::{causes, chain};

/// A call that got no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// What kind of end it was.
    pub kind: CallErrorKind,
    /// What happened, with its causes, in one line.
    pub message: String,
}

/// The way in which a call ends that gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// Nothing listens there.
    Refused,
    /// The host name leads nowhere.
    Unresolved,
    /// No TLS session came to be.
    Tls,
    /// The deadline passed.
    Deadline,
    /// The other side ended the connection or the stream, or does not speak the protocol.
    Broken,
    /// The answer is longer than the bound.
    TooLarge,
}

impl CallErrorKind {
    /// The kind in one word, as documents write it.
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

    /// Sorts an error of the connection by its causes; `bytes` is the bound on the answer.
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

/// Returns what one cause alone says. A cause says nothing if it only wraps another.
fn kind_of(cause: &(dyn Error + 'static)) -> Option<CallErrorKind> {
    if cause.is::<http_body_util::LengthLimitError>() {
        return Some(CallErrorKind::TooLarge);
    }
    if cause.is::<rustls::Error>() {
        return Some(CallErrorKind::Tls);
    }
    // Errors inside of one of the connection are not its source, but part of it.
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
    // hyper-util has no type for it that can be named.
    (cause.to_string() == "dns error").then_some(CallErrorKind::Unresolved)
}

/// Certificates or keys that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text holds no certificate, or a broken one.
    #[error("{what} holds no certificate in PEM form{}", because(.reason))]
    Certificate {
        /// What the text was given as.
        what: &'static str,
        /// Why, where there is more to say.
        reason: String,
    },
    /// The text holds no private key, or a broken one.
    #[error("the key is no private key in PEM form: {reason}")]
    Key {
        /// The reason.
        reason: String,
    },
    /// Certificate and key cannot be used together.
    #[error("the certificate and the key do not fit")]
    Identity(#[source] rustls::Error),
    /// The name is no host name.
    #[error("\"{name}\" is no name of a server")]
    ServerName {
        /// The name.
        name: String,
    },
    /// The TLS library cannot be set up.
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

/// A server that cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// There is no port to listen on.
    #[error("it cannot listen on loopback")]
    Listen(#[source] io::Error),
    /// TLS cannot be set up with its certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// An upstream that cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The certificates cannot be made.
    #[error("its certificates cannot be made")]
    Certificates(#[source] rcgen::Error),
    /// The server cannot be started.
    #[error(transparent)]
    Server(#[from] ServerError),
}
