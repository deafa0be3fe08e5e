//! The gRPC service of a function, with every object left as encoded bytes.
//!
//! The generated service decodes objects with prost, which decodes at most 100 nested messages. A
//! CustomResourceDefinition with a pod template in its schema has more.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use function_sdk_rust::proto::v1::function_runner_service_server::SERVICE_NAME;
use futures::future::BoxFuture;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::grpc_function::METHOD;
use super::serve::status;
use super::{Function, FunctionCall, wire};

/// The largest request in bytes: the default of the SDKs' servers. Responses have no limit here, since the client has
/// one: Crossplane accepts 4 MiB.
const REQUEST_LIMIT: usize = 4 * 1024 * 1024;

/// A function as a gRPC service.
#[derive(Clone)]
pub(crate) struct Service {
    function: Arc<dyn Function>,
    deadline: Duration,
}

impl Service {
    /// Creates a service whose calls have this deadline.
    pub(crate) fn new(function: Arc<dyn Function>, deadline: Duration) -> Self {
        Self { function, deadline }
    }

    async fn answer(
        &self,
        request: wire::RunFunctionRequest,
    ) -> Result<Response<wire::RunFunctionResponse>, Status> {
        let call = FunctionCall::new(request);
        let answer = self.function.respond(&call);
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(answer) => answer.map(Response::new).map_err(status),
            Err(_) => Err(Status::deadline_exceeded(format!(
                "no answer within {:?}",
                self.deadline
            ))),
        }
    }
}

impl NamedService for Service {
    const NAME: &'static str = SERVICE_NAME;
}

impl UnaryService<wire::RunFunctionRequest> for Service {
    type Response = wire::RunFunctionResponse;
    type Future = BoxFuture<'static, Result<Response<Self::Response>, Status>>;

    fn call(&mut self, request: Request<wire::RunFunctionRequest>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { service.answer(request.into_inner()).await })
    }
}

impl tower::Service<http::Request<Body>> for Service {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            if request.uri().path() != METHOD {
                return Ok(Status::unimplemented("there is no such method").into_http());
            }
            let codec =
                ProstCodec::<wire::RunFunctionResponse, wire::RunFunctionRequest>::default();
            let mut grpc =
                Grpc::new(codec).apply_max_message_size_config(Some(REQUEST_LIMIT), None);
            Ok(grpc.unary(service, request).await)
        })
    }
}
