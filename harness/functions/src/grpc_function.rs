//! A function that is reached by gRPC.

use std::time::Duration;

use async_trait::async_trait;
use function_sdk_rust::proto::v1::function_runner_service_client::FunctionRunnerServiceClient;
use function_sdk_rust::proto::v1::{RunFunctionRequest, RunFunctionResponse};
use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::{Function, FunctionCall, FunctionError, wire};

/// The path of the one method of Crossplane's functions.
pub(crate) const METHOD: &str = "/apiextensions.fn.proto.v1.FunctionRunnerService/RunFunction";

/// A function reached by gRPC. The connection is opened at the first call, and reopened after it is
/// lost.
///
/// Messages are limited to gRPC's 4 MiB, as in Crossplane's client.
#[derive(Clone, Debug)]
pub struct GrpcFunction {
    channel: Channel,
    address: String,
    deadline: Duration,
}

impl GrpcFunction {
    /// Creates a function that serves without TLS at `host:port`; each call has this deadline.
    ///
    /// # Errors
    /// [`FunctionError::Address`] if the text is not an address.
    pub fn plaintext(address: &str, deadline: Duration) -> Result<Self, FunctionError> {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(|error| {
            FunctionError::Address {
                address: address.to_owned(),
                reason: crosscut_errors::chain(&error),
            }
        })?;
        Ok(Self::with_endpoint(&endpoint, deadline))
    }

    /// Creates a function with an endpoint that the caller configured, with TLS for example.
    pub fn with_endpoint(endpoint: &Endpoint, deadline: Duration) -> Self {
        let address = endpoint
            .uri()
            .authority()
            .map_or_else(|| endpoint.uri().to_string(), ToString::to_string);
        Self {
            channel: endpoint.connect_lazy(),
            address,
            deadline,
        }
    }

    /// Returns the connection, for other services at the same address.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }
}

impl std::fmt::Display for GrpcFunction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.address)
    }
}

#[async_trait]
impl Function for GrpcFunction {
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        let mut client = FunctionRunnerServiceClient::new(self.channel.clone());
        self.in_time(client.run_function(request)).await
    }

    async fn respond(
        &self,
        call: &FunctionCall<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        self.in_time(self.call(call.request.clone())).await
    }
}

impl GrpcFunction {
    /// Makes the same call as the generated client, with objects left as bytes.
    async fn call(
        &self,
        request: wire::RunFunctionRequest,
    ) -> Result<Response<wire::RunFunctionResponse>, Status> {
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| {
            Status::unknown(format!(
                "Service was not ready: {}",
                crosscut_errors::chain(&error)
            ))
        })?;
        let codec = ProstCodec::default();
        client
            .unary(
                Request::new(request),
                PathAndQuery::from_static(METHOD),
                codec,
            )
            .await
    }

    async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, FunctionError> {
        match tokio::time::timeout(self.deadline, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(FunctionError::Rpc {
                address: self.address.clone(),
                code: status.code(),
                message: status_text(&status),
            }),
            Err(_) => Err(FunctionError::Deadline {
                address: self.address.clone(),
                deadline: self.deadline,
            }),
        }
    }
}

/// Returns a status message with its causes, which tonic keeps out of the message.
pub(crate) fn status_text(status: &tonic::Status) -> String {
    match std::error::Error::source(status) {
        Some(source) => format!("{}: {}", status.message(), crosscut_errors::chain(source)),
        None => status.message().to_owned(),
    }
}
