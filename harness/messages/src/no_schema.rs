//! The same names as `schema`, in a program that was built without gRPC: no service is ever described.

use std::convert::Infallible;

use serde_json::Value;

use crate::error::{MessageError, SchemaError};

/// Descriptions of services, of which there are none.
#[derive(Clone, Debug)]
pub struct Schema(Infallible);

/// A method of a service, of which there is none.
#[derive(Clone, Debug)]
pub struct Method(Infallible);

/// A message for a method, of which there is none.
#[derive(Clone, Debug)]
pub struct Message(Infallible);

impl Schema {
    /// Fails.
    ///
    /// # Errors
    /// [`SchemaError::LeftOut`].
    pub fn health() -> Result<Schema, SchemaError> {
        Err(SchemaError::LeftOut)
    }

    /// Fails.
    ///
    /// # Errors
    /// [`SchemaError::LeftOut`].
    pub fn from_descriptor_set(_: &[u8]) -> Result<Schema, SchemaError> {
        Err(SchemaError::LeftOut)
    }

    /// Fails.
    ///
    /// # Errors
    /// [`SchemaError::LeftOut`].
    pub fn compile(_: &str, _: &dyn Fn(&str) -> Option<String>) -> Result<Schema, SchemaError> {
        Err(SchemaError::LeftOut)
    }

    /// Returns a method of no schema.
    ///
    /// # Errors
    /// None.
    pub fn method(&self, _: &str) -> Result<Method, SchemaError> {
        match self.0 {}
    }
}

impl Method {
    /// Returns the path of no method.
    #[must_use]
    pub fn path(&self) -> String {
        match self.0 {}
    }

    /// Returns true if the method that does not exist takes many messages.
    #[must_use]
    pub fn takes_many(&self) -> bool {
        match self.0 {}
    }

    /// Returns a message for no method.
    ///
    /// # Errors
    /// None.
    pub fn message(&self, _: &Value) -> Result<Message, MessageError> {
        match self.0 {}
    }

    /// Returns the answer of no method.
    ///
    /// # Errors
    /// None.
    pub fn answer(&self, _: &[u8]) -> Result<Value, MessageError> {
        match self.0 {}
    }
}

impl Message {
    /// Returns the bytes of no message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self.0 {}
    }
}
