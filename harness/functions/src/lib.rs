//! Composition functions: what runs one, and the ways to reach it.
//!
//! The protocol is Crossplane's `apiextensions.fn.proto.v1`, with the types of `function-sdk-rust`. A function is known
//! by the name that a Composition's `functionRef` uses. It can be called in process (implement [`Function`]), reached by
//! gRPC at an [`GrpcFunction`], started as a [`Command`], or be the built-in [`AutoReady`]. Whatever it is, [`serve`] shows it
//! to a real Crossplane.

mod auto_ready;
mod command;
pub mod convert;
mod decode;
mod encode;
mod grpc_function;
mod serve;
mod service;
mod serving;
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

/// Something that composes: one step's function.
#[async_trait]
pub trait Function: Send + Sync {
    /// Answers one request. Fatal results are answers, not errors.
    ///
    /// # Errors
    /// If the function cannot be reached, crashes, takes too long, or answers something that is no response.
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError>;

    /// Answers one request as the controllers put it. Functions that need not have its objects decoded do better than
    /// this, which decodes them all.
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

    /// Answers one request for a trial, and notes in its trace what is known of the function beside the answer.
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

    /// Ends what was started for it; calls fail from then on. Nothing if nothing was.
    async fn close(&self) {}
}

/// A request, and what is known of it besides.
pub struct FunctionCall<'a> {
    /// What goes over the wire.
    pub request: wire::RunFunctionRequest,
    /// The observed composed resources, if they are at hand.
    observed: Option<&'a BTreeMap<String, Arc<Value>>>,
}

impl<'a> FunctionCall<'a> {
    /// Makes a call of a request alone.
    pub fn new(request: wire::RunFunctionRequest) -> Self {
        Self {
            request,
            observed: None,
        }
    }

    /// Makes a call whose observed composed resources are at hand: functions in this process need not decode them.
    pub fn with_observed(
        request: wire::RunFunctionRequest,
        observed: &'a BTreeMap<String, Arc<Value>>,
    ) -> Self {
        Self {
            request,
            observed: Some(observed),
        }
    }

    /// Returns the observed composite resource; `None` if there is none, or it cannot be read.
    pub fn composite(&self) -> Option<Value> {
        let composite = self.request.observed.as_ref()?.composite.as_ref()?;
        from_bytes(composite.resource.as_ref()?).ok()
    }

    /// Returns an observed composed resource; `None` if there is none, or it cannot be read.
    pub fn observed(&self, name: &str) -> Option<Arc<Value>> {
        if let Some(observed) = self.observed {
            return observed.get(name).cloned();
        }
        let state = self.request.observed.as_ref()?;
        let resource = state.resources.get(name)?.resource.as_ref()?;
        from_bytes(resource).ok().map(Arc::new)
    }
}

/// The reason why a function gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// No function of this name is configured.
    #[error("no function named {0:?} is configured")]
    Unknown(String),
    /// The address is not one.
    #[error("{address:?} is not an address: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The program could not be run at all.
    #[error("cannot start {program:?}: {source}")]
    Start {
        /// The program.
        program: String,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Neither arguments nor environment tell the program where to listen.
    #[error(
        "cannot start {program:?}: neither its arguments nor its environment contain {{address}} or {{port}}"
    )]
    NoAddress {
        /// The program.
        program: String,
    },
    /// The program runs but did not answer gRPC in time.
    #[error("{program:?} did not answer gRPC on {address} within {deadline:?}: {last}{}", tail(.stderr))]
    NotReady {
        /// The program.
        program: String,
        /// The place where it was to listen.
        address: String,
        /// The time that it had.
        deadline: Duration,
        /// What the last attempt met.
        last: String,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// The program ended.
    #[error("{program:?} ended ({status}){}", tail(.stderr))]
    Exited {
        /// The program.
        program: String,
        /// The way it ended.
        status: String,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// No answer in time.
    #[error("no answer from {address} within {deadline:?}")]
    Deadline {
        /// The function's address.
        address: String,
        /// The time that it had.
        deadline: Duration,
    },
    /// The gRPC call failed: the function is not there, refused, or answered what is no response.
    #[error("rpc error from {address}: code = {code:?} desc = {message}")]
    Rpc {
        /// The function's address.
        address: String,
        /// The status that the call ended with.
        code: tonic::Code,
        /// What it said.
        message: String,
    },
    /// An in-process function failed.
    #[error("{0}")]
    Failed(String),
}

/// The end of standard error as the end of a message.
fn tail(stderr: &str) -> String {
    let stderr = stderr.trim();
    if stderr.is_empty() {
        String::new()
    } else {
        format!("; its last words: {stderr}")
    }
}

/// Functions by the name that Compositions call them.
#[derive(Clone, Default)]
pub struct Functions {
    by_name: BTreeMap<String, Arc<dyn Function>>,
}

impl Functions {
    /// Starts with none.
    pub fn builder() -> FunctionsBuilder {
        FunctionsBuilder::default()
    }

    /// The function of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn Function>, FunctionError> {
        self.by_name
            .get(name)
            .ok_or_else(|| FunctionError::Unknown(name.to_owned()))
    }

    /// Every function with its name, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<dyn Function>)> {
        self.by_name
            .iter()
            .map(|(name, function)| (name.as_str(), function))
    }

    /// Ends what was started for them, one after the other.
    pub async fn close(&self) {
        for function in self.by_name.values() {
            function.close().await;
        }
    }

    /// Every name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// Collects [`Functions`].
#[derive(Default)]
pub struct FunctionsBuilder {
    functions: Functions,
}

impl FunctionsBuilder {
    /// Adds a function; a later one of the same name replaces an earlier.
    #[must_use]
    pub fn insert(mut self, name: impl Into<String>, function: Arc<dyn Function>) -> Self {
        self.functions.by_name.insert(name.into(), function);
        self
    }

    /// Returns what was collected.
    pub fn build(self) -> Functions {
        self.functions
    }
}
