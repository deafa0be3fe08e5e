//! Failures of reading and writing messages.

/// A description of gRPC services that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A `.proto` file is wrong, or one that it imports cannot be had.
    #[error("{message}")]
    Proto {
        /// What is wrong, with file and line where they are known.
        message: String,
    },
    /// The bytes are no descriptor set.
    #[error("it is no descriptor set: {message}")]
    DescriptorSet {
        /// What is wrong.
        message: String,
    },
    /// Nothing describes the service.
    #[error("nothing describes the service {service}")]
    UnknownService {
        /// The service that was asked for.
        service: String,
        /// The services that there are.
        known: Vec<String>,
    },
    /// The service has no such method.
    #[error("the service {service} has no method {method}")]
    UnknownMethod {
        /// The service.
        service: String,
        /// The method that was asked for.
        method: String,
        /// The methods that it has.
        known: Vec<String>,
    },
    /// The program was built without the cargo feature `grpc`.
    #[error("this crosscut was built without grpc")]
    LeftOut,
    /// The method is not written as `package.Service/Method`.
    #[error("\"{text}\" names no method")]
    Path {
        /// What was written.
        text: String,
    },
}

/// A message that is not as its type says.
#[derive(Debug, thiserror::Error)]
#[error("it is no {message_type}: {reason}")]
pub struct MessageError {
    /// The message's type.
    pub message_type: String,
    /// What is wrong.
    pub reason: String,
}

/// A text that is no place to send something to.
#[derive(Debug, thiserror::Error)]
#[error("\"{text}\" is no URL to send something to: {reason}")]
pub struct UrlError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A value that is no header.
#[derive(Debug, thiserror::Error)]
#[error("\"{name}\" is no header: {reason}")]
pub struct HeaderError {
    /// The name.
    pub name: String,
    /// What is wrong with it or its value.
    pub reason: String,
}
