//! Requests and gRPC calls of scenarios, on the embedded control plane: what passes, and what failures say.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use crosscut_cluster::embedded::Embedded;
use crosscut_events::{Event, Failure, TrialReport, Verdict};
use crosscut_runner::{RunOptions, run};
use crosscut_suite::{Plan, Selection, load_from};
use rstest::rstest;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

const REFLECTION: &str = r#"
syntax = "proto3";
package grpc.reflection.v1;
import "services.proto";
service ServerReflection {
  rpc ServerReflectionInfo (stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
message ServerReflectionRequest {
  oneof message_request { string file_containing_symbol = 4; string list_services = 7; }
}
message ServerReflectionResponse { ListServiceResponse list_services_response = 6; }
"#;
const SERVICES: &str = r#"
syntax = "proto3";
package grpc.reflection.v1;
message ListServiceResponse { repeated ServiceResponse service = 1; }
message ServiceResponse { string name = 1; }
"#;

fn plan(spec: &str, grpc: &str) -> Plan {
    let document = |kind: &str, rest: &str| {
        format!("apiVersion: crosscut.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: it}}\n{rest}")
    };
    let provider = format!("spec: {{values: {{grpc: \"{grpc}\"}}}}\n");
    let files = [
        ("crosscut.yaml", document("Suite", "")),
        ("providers/provider.yaml", document("Provider", &provider)),
        (
            "scenarios/scenario.yaml",
            document("Scenario", &format!("spec:\n{spec}")),
        ),
        ("scenarios/body.json", "{\"model\": \"a\"}\n".to_owned()),
        ("scenarios/reflection.proto", REFLECTION.to_owned()),
        ("scenarios/services.proto", SERVICES.to_owned()),
    ];
    let files: BTreeMap<Utf8PathBuf, String> = files
        .into_iter()
        .map(|(path, text)| (Utf8PathBuf::from("/p").join(path), text))
        .collect();
    load_from(&files, "/p".into(), &Selection::default())
        .unwrap_or_else(|report| panic!("{report}"))
}

/// A server of health and of reflection.
async fn grpc_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (reporter, health) = tonic_health::server::health_reporter();
    let not_serving = tonic_health::ServingStatus::NotServing;
    reporter.set_service_status("pool", not_serving).await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap();
    let server = Server::builder()
        .add_service(health)
        .add_service(reflection);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    address
}

/// Runs a scenario with this spec.
async fn report(spec: &str) -> TrialReport {
    let plan = plan(spec, &grpc_server().await);
    let cluster = Embedded::new(Arc::clone(&plan.suite), Arc::new(|_: &str| {}));
    let (events, mut received) = mpsc::unbounded_channel();
    let (_stop, stop) = watch::channel(false);
    let options = RunOptions {
        jobs: NonZeroUsize::MIN,
        seed: 0,
        final_objects: false,
        trial_deadline: Duration::from_secs(120),
        elapsed: Arc::new(|| Duration::ZERO),
        stop,
    };
    run(plan.trials, Arc::new(cluster), &options, &events).await;
    drop(events);
    while let Some(event) = received.recv().await {
        if let Event::TrialFinished(report) = event {
            return report;
        }
    }
    panic!("there is no report");
}

async fn passes(spec: &str) {
    let report = report(spec).await;
    assert_eq!(report.verdict, Verdict::Passed, "{:#?}", report.failures);
}

async fn failure(spec: &str, verdict: Verdict) -> Failure {
    let mut report = report(spec).await;
    assert_eq!(report.verdict, verdict, "{:#?}", report.failures);
    report.failures.remove(0)
}

/// A scenario with two upstreams, whose only step has these actions.
fn with_upstreams(actions: &str) -> String {
    format!(
        "  upstreams: [{{name: a}}, {{name: b, status: 503}}]\n  steps:\n  - actions:\n{actions}"
    )
}

#[tokio::test]
async fn bodies_of_all_kinds() {
    passes(&with_upstreams(
        r#"
    - request:
        url: ($upstreams.a.url)
        path: /v1/models?all=1
        answer:
          status: 200
          upstream: a
          protocol: HTTP/1.1
          json: {method: GET, path: "/v1/models?all=1", bytes: 0}
    - request:
        url: ($upstreams.b.url)
        protocol: h2
        method: PUT
        headers: {x-one: a, x-two: [b, c]}
        body: text
        answer:
          status: 503
          upstream: b
          json: {method: PUT, bytes: 4, protocol: HTTP/2.0, headers: {x-one: a, x-two: [b, c]}}
          (json.sha256 == $request.sha256): true
    - request:
        url: ($upstreams.a.url)
        body: {json: {model: ($scenario)}}
        answer: {json: {method: POST, bytes: 14, headers: {content-type: application/json}}}
    - request:
        url: ($upstreams.a.url)
        headers: {Content-Type: text/plain}
        body: {file: body.json}
        answer: {json: {bytes: 15, headers: {content-type: text/plain}, sha256: ($request.sha256)}}
    - request:
        url: ($upstreams.a.url)
        body: {json: {model: a}, size: 5242880}
        answer: {json: {bytes: 5242880, sha256: ($request.sha256)}}
    - request:
        url: ($upstreams.a.url)
        protocol: h2
        body: {size: 5242880}
        answer: {json: {bytes: 5242880, sha256: ($request.sha256)}}
"#,
    ))
    .await;
}

#[rstest]
#[case::http1("h1")]
#[case::http2("h2")]
#[tokio::test]
async fn many_at_a_time(#[case] protocol: &str) {
    let actions = r#"
    - request:
        url: (($index % `2`) == `0` && $upstreams.a.url || $upstreams.b.url)
        protocol: PROTOCOL
        times: 200
        parallel: 200
        headers: {x-number: (to_string($index))}
        body: {json: {number: ($index)}, size: 2000}
        answer:
          upstream: (($index % `2`) == `0` && 'a' || 'b')
          json:
            headers: {x-number: (to_string($index))}
            sha256: ($request.sha256)
        answers:
          count: 200
          answered: 200
          statuses: {"200": 100, "503": 100}
          upstreams: {a: 100, b: 100}
          (length(answers)): 200
"#;
    passes(&with_upstreams(&actions.replace("PROTOCOL", protocol))).await;
}

#[rstest]
#[case::http1("h1")]
#[case::http2("h2")]
#[tokio::test]
async fn tls(#[case] protocol: &str) {
    let spec = r#"
  upstreams: [{name: a, tls: server}, {name: b, tls: mutual}]
  steps:
  - actions:
    - request:
        url: ($upstreams.a.url)
        protocol: PROTOCOL
        tls: {ca: ($upstreams.a.ca)}
        answer: {status: 200}
    - request:
        url: ($upstreams.a.url)
        protocol: PROTOCOL
        tls: {verify: false}
        answer: {status: 200}
    - request:
        url: ($upstreams.a.url)
        protocol: PROTOCOL
        tls: {ca: ($upstreams.b.ca)}
        answer: {error: tls}
    - request:
        url: ($upstreams.a.url)
        protocol: PROTOCOL
        tls: {ca: ($upstreams.a.ca), serverName: other.example.org}
        answer: {error: tls}
    - request:
        url: ($upstreams.b.url)
        protocol: PROTOCOL
        headers: {host: "localhost"}
        tls: {ca: ($upstreams.b.ca), certificate: ($upstreams.b.certificate), key: ($upstreams.b.key)}
        answer: {status: 200, json: {host: localhost}}
"#;
    passes(&spec.replace("PROTOCOL", protocol)).await;
}

#[tokio::test]
async fn grpc() {
    passes(
        r#"
  steps:
  - actions:
    - grpc:
        address: ($values.grpc)
        method: grpc.health.v1.Health/Check
        message: {service: pool}
        answer: {status: OK, code: 0, messages: [{status: NOT_SERVING}]}
    - grpc:
        address: ($values.grpc)
        method: grpc.health.v1.Health/Check
        message: {service: ($scenario)}
        answer: {status: NOT_FOUND, code: 5, messages: []}
    - grpc:
        address: ($values.grpc)
        method: grpc.health.v1.Health/Watch
        message: {service: pool}
        take: 1
        answer: {messages: [{status: NOT_SERVING}], (status): null}
    - grpc:
        address: ($values.grpc)
        proto: reflection.proto
        method: grpc.reflection.v1.ServerReflection/ServerReflectionInfo
        messages: [{listServices: ""}, {list_services: "x"}]
        times: 20
        parallel: 20
        answer:
          status: OK
          (length(messages)): 2
          ~.messages:
            (listServicesResponse.service[].name | contains(@, 'grpc.health.v1.Health')): true
        answers: {statuses: {OK: 20}}
"#,
    )
    .await;
}

/// What comes to be is waited for; the upstream's delay stands for a program that is still starting.
#[tokio::test]
async fn within_a_time() {
    passes(
        r#"
  upstreams: [{name: slow, delay: 150ms}]
  steps:
  - actions:
    - request:
        url: ($upstreams.slow.url)
        timeout: 5s
        within: 20s
        answer: {status: 200}
        answers: {(slowest_ms >= `150`): true}
"#,
    )
    .await;
    let failure = failure(
        r#"
  upstreams: [{name: a}]
  steps:
  - actions:
    - request:
        url: ($upstreams.a.url)
        within: 300ms
        answer: {status: 404}
"#,
        Verdict::Failed,
    )
    .await;
    assert_eq!(failure.code, "request::mismatch");
    let message = failure.message;
    assert!(
        message.contains("is not answered as expected, tried "),
        "{message}"
    );
    assert!(!message.ends_with("tried 1 times"), "{message}");
}

#[tokio::test]
async fn an_answer_that_differs() {
    let failure = failure(
        &with_upstreams(
            r#"
    - request:
        url: ($upstreams.a.url)
        times: 3
        body: {size: 3000}
        answer:
          status: 404
          json: {bytes: 3000}
"#,
        ),
        Verdict::Failed,
    )
    .await;
    assert_eq!(
        (failure.code.as_str(), failure.action.as_str()),
        ("request::mismatch", "request")
    );
    let message = &failure.message;
    assert!(message.starts_with("POST http://localhost:"), "{message}");
    assert!(
        message.ends_with("is not answered as expected (answer 1 of 3; 3 are not as expected)"),
        "{message}"
    );
    let [mismatch] = &failure.mismatches[..] else {
        panic!("{:#?}", failure.mismatches)
    };
    assert_eq!(mismatch.path, "status");
    assert_eq!(
        (&mismatch.expected, &mismatch.actual),
        (&404.into(), &Some(200.into()))
    );
    assert_eq!(
        failure.diff,
        " json:\n   bytes: 3000\n-status: 404\n+status: 200\n"
    );
    let location = failure.location.unwrap();
    assert_eq!(
        (location.file.as_str(), location.line),
        ("scenarios/scenario.yaml", 14)
    );
}

#[tokio::test]
async fn answers_that_differ_together() {
    let failure = failure(
        &with_upstreams(
            r#"
    - request:
        url: ($upstreams.a.url)
        times: 4
        answers: {upstreams: {a: 3, b: 1}}
"#,
        ),
        Verdict::Failed,
    )
    .await;
    assert_eq!(failure.code, "request::answers");
    let paths: Vec<&str> = failure
        .mismatches
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(paths, ["upstreams.a", "upstreams.b"]);
}

/// What a failure says when there is no answer: code, a part of the message, a part of the help.
#[rstest]
#[case::a_hanging_server(
    "{url: ($upstreams.hangs.url), timeout: 200ms, answer: {status: 200}}",
    "request::deadline",
    "/ got no answer: no whole answer came within 200ms",
    "timeout:"
)]
#[case::nobody_listens(
    "{url: 'http://127.0.0.1:1', answer: {status: 200}}",
    "request::refused",
    "GET http://127.0.0.1:1/ got no answer: ",
    "within: 10s"
)]
#[case::nobody_is_trusted(
    "{url: ($upstreams.tls.url), answer: {status: 200}}",
    "request::tls",
    "invalid peer certificate",
    "tls: {verify: false}"
)]
#[case::another_protocol(
    "{url: \"(join(':', ['http://localhost', to_string($upstreams.tls.port)]))\", answer: {status: 200}}",
    "request::broken",
    "got no answer",
    "differ"
)]
#[case::no_such_name(
    "{url: 'http://nobody.invalid', answer: {status: 200}}",
    "request::unresolved",
    "dns error",
    "a header host"
)]
#[tokio::test]
async fn no_answer(
    #[case] request: &str,
    #[case] code: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let spec = format!(
        "  upstreams: [{{name: hangs, delay: 1h}}, {{name: tls, tls: server}}]\n  steps: [{{actions: [{{request: {request}}}]}}]"
    );
    let failure = failure(&spec, Verdict::Failed).await;
    assert_eq!(failure.code, code);
    assert!(failure.message.contains(message), "{}", failure.message);
    let said = failure.help.unwrap();
    assert!(said.contains(help), "{said}");
}

/// An answer that hangs in the middle of a stream tells what had come.
#[tokio::test]
async fn a_stream_that_hangs() {
    let failure = failure(
        r#"
  steps:
  - actions:
    - grpc:
        address: ($values.grpc)
        method: grpc.health.v1.Health/Watch
        message: {service: pool}
        timeout: 200ms
        answer: {status: OK, messages: [{status: NOT_SERVING}]}
"#,
        Verdict::Failed,
    )
    .await;
    assert_eq!(
        (failure.code.as_str(), failure.action.as_str()),
        ("request::deadline", "grpc")
    );
    let message = &failure.message;
    assert!(
        message.starts_with("/grpc.health.v1.Health/Watch at http://127.0.0.1:"),
        "{message}"
    );
    assert!(failure.diff.contains(" messages:\n"), "{}", failure.diff);
}

/// What only the run can know to be wrong.
#[rstest]
#[case::no_url(
    "request: {url: ($values.nothing), answer: {}}",
    "this gives null, which is no text"
)]
#[case::another_scheme(
    "request: {url: ($values.grpc), answer: {}}",
    "is no URL to send something to"
)]
#[case::a_header(
    "request: {url: 'http://localhost', headers: {a: ($values)}, answer: {}}",
    "its value is no text"
)]
#[case::a_method(
    "request: {url: 'http://localhost', method: \"(join(' ', ['A', $scenario]))\", answer: {}}",
    "\"A it\" is no method"
)]
#[case::a_path(
    "request: {url: 'http://localhost', path: ($scenario), answer: {}}",
    "a path begins with a slash"
)]
#[case::a_body_that_is_too_long(
    "request: {url: 'http://localhost', body: {json: {a: b}, size: 5}, answer: {}}",
    "cannot be filled up to 5 bytes"
)]
#[case::a_certificate(
    "request: {url: 'https://localhost', tls: {ca: ($scenario)}, answer: {}}",
    "the authority holds no certificate in PEM form"
)]
#[case::an_address(
    "grpc: {address: ($scenario), method: grpc.health.v1.Health/Check, message: {}, answer: {}}",
    "it names no port"
)]
#[case::a_message(
    "grpc: {address: ($values.grpc), method: grpc.health.v1.Health/Check, message: {service: ($values)}, answer: {}}",
    "it is no grpc.health.v1.HealthCheckRequest"
)]
#[tokio::test]
async fn what_cannot_be_sent(#[case] action: &str, #[case] message: &str) {
    let spec = format!("  steps: [{{actions: [{{{action}}}]}}]");
    let failure = failure(&spec, Verdict::Failed).await;
    assert!(
        ["traffic::invalid", "traffic::tls"].contains(&failure.code.as_str()),
        "{}",
        failure.code
    );
    assert!(failure.message.contains(message), "{}", failure.message);
    assert_eq!(failure.location.unwrap().file, "scenarios/scenario.yaml");
}
