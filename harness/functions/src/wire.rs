//! The messages of `apiextensions.fn.proto.v1`, with every object left as encoded bytes.
//!
//! A composite resource is composed repeatedly, with nearly the same objects in each request. So an unchanged object
//! is encoded only once, and the desired objects of one step go to the next step unchanged. The fields have the
//! numbers of Crossplane 2.2's `run_function.proto`; other messages have the types of `function-sdk-rust`.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use function_sdk_rust::proto::v1::{
    Condition, Credentials, RequestMeta, Requirements, ResponseMeta, Result as Outcome,
};

/// A resource, with its Struct as bytes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Resource {
    /// The object: an encoded `google.protobuf.Struct`.
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub resource: Option<Bytes>,
    /// The connection details of the resource.
    #[prost(btree_map = "string, bytes", tag = "2")]
    pub connection_details: BTreeMap<String, Vec<u8>>,
    /// The number of a `Ready` value.
    #[prost(int32, tag = "3")]
    pub ready: i32,
}

/// A composite resource with its composed resources.
#[derive(Clone, PartialEq, prost::Message)]
pub struct State {
    /// The composite resource.
    #[prost(message, optional, tag = "1")]
    pub composite: Option<Resource>,
    /// The composed resources, by their names in the composition.
    #[prost(btree_map = "string, message", tag = "2")]
    pub resources: BTreeMap<String, Resource>,
}

/// Resources that a requirement selected.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Resources {
    /// The resources, in the order of the request.
    #[prost(message, repeated, tag = "1")]
    pub items: Vec<Resource>,
}

/// The schema of a requested kind.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Schema {
    /// The OpenAPI schema: an encoded Struct. `None` if the kind is not known.
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub openapi_v3: Option<Bytes>,
}

/// A request to a function.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RunFunctionRequest {
    /// The identity of the request.
    #[prost(message, optional, tag = "1")]
    pub meta: Option<RequestMeta>,
    /// The observed state.
    #[prost(message, optional, tag = "2")]
    pub observed: Option<State>,
    /// The state that the earlier steps desire.
    #[prost(message, optional, tag = "3")]
    pub desired: Option<State>,
    /// The step's input: an encoded Struct.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub input: Option<Bytes>,
    /// The context of the earlier steps: an encoded Struct.
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub context: Option<Bytes>,
    /// The resources that the function required in the old field `extra_resources`.
    #[prost(btree_map = "string, message", tag = "6")]
    pub extra_resources: BTreeMap<String, Resources>,
    /// The credentials of the step.
    #[prost(map = "string, message", tag = "7")]
    pub credentials: HashMap<String, Credentials>,
    /// The resources that the function or its step required.
    #[prost(btree_map = "string, message", tag = "8")]
    pub required_resources: BTreeMap<String, Resources>,
    /// The schemas that the function or its step required.
    #[prost(btree_map = "string, message", tag = "9")]
    pub required_schemas: BTreeMap<String, Schema>,
}

/// The response of a function.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RunFunctionResponse {
    /// The lifetime of the response.
    #[prost(message, optional, tag = "1")]
    pub meta: Option<ResponseMeta>,
    /// The desired state after the function.
    #[prost(message, optional, tag = "2")]
    pub desired: Option<State>,
    /// The results, which become Events.
    #[prost(message, repeated, tag = "3")]
    pub results: Vec<Outcome>,
    /// The context for the later steps: an encoded Struct.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub context: Option<Bytes>,
    /// The requirements of the function.
    #[prost(message, optional, tag = "5")]
    pub requirements: Option<Requirements>,
    /// Conditions of the composite resource.
    #[prost(message, repeated, tag = "6")]
    pub conditions: Vec<Condition>,
    /// The output of an operation's function: an encoded Struct. Composite resources ignore it.
    #[prost(bytes = "bytes", optional, tag = "7")]
    pub output: Option<Bytes>,
}

#[cfg(test)]
mod tests {
    use function_sdk_rust::proto::v1 as sdk;
    use prost::Message as _;
    use serde_json::json;

    use super::*;
    use crate::convert;

    /// The same message through both sets of types.
    #[test]
    fn the_fields_are_those_of_the_sdk() {
        let object = json!({"kind": "Thing", "spec": {"size": 3}});
        let resource = sdk::Resource {
            resource: Some(convert::to_struct(&object)),
            connection_details: HashMap::from([("user".to_owned(), b"root".to_vec())]),
            ready: sdk::Ready::False as i32,
        };
        let state = sdk::State {
            composite: Some(resource.clone()),
            resources: HashMap::from([("a".to_owned(), resource.clone())]),
        };
        let resources = sdk::Resources {
            items: vec![resource],
        };
        let request = sdk::RunFunctionRequest {
            meta: Some(sdk::RequestMeta {
                tag: "t".to_owned(),
                capabilities: vec![1],
            }),
            observed: Some(state.clone()),
            desired: Some(state),
            input: Some(convert::to_struct(&json!({"a": 1}))),
            context: Some(convert::to_struct(&json!({"b": 2}))),
            extra_resources: HashMap::from([("e".to_owned(), resources.clone())]),
            credentials: HashMap::from([("c".to_owned(), sdk::Credentials::default())]),
            required_resources: HashMap::from([("r".to_owned(), resources)]),
            required_schemas: HashMap::from([(
                "s".to_owned(),
                sdk::Schema {
                    openapi_v3: Some(convert::to_struct(&json!({"type": "object"}))),
                },
            )]),
        };
        let through = RunFunctionRequest::decode(request.encode_to_vec().as_slice()).unwrap();
        let back = sdk::RunFunctionRequest::decode(through.encode_to_vec().as_slice()).unwrap();
        assert_eq!(back, request);

        let response = sdk::RunFunctionResponse {
            meta: Some(sdk::ResponseMeta {
                tag: "t".to_owned(),
                ttl: None,
            }),
            desired: request.desired,
            results: vec![sdk::Result::default()],
            context: request.context,
            requirements: Some(sdk::Requirements::default()),
            conditions: vec![sdk::Condition::default()],
            output: Some(convert::to_struct(&json!({"o": [1]}))),
        };
        let through = RunFunctionResponse::decode(response.encode_to_vec().as_slice()).unwrap();
        let back = sdk::RunFunctionResponse::decode(through.encode_to_vec().as_slice()).unwrap();
        assert_eq!(back, response);
    }
}
