//! Tests of failures: wrong responses, missing responses, and requests that cannot be sent.

use crosscut_events::Verdict;
use rstest::rstest;

use super::{failure, with_upstreams};

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

/// The failure without a response: code, a part of the message, a part of the help.
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

/// A stream that hangs in the middle reports the messages received before.
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

/// Mistakes that only the run can detect.
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
