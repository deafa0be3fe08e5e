//! A composition function that misbehaves in a given mode: the test binary, started again.
//!
//! A test binary becomes the program through an ignored test that calls [`run`]; [`command`] returns the command.
//! Without a mode, for example in a run of all ignored tests, [`run`] returns at once.

#![expect(
    clippy::expect_used,
    reason = "a program for tests that cannot go on ends there and then"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use function_sdk_rust::proto::v1::function_runner_service_server::{
    FunctionRunnerService, FunctionRunnerServiceServer,
};
use function_sdk_rust::proto::v1::{RunFunctionRequest, RunFunctionResponse, Severity};
use prost::Message as _;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// The file in which a mode notes the process that it started; an argument or an environment variable.
pub const NOTE: &str = "CROSSCUT_STUB_NOTE";
/// The mode; an argument or an environment variable.
const MODE: &str = "CROSSCUT_STUB_MODE";
/// The address to listen on; an argument or an environment variable.
const ADDRESS: &str = "CROSSCUT_STUB_ADDRESS";

/// Returns program and arguments that start the calling test binary as a function in `mode`. `test` is the full name of
/// the ignored test that calls [`run`]. `{address}` stands for the address to listen on.
///
/// # Errors
/// [`std::io::Error`] if the path of the test binary is unknown.
pub fn command(test: &str, mode: &str) -> std::io::Result<Vec<String>> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let arguments = ["--exact", "--ignored", "--nocapture"].map(str::to_owned);
    let mut command = vec![program, test.to_owned()];
    command.extend(arguments);
    // The test harness takes these arguments for names of further tests, which do not exist.
    command.extend([format!("{MODE}={mode}"), format!("{ADDRESS}={{address}}")]);
    Ok(command)
}

/// Returns the value of an argument `name=value`, or of an environment variable.
fn setting(name: &str) -> Option<String> {
    std::env::args()
        .find_map(|argument| Some(argument.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
        .or_else(|| std::env::var(name).ok())
}

/// Runs the function until the process is killed; returns at once without a mode.
pub fn run() {
    let (Some(mode), Some(address)) = (setting(MODE), setting(ADDRESS)) else {
        return;
    };
    let address: SocketAddr = address.parse().expect("an address");
    match mode.as_str() {
        "crash-at-start" => end("no configuration found", 3),
        "never-listens" => sleep(),
        "speaks-no-grpc" => speak(
            address,
            b"220 this is not the server you are looking for\r\n",
        ),
        "speaks-http" => speak(address, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
        "answers-nonsense" => serve_raw(address, |_| vec![0xff; 5]),
        "composes-deep" => serve_raw(address, compose_deep),
        "starts-a-session-and-hangs" => {
            start_session();
            sleep();
        }
        "starts-a-session" => {
            start_session();
            serve(address, "answers");
        }
        "starts-a-child" => {
            start_child();
            serve(address, "answers");
        }
        #[expect(
            clippy::zombie_processes,
            reason = "it outlives this process, which is the point"
        )]
        "has-a-tidy-child" => {
            // The child's standard input is open exactly as long as this process lives.
            let _child = start_tidy_child();
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
    let note = setting(NOTE).expect("a path for the note");
    std::fs::write(note, child.id().to_string()).expect("a note");
}

/// Starts a process that leaves the process group, as a daemon does.
#[expect(
    clippy::zombie_processes,
    reason = "nobody waits for it, which is the point"
)]
fn start_session() {
    std::process::Command::new("setsid")
        .args(["sleep", "60"])
        .spawn()
        .expect("a child");
}

/// Starts a process that ignores SIGTERM, ends after this process, and leaves a note.
fn start_tidy_child() -> std::process::Child {
    let note = setting(NOTE).expect("a path for the note");
    let script = format!("trap '' TERM; cat; sleep 0.1; echo tidy > {note}");
    std::process::Command::new("sh")
        .args(["-c", &script])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("a child")
}

fn speak(address: SocketAddr, words: &[u8]) {
    let listener = TcpListener::bind(address).expect("a listener");
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let _ = stream.write_all(words);
        let _ = stream.read(&mut [0; 64]);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve(address: SocketAddr, mode: &str) {
    let service = FunctionRunnerServiceServer::new(Stub {
        mode: mode.to_owned(),
        present: tokio::sync::watch::Sender::new(0),
        calls: AtomicU64::new(0),
    });
    Server::builder()
        .add_service(service)
        .serve(address)
        .await
        .expect("a server");
}

struct Stub {
    mode: String,
    /// The number of running calls, for calls that wait for each other.
    present: tokio::sync::watch::Sender<usize>,
    calls: AtomicU64,
}

impl Stub {
    /// Acts on a composite resource of this name, as the mode requires.
    async fn meet(&self, name: &str) {
        let is_fatal = name == "boom";
        match self.mode.as_str() {
            "crash-on-boom" if is_fatal => end("boom was too much", 9),
            "crash-beside-others" => {
                self.present.send_modify(|present| *present += 1);
                let mut present = self.present.subscribe();
                let others = present.wait_for(|present| *present > 1);
                // A single call does not wait for long.
                let _ = tokio::time::timeout(Duration::from_secs(1), others).await;
                if is_fatal {
                    end("boom was too much", 9);
                }
                // The other calls would get a response if the program lived on.
                tokio::time::sleep(Duration::from_millis(100)).await;
                self.present.send_modify(|present| *present -= 1);
            }
            "says-on-call" => say(&format!("composing {name}")),
            _ => {}
        }
    }
}

/// Returns the name of the composite resource.
fn name(request: &RunFunctionRequest) -> String {
    let composite = request
        .observed
        .as_ref()
        .and_then(|state| state.composite.as_ref());
    let object = composite.and_then(|composite| composite.resource.as_ref());
    let object = object.and_then(|object| serde_json::to_value(object).ok());
    let object = object.unwrap_or_default();
    object["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[expect(clippy::print_stdout, reason = "what it says")]
fn say(words: &str) {
    println!("{words}");
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
            "killed-on-call" => kill_itself(),
            "flood-on-call" => flood(),
            "refuse-on-call" => return Err(Status::permission_denied("not for you")),
            _ => {}
        }
        let request = request.into_inner();
        self.meet(&name(&request)).await;
        let mut desired = request.desired.unwrap_or_default();
        match self.mode.as_str() {
            "composes-what-is-not-defined" => {
                desired.resources.insert("bucket".to_owned(), bucket());
            }
            "never-twice-the-same" => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let call = self.calls.fetch_add(1, Ordering::SeqCst);
                desired.resources.insert("note".to_owned(), note(call));
            }
            _ => {}
        }
        Ok(Response::new(RunFunctionResponse {
            desired: Some(desired),
            context: request.context,
            results: results(&self.mode),
            ..RunFunctionResponse::default()
        }))
    }
}

fn results(mode: &str) -> Vec<function_sdk_rust::proto::v1::Result> {
    if mode != "fatal-on-call" {
        return Vec::new();
    }
    let mut result = function_sdk_rust::proto::v1::Result {
        message: "the region \"moon\" is unknown".to_owned(),
        ..Default::default()
    };
    result.set_severity(Severity::Fatal);
    vec![result]
}

/// Returns an object of an undefined kind.
fn bucket() -> function_sdk_rust::proto::v1::Resource {
    composed(serde_json::json!({
        "apiVersion": "storage.example.org/v1", "kind": "Bucket", "spec": {"region": "moon"},
    }))
}

/// Returns an object with the number of earlier calls.
fn note(calls: u64) -> function_sdk_rust::proto::v1::Resource {
    composed(serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}, "data": {"calls": calls.to_string()},
    }))
}

fn composed(object: serde_json::Value) -> function_sdk_rust::proto::v1::Resource {
    function_sdk_rust::proto::v1::Resource {
        resource: serde_json::from_value(object).ok(),
        ..Default::default()
    }
}

/// Ends the process as an out-of-memory kill would.
fn kill_itself() {
    let id = std::process::id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-9", &id])
        .status();
    killed.expect("a kill");
}

/// Writes far more than a pipe's buffer: the program would block without a fast reader.
fn flood() {
    let line = [b'x'; 1023];
    let mut stderr = std::io::stderr().lock();
    for _ in 0..4096 {
        let _ = stderr.write_all(&line);
        let _ = stderr.write_all(b"\n");
    }
}

/// Runs a server that returns the bytes of a message for any request.
#[tokio::main(flavor = "current_thread")]
async fn serve_raw(address: SocketAddr, answer: raw::Answer) {
    Server::builder()
        .add_service(raw::Raw { answer })
        .serve(address)
        .await
        .expect("a server");
}

/// The description of the innermost schema of the deep definition.
const INNERMOST: &str = "the innermost of many levels";
/// The number of levels of properties in the deep definition; each is two levels of the object.
const LEVELS: usize = 50;

/// Composes a definition with more levels than prost decodes, and sets in the composite's status if the request had
/// one. Neither is decoded with prost: a function in Go would decode it.
fn compose_deep(request: &[u8]) -> Vec<u8> {
    let told = request
        .windows(INNERMOST.len())
        .any(|part| part == INNERMOST.as_bytes());
    let innermost = serde_json::json!({"type": "object", "description": INNERMOST});
    let schema = (0..LEVELS).fold(
        innermost,
        |inner, _| serde_json::json!({"type": "object", "properties": {"a": inner}}),
    );
    let definition = serde_json::json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "deeps.storage.example.org"},
        "spec": {
            "group": "storage.example.org", "scope": "Namespaced", "names": {"kind": "Deep", "plural": "deeps"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    let resource = |object| function_sdk_rust::proto::v1::Resource {
        resource: serde_json::from_value(object).ok(),
        ..Default::default()
    };
    let mut desired = function_sdk_rust::proto::v1::State::default();
    let status = serde_json::json!({"status": {"told": told}});
    desired.composite = Some(resource(status));
    let composed = resource(definition);
    desired.resources.insert("definition".to_owned(), composed);
    RunFunctionResponse {
        desired: Some(desired),
        ..RunFunctionResponse::default()
    }
    .encode_to_vec()
}

mod raw {
    use std::convert::Infallible;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::{BodyExt as _, Full};
    use tonic::body::Body;
    use tonic::server::NamedService;

    /// A function from a request's bytes to the response's bytes.
    pub(super) type Answer = fn(&[u8]) -> Vec<u8>;

    #[derive(Clone)]
    pub(super) struct Raw {
        pub(super) answer: Answer,
    }

    impl NamedService for Raw {
        const NAME: &'static str = "apiextensions.fn.proto.v1.FunctionRunnerService";
    }

    impl tower::Service<http::Request<Body>> for Raw {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: http::Request<Body>) -> Self::Future {
            let answer = self.answer;
            Box::pin(async move {
                let request = request.into_body().collect().await.expect("a request");
                Ok(response(&answer(&request.to_bytes())))
            })
        }
    }

    fn response(message: &[u8]) -> http::Response<Body> {
        let length = u32::try_from(message.len()).expect("a short message");
        let mut frame = vec![0];
        frame.extend(length.to_be_bytes());
        frame.extend(message);
        let trailers = http::HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            http::HeaderValue::from_static("0"),
        )]);
        let body = Full::from(frame).with_trailers(async move { Some(Ok(trailers)) });
        http::Response::builder()
            .header("content-type", "application/grpc")
            .body(Body::new(body))
            .expect("a response")
    }
}
