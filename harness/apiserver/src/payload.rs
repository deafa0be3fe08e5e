//! The body of a request: bytes, or a value that a client in this process passes.

use serde_json::Value;

use crate::json::{self, Parsed};

/// The body of a request.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    /// The bytes of an HTTP request.
    Bytes(&'a [u8]),
    /// JSON of a client in this process, which is not serialized.
    Value(&'a Value),
}

impl Payload<'_> {
    pub(crate) fn is_empty(self) -> bool {
        matches!(self, Self::Bytes([]))
    }

    /// Returns the body as JSON.
    pub(crate) fn json(self) -> Result<Parsed, serde_json::Error> {
        match self {
            Self::Bytes(bytes) => json::parse(bytes),
            Self::Value(value) => Ok(Parsed {
                value: value.clone(),
                duplicates: Vec::new(),
            }),
        }
    }

    /// Returns the body as text, or `None` if it is not UTF-8.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Bytes(bytes) => std::str::from_utf8(bytes).map(str::to_owned).ok(),
            Self::Value(value) => Some(value.to_string()),
        }
    }
}
