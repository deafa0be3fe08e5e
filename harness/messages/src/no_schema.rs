//! The names of `schema` in a program that was built without gRPC, in which no service has a description.

use std::convert::Infallible;

use serde_json::Value;

use crate::error::{MessageError, SchemaError};

/// Descriptions of services. No value of this type exists.
#[derive(Clone, Debug)]
pub struct Schema(Infallible);

/// A method of a service. No value of this type exists.
#[derive(Clone, Debug)]
pub struct Method(Infallible);

/// A message for a method. No value of this type exists.
#[derive(Clone, Debug)]
pub struct Message(Infallible);

impl Schema {
    /// Fails always.
    ///
    /// # Errors
    /// Returns [`SchemaError::LeftOut`].
    pub fn health() -> Result<Schema, SchemaError> {
        Err(SchemaError::LeftOut)
    }

    /// Fails always.
    ///
    /// # Errors
    /// Returns [`SchemaError::LeftOut`].
    pub fn from_descriptor_set(_: &[u8]) -> Result<Schema, SchemaError> {
        Err(SchemaError::LeftOut)
    }

    /// Fails always.
    ///
    /// # Errors
    /// Returns [`SchemaError::LeftOut`].
    pub fn compile(_: &str, _: &dyn Fn(&str) -> Option<String>) -> Result<Schema, SchemaError> {
        Err(SchemaError::LeftOut)
    }

    /// Returns a method. Can never be called.
    ///
    /// # Errors
    /// None.
    pub fn method(&self, _: &str) -> Result<Method, SchemaError> {
        match self.0 {}
    }
}

impl Method {
    /// Returns a path. Can never be called.
    #[must_use]
    pub fn path(&self) -> String {
        match self.0 {}
    }

    /// Returns true for client streaming. Can never be called.
    #[must_use]
    pub fn takes_many(&self) -> bool {
        match self.0 {}
    }

    /// Returns a message. Can never be called.
    ///
    /// # Errors
    /// None.
    pub fn message(&self, _: &Value) -> Result<Message, MessageError> {
        match self.0 {}
    }

    /// Returns a response. Can never be called.
    ///
    /// # Errors
    /// None.
    pub fn answer(&self, _: &[u8]) -> Result<Value, MessageError> {
        match self.0 {}
    }
}

impl Message {
    /// Returns bytes. Can never be called.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self.0 {}
    }
}
