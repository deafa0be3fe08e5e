//! The errors of reading and writing messages.

/// The error of an invalid description of gRPC services.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A `.proto` file is invalid, or an imported one is missing.
    #[error("{message}")]
    Proto {
        /// The parser's message, with file and line if they are known.
        message: String,
    },
    /// The bytes are no descriptor set.
    #[error("it is no descriptor set: {message}")]
    DescriptorSet {
        /// The parser's message.
        message: String,
    },
    /// The description does not contain the service.
    #[error("nothing describes the service {service}")]
    UnknownService {
        /// The requested service.
        service: String,
        /// The services in the description.
        known: Vec<String>,
    },
    /// The service does not have the method.
    #[error("the service {service} has no method {method}")]
    UnknownMethod {
        /// The service.
        service: String,
        /// The requested method.
        method: String,
        /// The methods of the service.
        known: Vec<String>,
    },
    /// The program was built without the cargo feature `grpc`.
    #[error("this crosscut was built without grpc")]
    LeftOut,
    /// The method is not written as `package.Service/Method`.
    #[error("\"{text}\" names no method")]
    Path {
        /// The text in its place.
        text: String,
    },
}

/// The error of a message that does not match its type.
#[derive(Debug, thiserror::Error)]
#[error("it is no {message_type}: {reason}")]
pub struct MessageError {
    /// The message's type.
    pub message_type: String,
    /// The reason why the message does not match.
    pub reason: String,
}

/// The error of a text that is not a URL for requests.
#[derive(Debug, thiserror::Error)]
#[error("\"{text}\" is no URL to send something to: {reason}")]
pub struct UrlError {
    /// The text.
    pub text: String,
    /// The reason why the text is invalid.
    pub reason: String,
}

/// The error of an invalid header.
#[derive(Debug, thiserror::Error)]
#[error("\"{name}\" is no header: {reason}")]
pub struct HeaderError {
    /// The name.
    pub name: String,
    /// The reason why the name or its value is invalid.
    pub reason: String,
}
