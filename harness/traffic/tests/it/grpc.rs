//! Tests of calls to real gRPC servers: health (unary and server streaming) and reflection
//! (bidirectional streaming).

use std::time::Duration;

use crosscut_traffic::{
    Bounds, CallErrorKind, GrpcAnswer, GrpcBroken, GrpcCall, GrpcClient, Tls, Upstream,
    UpstreamSettings,
};

use crosscut_messages::Schema;
use http::{HeaderMap, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

const BOUNDS: Bounds = Bounds {
    deadline: Duration::from_secs(20),
    bytes: 1 << 20,
};

/// Starts a server with health and reflection; returns its origin.
async fn server() -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status("pool", tonic_health::ServingStatus::NotServing)
        .await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap();
    let server = Server::builder()
        .add_service(health)
        .add_service(reflection);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    origin.parse().unwrap()
}

fn schema(method: &str) -> Schema {
    if method.starts_with("grpc.health") {
        Schema::health().unwrap()
    } else {
        Schema::from_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET).unwrap()
    }
}

async fn called(
    origin: &Uri,
    method: &str,
    messages: &[Value],
    take: Option<usize>,
    bounds: Bounds,
) -> Result<GrpcAnswer, GrpcBroken> {
    let method = schema(method).method(method).unwrap();
    let messages = messages
        .iter()
        .map(|message| method.message(message).unwrap());
    let call = GrpcCall {
        messages: messages.collect(),
        metadata: HeaderMap::new(),
        method,
        take,
    };
    let client = GrpcClient::new(origin, &Tls::default()).unwrap();
    client.call(&call, bounds).await
}

const CHECK: &str = "grpc.health.v1.Health/Check";
const WATCH: &str = "grpc.health.v1.Health/Watch";
const REFLECTION: &str = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

#[tokio::test]
async fn a_unary_call() {
    let origin = server().await;
    let answer = called(&origin, CHECK, &[json!({"service": "pool"})], None, BOUNDS)
        .await
        .unwrap();
    assert_eq!(answer.messages, [json!({"status": "NOT_SERVING"})]);
    assert_eq!(answer.status.unwrap().name, "OK");
}

#[tokio::test]
async fn a_status_is_an_answer() {
    let origin = server().await;
    let answer = called(&origin, CHECK, &[json!({"service": "other"})], None, BOUNDS)
        .await
        .unwrap();
    let status = answer.status.unwrap();
    assert_eq!((status.code, status.name), (5, "NOT_FOUND"));
    assert!(!status.message.is_empty());
    assert!(answer.messages.is_empty());
}

#[tokio::test]
async fn a_stream_without_an_end_is_left() {
    let origin = server().await;
    let watch = |take, bounds| {
        let origin = origin.clone();
        async move { called(&origin, WATCH, &[json!({"service": "pool"})], take, bounds).await }
    };
    let answer = watch(Some(1), BOUNDS).await.unwrap();
    assert_eq!(answer.messages, [json!({"status": "NOT_SERVING"})]);
    assert!(answer.status.is_none());
    let short = Bounds {
        deadline: Duration::from_millis(300),
        ..BOUNDS
    };
    let broken = watch(Some(2), short).await.unwrap_err();
    assert_eq!(broken.error.kind, CallErrorKind::Deadline);
    assert_eq!(broken.so_far.messages.len(), 1, "what had come is told");
}

#[tokio::test]
async fn a_stream_both_ways() {
    let origin = server().await;
    let messages = [
        json!({"listServices": ""}),
        json!({"fileContainingSymbol": "grpc.health.v1.Health"}),
        json!({"listServices": ""}),
    ];
    let answer = called(&origin, REFLECTION, &messages, None, BOUNDS)
        .await
        .unwrap();
    assert_eq!(answer.status.unwrap().name, "OK");
    let kinds: Vec<bool> = answer
        .messages
        .iter()
        .map(|message| message.get("listServicesResponse").is_some())
        .collect();
    assert_eq!(kinds, [true, false, true]);
    let names = &answer.messages[0]["listServicesResponse"]["service"];
    assert!(
        names
            .as_array()
            .unwrap()
            .contains(&json!({"name": "grpc.health.v1.Health"}))
    );
}

#[tokio::test]
async fn a_stream_that_ends_badly() {
    let origin = server().await;
    let messages = [
        json!({"listServices": ""}),
        json!({"fileContainingSymbol": "nothing.like.It"}),
    ];
    let answer = called(&origin, REFLECTION, &messages, None, BOUNDS)
        .await
        .unwrap();
    assert_eq!(answer.status.unwrap().name, "NOT_FOUND");
    assert_eq!(answer.messages.len(), 1);
}

#[tokio::test]
async fn a_stream_of_nothing() {
    let origin = server().await;
    let answer = called(&origin, REFLECTION, &[], None, BOUNDS)
        .await
        .unwrap();
    assert_eq!(answer.status.unwrap().name, "OK");
    assert!(answer.messages.is_empty());
}

#[tokio::test]
async fn answers_are_bounded() {
    let origin = server().await;
    let bounds = Bounds {
        bytes: 64,
        ..BOUNDS
    };
    let messages = vec![json!({"listServices": ""}); 3];
    let broken = called(&origin, REFLECTION, &messages, None, bounds)
        .await
        .unwrap_err();
    assert_eq!(broken.error.kind, CallErrorKind::TooLarge, "{broken}");
}

/// An echo server returns JSON with an HTTP status, not gRPC.
#[tokio::test]
async fn a_server_without_grpc() {
    let upstream = Upstream::start(UpstreamSettings::new("a")).await.unwrap();
    let origin = upstream.url().parse().unwrap();
    let called = called(&origin, CHECK, &[json!({})], None, BOUNDS).await;
    match called {
        Ok(answer) => assert_ne!(answer.status.unwrap().name, "OK"),
        Err(broken) => assert_eq!(broken.error.kind, CallErrorKind::Broken),
    }
}

#[tokio::test]
async fn nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    drop(listener);
    let broken = called(&origin, CHECK, &[json!({})], None, BOUNDS)
        .await
        .unwrap_err();
    assert_eq!(broken.error.kind, CallErrorKind::Refused, "{broken}");
}
