//! gRPC services with descriptions that are read at run time.

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
    /// Returns the description of `grpc.health.v1`, which needs no file.
    ///
    /// # Errors
    /// Returns an error only if the library's own descriptor set is invalid.
    pub fn health() -> Result<Schema, SchemaError> {
        Schema::from_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    }

    /// Reads the services of an encoded `google.protobuf.FileDescriptorSet`, the output of `protoc --include_imports
    /// -o` and `buf build -o`.
    ///
    /// # Errors
    /// Returns [`SchemaError::DescriptorSet`] if the bytes are invalid or an import is missing.
    pub fn from_descriptor_set(bytes: &[u8]) -> Result<Schema, SchemaError> {
        let pool = DescriptorPool::decode(bytes).map_err(|error| SchemaError::DescriptorSet {
            message: chain(&error),
        })?;
        Ok(Schema { pool })
    }

    /// Compiles the services of a `.proto` file and its imports. `read` returns the text of a file by its name in
    /// imports, or `None` if there is none. Google's own types need no file.
    ///
    /// # Errors
    /// Returns [`SchemaError::Proto`] if a file is invalid or missing.
    pub fn compile(
        file: &str,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Schema, SchemaError> {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Sources::of(file, read));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.open_file(file).map_err(|error| {
            // Only the Debug form contains the place in the file.
            SchemaError::Proto {
                message: format!("{error:?}").trim().to_owned(),
            }
        })?;
        Ok(Schema {
            pool: compiler.descriptor_pool(),
        })
    }

    /// Returns a method by its path, `package.Service/Method`.
    ///
    /// # Errors
    /// Returns a [`SchemaError`] if there is no such service or method, or the path has another form.
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
    /// Returns the path of the method, `/package.Service/Method`.
    #[must_use]
    pub fn path(&self) -> String {
        let service = self.descriptor.parent_service().full_name();
        format!("/{service}/{}", self.descriptor.name())
    }

    /// Returns true if a call may send any number of messages, not exactly one.
    #[must_use]
    pub fn takes_many(&self) -> bool {
        self.descriptor.is_client_streaming()
    }

    /// Returns a message of the method's input type, from protobuf's JSON: `bytes` are base64, and names are in camel
    /// case or as in the `.proto` file. Unknown fields are errors.
    ///
    /// # Errors
    /// Returns a [`MessageError`] if the JSON does not match the type.
    pub fn message(&self, json: &Value) -> Result<Message, MessageError> {
        let input = self.descriptor.input();
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        let message = DynamicMessage::deserialize_with_options(input.clone(), json, &options);
        message.map(Message).map_err(|error| MessageError {
            message_type: input.full_name().to_owned(),
            reason: error.to_string(),
        })
    }

    /// Decodes a message of the method's output type into JSON. Fields with their default value are left out, as in
    /// protobuf's JSON mapping.
    ///
    /// # Errors
    /// Returns a [`MessageError`] if the bytes do not match the type.
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
    /// Returns the encoded message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }
}

/// The texts of a file and its imports, by their names in imports.
struct Sources(BTreeMap<String, String>);

impl Sources {
    fn of(file: &str, read: &dyn Fn(&str) -> Option<String>) -> Sources {
        let mut texts = BTreeMap::new();
        let mut wanted = vec![file.to_owned()];
        while let Some(name) = wanted.pop() {
            if texts.contains_key(&name) {
                continue;
            }
            // The compiler reports missing and invalid files.
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
