//! Composition functions: their interface, and the ways to reach them.
//!
//! The protocol is Crossplane's `apiextensions.fn.proto.v1`, with the types of `function-sdk-rust`. A function has the
//! name that a Composition's `functionRef` uses. A function can be:
//!
//! - called in process (any implementation of [`Function`]),
//! - reached by gRPC (a [`GrpcFunction`]),
//! - started as a program (a [`Command`]),
//! - the built-in [`AutoReady`].
//!
//! [`serve`] makes any of them available to a real Crossplane.

mod auto_ready;
mod command;
pub mod convert;
mod decode;
mod encode;
mod grpc_function;
mod serve;
mod service;
mod serving;
mod tags;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use function_sdk_rust::proto::v1::{RunFunctionRequest, RunFunctionResponse};
use prost::Message as _;
use serde_json::Value;

pub use auto_ready::AutoReady;
pub use command::{Command, CommandSettings};
pub use crosscut_programs::{OnOutput, Trace};
pub use decode::{DecodeError, from_bytes};
pub use encode::to_bytes;
pub use function_sdk_rust::proto::v1;
pub use grpc_function::GrpcFunction;
pub use serve::{FunctionServer, ServeError, ServerTls, serve};

/// A composition function, which runs in a step of a pipeline.
#[async_trait]
pub trait Function: Send + Sync {
    /// Returns the response to one request. Fatal results are responses, not errors.
    ///
    /// # Errors
    /// [`FunctionError`] if the function cannot be reached, crashes, takes too long, or returns an invalid response.
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError>;

    /// Returns the response to one request of the controllers. This default decodes all objects; a function that does
    /// not need them should override it.
    ///
    /// # Errors
    /// As [`Function::run`].
    async fn respond(
        &self,
        call: &FunctionCall<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        let request = RunFunctionRequest::decode(call.request.encode_to_vec().as_slice());
        let request = request.map_err(|error| FunctionError::Failed(error.to_string()))?;
        let response = self.run(request).await?;
        wire::RunFunctionResponse::decode(Bytes::from(response.encode_to_vec()))
            .map_err(|error| FunctionError::Failed(error.to_string()))
    }

    /// Returns the response to one request of a trial, and records the function's log and crashes in the trial's trace.
    ///
    /// # Errors
    /// As [`Function::run`].
    async fn respond_for(
        &self,
        call: &FunctionCall<'_>,
        trace: &Trace,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        let _ = trace;
        self.respond(call).await
    }

    /// Ends the processes that were started for the function, if any; later calls fail.
    async fn close(&self) {}
}

/// A request, with the objects that were encoded in it.
pub struct FunctionCall<'a> {
    /// The request on the wire.
    pub request: wire::RunFunctionRequest,
    /// The observed composed resources, if the caller has them decoded.
    observed: Option<&'a BTreeMap<String, Arc<Value>>>,
}

impl<'a> FunctionCall<'a> {
    /// Creates a call with a request alone.
    pub fn new(request: wire::RunFunctionRequest) -> Self {
        Self {
            request,
            observed: None,
        }
    }

    /// Creates a call with decoded observed composed resources: functions in this process need not decode them.
    pub fn with_observed(
        request: wire::RunFunctionRequest,
        observed: &'a BTreeMap<String, Arc<Value>>,
    ) -> Self {
        Self {
            request,
            observed: Some(observed),
        }
    }

    /// Returns the observed composite resource; `None` if it is missing or cannot be decoded.
    pub fn composite(&self) -> Option<Value> {
        let composite = self.request.observed.as_ref()?.composite.as_ref()?;
        from_bytes(composite.resource.as_ref()?).ok()
    }

    /// Returns an observed composed resource; `None` if it is missing or cannot be decoded.
    pub fn observed(&self, name: &str) -> Option<Arc<Value>> {
        if let Some(observed) = self.observed {
            return observed.get(name).cloned();
        }
        let state = self.request.observed.as_ref()?;
        let resource = state.resources.get(name)?.resource.as_ref()?;
        from_bytes(resource).ok().map(Arc::new)
    }
}

/// The reason why a function returned no response.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// No function of this name is configured.
    #[error("no function named {0:?} is configured")]
    Unknown(String),
    /// The address is invalid.
    #[error("{address:?} is not an address: {reason}")]
    Address {
        /// The given address.
        address: String,
        /// The reason why the address is invalid.
        reason: String,
    },
    /// The program could not be started.
    #[error("cannot start {program:?}: {source}")]
    Start {
        /// The program.
        program: String,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Neither the arguments nor the environment contain the address to listen on.
    #[error(
        "cannot start {program:?}: neither its arguments nor its environment contain {{address}} or {{port}}"
    )]
    NoAddress {
        /// The program.
        program: String,
    },
    /// The program runs but did not serve gRPC in time.
    #[error("{program:?} did not answer gRPC on {address} within {deadline:?}: {last}{}", tail(.stderr))]
    NotReady {
        /// The program.
        program: String,
        /// The address to listen on.
        address: String,
        /// The time limit.
        deadline: Duration,
        /// The error of the last attempt.
        last: String,
        /// The end of the program's standard error.
        stderr: String,
    },
    /// The program ended.
    #[error("{program:?} ended ({status}){}", tail(.stderr))]
    Exited {
        /// The program.
        program: String,
        /// The exit status.
        status: String,
        /// The end of the program's standard error.
        stderr: String,
    },
    /// The function did not respond in time.
    #[error("no answer from {address} within {deadline:?}")]
    Deadline {
        /// The function's address.
        address: String,
        /// The time limit.
        deadline: Duration,
    },
    /// The gRPC call failed: the function is unreachable, refused the call, or returned an invalid response.
    #[error("rpc error from {address}: code = {code:?} desc = {message}")]
    Rpc {
        /// The function's address.
        address: String,
        /// The status code of the call.
        code: tonic::Code,
        /// The status message.
        message: String,
    },
    /// An in-process function failed.
    #[error("{0}")]
    Failed(String),
}

/// Returns the end of standard error as the end of a message.
fn tail(stderr: &str) -> String {
    let stderr = stderr.trim();
    if stderr.is_empty() {
        String::new()
    } else {
        format!("; its last words: {stderr}")
    }
}

/// Functions by their names in Compositions.
#[derive(Clone, Default)]
pub struct Functions {
    by_name: BTreeMap<String, Arc<dyn Function>>,
}

impl Functions {
    /// Returns a builder without functions.
    pub fn builder() -> FunctionsBuilder {
        FunctionsBuilder::default()
    }

    /// Returns the function of this name.
    ///
    /// # Errors
    /// [`FunctionError::Unknown`] if there is none.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn Function>, FunctionError> {
        self.by_name
            .get(name)
            .ok_or_else(|| FunctionError::Unknown(name.to_owned()))
    }

    /// Returns every function with its name, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<dyn Function>)> {
        self.by_name
            .iter()
            .map(|(name, function)| (name.as_str(), function))
    }

    /// Ends the processes that were started for the functions, one after the other.
    pub async fn close(&self) {
        for function in self.by_name.values() {
            function.close().await;
        }
    }

    /// Returns every name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// A builder of [`Functions`].
#[derive(Default)]
pub struct FunctionsBuilder {
    functions: Functions,
}

impl FunctionsBuilder {
    /// Adds a function; it replaces an earlier one of the same name.
    #[must_use]
    pub fn insert(mut self, name: impl Into<String>, function: Arc<dyn Function>) -> Self {
        self.functions.by_name.insert(name.into(), function);
        self
    }

    /// Returns the collected functions.
    pub fn build(self) -> Functions {
        self.functions
    }
}
