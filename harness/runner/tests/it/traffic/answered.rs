//! Tests of calls with matching responses, at once or within a time.

use crosscut_events::Verdict;
use rstest::rstest;

use super::{failure, passes, with_upstreams};

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

/// A response that does not match yet is awaited; the upstream's delay simulates a program that is
/// starting.
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
