//! gRPC calls, unary and streaming, of methods whose types are known only at run time.

use std::error::Error as _;
use std::time::Duration;

use futures::stream;
use http::{HeaderMap, Response as Answer, Uri};
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::{Code, Extensions, Request, Response, Status, Streaming};
use tower::ServiceExt as _;

use crosscut_messages::{Message, Method, Protocol};

use crate::codec::ByteCodec;
use crate::dial::{Dial, connector};
use crate::error::{CallError, CallErrorKind, TlsError};
use crate::http_client::Bounds;
use crate::tls::Tls;

/// A gRPC call.
#[derive(Clone, Debug)]
pub struct GrpcCall {
    /// The method.
    pub method: Method,
    /// The metadata of the request.
    pub metadata: HeaderMap,
    /// The messages, in order. After the last one, the client closes its half of the stream.
    pub messages: Vec<Message>,
    /// The number of response messages after which the call is cancelled, for endless streams.
    pub take: Option<usize>,
}

/// The response of a call.
#[derive(Clone, Debug, Default)]
pub struct GrpcAnswer {
    /// The headers before the first message.
    pub headers: HeaderMap,
    /// The response messages as JSON, in order.
    pub messages: Vec<Value>,
    /// The status of the call; `None` if the call was cancelled before its end.
    pub status: Option<GrpcStatus>,
    /// The trailers after the last message.
    pub trailers: HeaderMap,
}

/// The end of a call.
#[derive(Clone, Debug)]
pub struct GrpcStatus {
    /// The code's number.
    pub code: i32,
    /// The code's name, such as `NOT_FOUND`.
    pub name: &'static str,
    /// The status message of the server.
    pub message: String,
}

/// A call without a status, with the response so far.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct GrpcBroken {
    /// The reason.
    #[source]
    pub error: CallError,
    /// The response so far.
    pub so_far: GrpcAnswer,
}

/// A client with connections to one host and port.
#[derive(Clone, Debug)]
pub struct GrpcClient {
    client: Client<HttpsConnector<Dial>, Body>,
    origin: Uri,
}

impl GrpcClient {
    /// Creates a client for `origin`, `http://host:port` or `https://host:port`, without connecting.
    ///
    /// # Errors
    /// [`TlsError`] for unusable certificates or keys.
    pub fn new(origin: &Uri, tls: &Tls) -> Result<GrpcClient, TlsError> {
        let connector = connector(origin.clone(), Protocol::Http2, tls)?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .http2_only(true)
            .build(connector);
        let origin = origin.clone();
        Ok(GrpcClient { client, origin })
    }

    /// Makes a call and reads all response messages.
    ///
    /// # Errors
    /// [`GrpcBroken`] if the server sends no status, or not within the bounds. A status other than `OK` is no
    /// error.
    pub async fn call(&self, call: &GrpcCall, bounds: Bounds) -> Result<GrpcAnswer, GrpcBroken> {
        let mut answer = GrpcAnswer::default();
        let reading = self.read(call, bounds, &mut answer);
        let read = tokio::time::timeout(bounds.deadline, reading).await;
        match read.unwrap_or_else(|_| Err(overdue(bounds.deadline))) {
            Ok(()) => Ok(answer),
            Err(error) => Err(GrpcBroken {
                error,
                so_far: answer,
            }),
        }
    }

    async fn read(
        &self,
        call: &GrpcCall,
        bounds: Bounds,
        answer: &mut GrpcAnswer,
    ) -> Result<(), CallError> {
        let mut stream = match self.begin(call, bounds).await {
            Ok(response) => {
                let (metadata, stream, _) = response.into_parts();
                answer.headers = metadata.into_headers();
                stream
            }
            Err(status) => return end(answer, &status, bounds),
        };
        let most = call.take.unwrap_or(usize::MAX);
        while answer.messages.len() < most {
            match stream.message().await {
                Ok(Some(bytes)) => match call.method.answer(&bytes) {
                    Ok(message) => answer.messages.push(message),
                    Err(error) => {
                        return end(answer, &Status::internal(error.to_string()), bounds);
                    }
                },
                Ok(None) => {
                    let trailers = stream.trailers().await;
                    answer.trailers = trailers
                        .ok()
                        .flatten()
                        .map(MetadataMap::into_headers)
                        .unwrap_or_default();
                    return end(answer, &Status::ok(""), bounds);
                }
                Err(status) => return end(answer, &status, bounds),
            }
        }
        Ok(())
    }

    async fn begin(
        &self,
        call: &GrpcCall,
        bounds: Bounds,
    ) -> Result<Response<Streaming<Vec<u8>>>, Status> {
        // The limit applies to all messages together, not to each.
        let bounded = self
            .client
            .clone()
            .map_response(move |answer: Answer<Incoming>| {
                answer.map(|body| Limited::new(body, bounds.bytes))
            });
        let mut grpc = Grpc::with_origin(bounded, self.origin.clone())
            .max_decoding_message_size(usize::MAX)
            .max_encoding_message_size(usize::MAX);
        grpc.ready()
            .await
            .map_err(|error| Status::from_error(Box::new(error)))?;
        let path = call.method.path().parse();
        let path = path.map_err(|error: http::uri::InvalidUri| Status::from_error(error.into()))?;
        let messages: Vec<_> = call.messages.iter().map(Message::to_bytes).collect();
        let metadata = MetadataMap::from_headers(call.metadata.clone());
        let request = Request::from_parts(metadata, Extensions::default(), stream::iter(messages));
        grpc.streaming(request, path, ByteCodec).await
    }
}

/// Records the server's status. A status that the client made because the connection broke is an error.
fn end(answer: &mut GrpcAnswer, status: &Status, bounds: Bounds) -> Result<(), CallError> {
    if let Some(cause) = status.source() {
        return Err(CallError::of_connection(cause, bounds.bytes));
    }
    if status.code() != Code::Ok {
        answer.trailers = status.metadata().clone().into_headers();
    }
    answer.status = Some(GrpcStatus {
        code: status.code() as i32,
        name: name(status.code()),
        message: status.message().to_owned(),
    });
    Ok(())
}

fn overdue(deadline: Duration) -> CallError {
    let message = format!("the call did not end within {deadline:?}");
    CallError::new(CallErrorKind::Deadline, message)
}

/// Returns the code's name in gRPC's documents.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
