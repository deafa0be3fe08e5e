//! gRPC services that are described at run time.

use std::collections::BTreeMap;
use std::path::Path;

use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MethodDescriptor, SerializeOptions,
};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use serde_json::Value;

use crosscut_errors::chain;

use crate::error::{MessageError, SchemaError};

/// Descriptions of services and their messages.
#[derive(Clone, Debug)]
pub struct Schema {
    pool: DescriptorPool,
}

/// A method of a service.
#[derive(Clone, Debug)]
pub struct Method {
    descriptor: MethodDescriptor,
}

/// A message for a method.
#[derive(Clone, Debug)]
pub struct Message(DynamicMessage);

impl Schema {
    /// `grpc.health.v1`, which needs no file.
    ///
    /// # Errors
    /// None, as long as what the library brings can be read.
    pub fn health() -> Result<Schema, SchemaError> {
        Schema::from_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    }

    /// The services of an encoded `google.protobuf.FileDescriptorSet`, as `protoc --include_imports -o` and
    /// `buf build -o` write it.
    ///
    /// # Errors
    /// [`SchemaError::DescriptorSet`] where it is none, or imports what is not in it.
    pub fn from_descriptor_set(bytes: &[u8]) -> Result<Schema, SchemaError> {
        let pool = DescriptorPool::decode(bytes).map_err(|error| SchemaError::DescriptorSet {
            message: chain(&error),
        })?;
        Ok(Schema { pool })
    }

    /// The services of a `.proto` file and of what it imports. `read` gives the text of a file by the name that an
    /// import uses; `None` if there is none. Google's own types need no file.
    ///
    /// # Errors
    /// [`SchemaError::Proto`] where a file is wrong or missing.
    pub fn compile(
        file: &str,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Schema, SchemaError> {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Sources::of(file, read));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.open_file(file).map_err(|error| {
            // The place in the file is in the debugging form alone.
            SchemaError::Proto {
                message: format!("{error:?}").trim().to_owned(),
            }
        })?;
        Ok(Schema {
            pool: compiler.descriptor_pool(),
        })
    }

    /// A method by its path, `package.Service/Method`.
    ///
    /// # Errors
    /// [`SchemaError`] if there is no such service or method.
    pub fn method(&self, path: &str) -> Result<Method, SchemaError> {
        let path = path.trim_start_matches('/');
        let (service_name, name) = path.split_once('/').ok_or_else(|| SchemaError::Path {
            text: path.to_owned(),
        })?;
        let service = self.pool.get_service_by_name(service_name);
        let service = service.ok_or_else(|| SchemaError::UnknownService {
            service: service_name.to_owned(),
            known: self.services(),
        })?;
        let found = service.methods().find(|method| method.name() == name);
        let descriptor = found.ok_or_else(|| SchemaError::UnknownMethod {
            service: service_name.to_owned(),
            method: name.to_owned(),
            known: names(service.methods()),
        })?;
        Ok(Method { descriptor })
    }

    fn services(&self) -> Vec<String> {
        let services = self.pool.services();
        services
            .map(|service| service.full_name().to_owned())
            .collect()
    }
}

fn names(methods: impl Iterator<Item = MethodDescriptor>) -> Vec<String> {
    methods.map(|method| method.name().to_owned()).collect()
}

impl Method {
    /// `/package.Service/Method`.
    #[must_use]
    pub fn path(&self) -> String {
        let service = self.descriptor.parent_service().full_name();
        format!("/{service}/{}", self.descriptor.name())
    }

    /// Returns true if a call may send any number of messages instead of exactly one.
    #[must_use]
    pub fn takes_many(&self) -> bool {
        self.descriptor.is_client_streaming()
    }

    /// A message of the type that the method takes, from JSON as protobuf maps it: `bytes` are base64, names are in
    /// camel case or as in the `.proto` file, and what is unknown is a mistake.
    ///
    /// # Errors
    /// [`MessageError`] where the JSON is none.
    pub fn message(&self, json: &Value) -> Result<Message, MessageError> {
        let input = self.descriptor.input();
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        let message = DynamicMessage::deserialize_with_options(input.clone(), json, &options);
        message.map(Message).map_err(|error| MessageError {
            message_type: input.full_name().to_owned(),
            reason: error.to_string(),
        })
    }

    /// Returns a message of the type that the method returns as JSON, from the bytes of the wire. Fields that have their
    /// default are left out, as protobuf's mapping wants it.
    ///
    /// # Errors
    /// [`MessageError`] if the bytes are no such message.
    pub fn answer(&self, bytes: &[u8]) -> Result<Value, MessageError> {
        let output = self.descriptor.output();
        let wrong = |reason: String| MessageError {
            message_type: output.full_name().to_owned(),
            reason,
        };
        let message = DynamicMessage::decode(output.clone(), bytes);
        let message = message.map_err(|error| wrong(error.to_string()))?;
        let options = SerializeOptions::new();
        let json = message.serialize_with_options(serde_json::value::Serializer, &options);
        json.map_err(|error| wrong(error.to_string()))
    }
}

impl Message {
    /// Returns the bytes of the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }
}

/// The texts of a file and of everything that it imports, by the names that imports use.
struct Sources(BTreeMap<String, String>);

impl Sources {
    fn of(file: &str, read: &dyn Fn(&str) -> Option<String>) -> Sources {
        let mut texts = BTreeMap::new();
        let mut wanted = vec![file.to_owned()];
        while let Some(name) = wanted.pop() {
            if texts.contains_key(&name) {
                continue;
            }
            // What is missing or wrong is said when it is compiled.
            let Some(text) = read(&name) else { continue };
            if let Ok(parsed) = File::from_source(&name, &text) {
                wanted.extend(parsed.file_descriptor_proto().dependency.iter().cloned());
            }
            texts.insert(name, text);
        }
        Sources(texts)
    }
}

impl FileResolver for Sources {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        path.to_str().map(str::to_owned)
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.get(name) {
            Some(text) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}
