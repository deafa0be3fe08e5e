//! A function program for tests of the command runtime: this test binary, started again with a mode.
//!
//! The ignored test below is that program. It does nothing unless the environment says what to be.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use crosscut_crossplane::function::CommandSettings;
use function_sdk_rust::proto::v1::function_runner_service_server::{
    FunctionRunnerService, FunctionRunnerServiceServer,
};
use function_sdk_rust::proto::v1::{RunFunctionRequest, RunFunctionResponse};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// The mode of the program.
const MODE: &str = "CROSSCUT_STUB_MODE";
/// Where it listens.
const ADDRESS: &str = "CROSSCUT_STUB_ADDRESS";
/// Where it notes the process that it started.
pub(crate) const NOTE: &str = "CROSSCUT_STUB_NOTE";

/// How to start the program in a mode.
pub(crate) fn settings(mode: &str) -> CommandSettings {
    let program = std::env::current_exe()
        .expect("a path")
        .to_string_lossy()
        .into_owned();
    let arguments = ["stub::stub_function", "--exact", "--ignored", "--nocapture"];
    let environment = BTreeMap::from([
        (MODE.to_owned(), mode.to_owned()),
        (ADDRESS.to_owned(), "{address}".to_owned()),
    ]);
    CommandSettings {
        environment,
        start_deadline: Duration::from_secs(20),
        ..CommandSettings::new(program, arguments)
    }
}

#[test]
#[ignore = "the program that the other tests start"]
fn stub_function() {
    let (Ok(mode), Ok(address)) = (std::env::var(MODE), std::env::var(ADDRESS)) else {
        return;
    };
    let address: SocketAddr = address.parse().expect("an address");
    match mode.as_str() {
        "crash-at-start" => end("no configuration found", 3),
        "never-listens" => sleep(),
        "speaks-no-grpc" => speak_nonsense(address),
        "answers-nonsense" => serve_nonsense(address),
        "starts-a-child" => {
            start_child();
            serve(address, "answers");
        }
        mode => serve(address, mode),
    }
}

#[expect(clippy::exit, reason = "ending abruptly is what it is for")]
#[expect(clippy::print_stderr, reason = "its last words")]
fn end(words: &str, code: i32) -> ! {
    eprintln!("{words}");
    std::process::exit(code)
}

fn sleep() {
    std::thread::sleep(Duration::from_secs(60));
}

#[expect(
    clippy::zombie_processes,
    reason = "nobody waits for it, which is the point"
)]
fn start_child() {
    let child = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .expect("a child");
    let note = std::env::var(NOTE).expect("a path for the note");
    std::fs::write(note, child.id().to_string()).expect("a note");
}

fn speak_nonsense(address: SocketAddr) {
    let listener = TcpListener::bind(address).expect("a listener");
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let _ = stream.write_all(b"220 this is not the server you are looking for\r\n");
        let _ = stream.read(&mut [0; 64]);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve(address: SocketAddr, mode: &str) {
    let service = FunctionRunnerServiceServer::new(Stub {
        mode: mode.to_owned(),
    });
    Server::builder()
        .add_service(service)
        .serve(address)
        .await
        .expect("a server");
}

struct Stub {
    mode: String,
}

#[tonic::async_trait]
impl FunctionRunnerService for Stub {
    async fn run_function(
        &self,
        request: Request<RunFunctionRequest>,
    ) -> Result<Response<RunFunctionResponse>, Status> {
        match self.mode.as_str() {
            "crash-on-call" => end("cannot go on", 7),
            "hang-on-call" => tokio::time::sleep(Duration::from_secs(60)).await,
            "refuse-on-call" => return Err(Status::permission_denied("not for you")),
            _ => {}
        }
        let request = request.into_inner();
        Ok(Response::new(RunFunctionResponse {
            desired: request.desired,
            context: request.context,
            ..RunFunctionResponse::default()
        }))
    }
}

/// A server that answers the call as gRPC, with a message that is none.
#[tokio::main(flavor = "current_thread")]
async fn serve_nonsense(address: SocketAddr) {
    Server::builder()
        .add_service(nonsense::Nonsense)
        .serve(address)
        .await
        .expect("a server");
}

mod nonsense {
    use std::convert::Infallible;
    use std::future::{Ready, ready};
    use std::task::{Context, Poll};

    use http_body_util::{BodyExt as _, Full};
    use tonic::body::Body;
    use tonic::server::NamedService;

    #[derive(Clone)]
    pub(super) struct Nonsense;

    impl NamedService for Nonsense {
        const NAME: &'static str = "apiextensions.fn.proto.v1.FunctionRunnerService";
    }

    impl tower::Service<http::Request<Body>> for Nonsense {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = Ready<Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            let frame: &'static [u8] = b"\0\0\0\0\x05\xff\xff\xff\xff\xff";
            let trailers = http::HeaderMap::from_iter([(
                http::HeaderName::from_static("grpc-status"),
                http::HeaderValue::from_static("0"),
            )]);
            let body = Full::from(frame).with_trailers(async move { Some(Ok(trailers)) });
            let response = http::Response::builder()
                .header("content-type", "application/grpc")
                .body(Body::new(body));
            ready(Ok(response.expect("a response")))
        }
    }
}
