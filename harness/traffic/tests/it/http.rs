//! Tests of requests to upstreams, and to servers that misbehave.

use std::time::Duration;

use bytes::Bytes;
use crosscut_traffic::{
    Bounds, CallErrorKind, HttpAnswer, HttpCall, HttpClient, NAME_HEADER, Tls, Trust, Upstream,
    UpstreamSettings, json_of_size, repeat, sha256,
};

use crosscut_messages::{Protocol, UpstreamTls};
use http::{HeaderMap, Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const BOUNDS: Bounds = Bounds {
    deadline: Duration::from_secs(20),
    bytes: 1 << 20,
};

fn call(method: Method, url: &str, headers: &[(&'static str, &str)], body: &[u8]) -> HttpCall {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    HttpCall {
        method,
        url: url.parse().unwrap(),
        headers: headers.collect::<HeaderMap>(),
        body: Bytes::copy_from_slice(body),
    }
}

fn client(url: &str, protocol: Protocol, tls: &Tls) -> HttpClient {
    HttpClient::new(&url.parse().unwrap(), protocol, tls).unwrap()
}

fn json_of(answer: &HttpAnswer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

async fn upstream(name: &str, tls: UpstreamTls) -> Upstream {
    let settings = UpstreamSettings {
        tls,
        ..UpstreamSettings::new(name)
    };
    Upstream::start(settings).await.unwrap()
}

#[rstest]
#[case::http1(Protocol::Http1, "HTTP/1.1")]
#[case::http2(Protocol::Http2, "HTTP/2.0")]
#[tokio::test]
async fn an_upstream_tells_what_reached_it(#[case] protocol: Protocol, #[case] shown: &str) {
    let upstream = upstream("pool-a", UpstreamTls::None).await;
    let url = format!("{}/v1/completions?n=1", upstream.url());
    let body = json!({"model": "a"}).to_string();
    let call = call(Method::POST, &url, &[("x-two", "1")], body.as_bytes());
    let mut call = call;
    call.headers.append("x-two", "2".parse().unwrap());
    let answer = client(&url, protocol, &Tls::default())
        .send(&call, BOUNDS)
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[NAME_HEADER], "pool-a");
    let told = json_of(&answer);
    assert_eq!(told["headers"]["x-two"], json!(["1", "2"]));
    let told = json!({
        "upstream": told["upstream"], "method": told["method"], "path": told["path"],
        "host": told["host"], "protocol": told["protocol"], "bytes": told["bytes"],
        "sha256": told["sha256"], "trailers": told["trailers"],
    });
    let expected = json!({
        "upstream": "pool-a", "method": "POST", "path": "/v1/completions?n=1",
        "host": format!("localhost:{}", upstream.port()), "protocol": shown,
        "bytes": body.len(), "sha256": sha256(body.as_bytes()), "trailers": {},
    });
    assert_eq!(told, expected);
}

/// A virtual host has its name in the request, but the connection goes to the URL's address.
#[rstest]
#[case::http1(Protocol::Http1)]
#[case::http2(Protocol::Http2)]
#[tokio::test]
async fn a_host_header_takes_the_place_of_the_urls_host(#[case] protocol: Protocol) {
    let upstream = upstream("a", UpstreamTls::None).await;
    let call = call(
        Method::GET,
        &upstream.url(),
        &[("host", "models.example.org")],
        b"",
    );
    let client = client(&upstream.url(), protocol, &Tls::default());
    let told = json_of(&client.send(&call, BOUNDS).await.unwrap());
    assert_eq!(told["host"], "models.example.org");
    assert_eq!(told["path"], "/");
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let upstream = upstream("a", UpstreamTls::None).await;
    let body = json_of_size(&json!({"model": "a"}), 5 << 20).unwrap();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let call = call(Method::POST, &upstream.url(), &[], body.as_bytes());
        let client = client(&upstream.url(), protocol, &Tls::default());
        let told = json_of(&client.send(&call, BOUNDS).await.unwrap());
        assert_eq!(told["bytes"], 5 << 20);
        assert_eq!(told["sha256"], sha256(body.as_bytes()));
    }
}

#[rstest]
#[case::http1(Protocol::Http1)]
#[case::http2(Protocol::Http2)]
#[tokio::test]
async fn parallel_requests_get_their_own_answers(#[case] protocol: Protocol) {
    let upstream = upstream("a", UpstreamTls::None).await;
    let client = &client(&upstream.url(), protocol, &Tls::default());
    let url = &upstream.url();
    let answers = repeat(200, 200, |index| async move {
        let number = index.to_string();
        let call = call(
            Method::POST,
            url,
            &[("x-number", &number)],
            number.as_bytes(),
        );
        json_of(&client.send(&call, BOUNDS).await.unwrap())
    })
    .await;
    for (index, told) in answers.iter().enumerate() {
        assert_eq!(told["headers"]["x-number"], index.to_string());
        assert_eq!(told["sha256"], sha256(index.to_string().as_bytes()));
    }
}

/// The trust and the certificate of a client.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Client {
    TrustsNobody,
    TrustsAnybody,
    TrustsTheAuthority,
    WantsAnotherName,
    ShowsItsCertificate,
}

fn settings(client: Client, upstream: &Upstream) -> Tls {
    let credentials = upstream.credentials().unwrap();
    let authorities = Trust::Authorities(credentials.authority.clone());
    let name = "other.example.org".to_owned();
    Tls {
        trust: match client {
            Client::TrustsNobody => Trust::Nobody,
            Client::TrustsAnybody => Trust::Anybody,
            _ => authorities,
        },
        identity: (client == Client::ShowsItsCertificate).then(|| credentials.client.clone()),
        server_name: (client == Client::WantsAnotherName).then_some(name),
    }
}

/// The upstream's certificates, the client's trust and certificate, and the error; `None` stands for a
/// response.
#[rstest]
#[case::trusted(UpstreamTls::Server, Client::TrustsTheAuthority, None)]
#[case::nobody_is_trusted(UpstreamTls::Server, Client::TrustsNobody, Some(CallErrorKind::Tls))]
#[case::anybody_is_trusted(UpstreamTls::Server, Client::TrustsAnybody, None)]
#[case::another_name(
    UpstreamTls::Server,
    Client::WantsAnotherName,
    Some(CallErrorKind::Tls)
)]
#[case::a_client_is_known(UpstreamTls::Mutual, Client::ShowsItsCertificate, None)]
#[tokio::test]
async fn tls(
    #[case] kind: UpstreamTls,
    #[case] who: Client,
    #[case] expected: Option<CallErrorKind>,
    #[values(Protocol::Http1, Protocol::Http2)] protocol: Protocol,
) {
    let upstream = upstream("a", kind).await;
    assert!(upstream.url().starts_with("https://"));
    let client = client(&upstream.url(), protocol, &settings(who, &upstream));
    let call = call(Method::GET, &upstream.url(), &[], b"");
    let sent = client.send(&call, BOUNDS).await;
    assert_eq!(sent.err().map(|error| error.kind), expected);
}

/// In TLS 1.3 a client may send before it receives the refusal, so the error can look like a broken connection.
#[tokio::test]
async fn an_unknown_client_gets_no_answer() {
    let upstream = upstream("a", UpstreamTls::Mutual).await;
    let tls = settings(Client::TrustsTheAuthority, &upstream);
    let client = client(&upstream.url(), Protocol::Http1, &tls);
    let sent = client
        .send(&call(Method::GET, &upstream.url(), &[], b""), BOUNDS)
        .await;
    let kind = sent.unwrap_err().kind;
    assert!(
        matches!(kind, CallErrorKind::Tls | CallErrorKind::Broken),
        "{kind}"
    );
}

/// Starts a server that reads a request, writes `text`, and then closes the connection or keeps it open.
async fn server(text: &'static [u8], ends: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(text).await.unwrap();
            if !ends {
                kept.push(stream);
            }
        }
    });
    url
}

#[rstest]
#[case::silent(b"", false, CallErrorKind::Deadline)]
#[case::ends_at_once(b"", true, CallErrorKind::Broken)]
#[case::half_a_body(
    b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
    false,
    CallErrorKind::Deadline
)]
#[case::half_a_body_and_an_end(
    b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
    true,
    CallErrorKind::Broken
)]
#[case::too_long(
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlong!",
    false,
    CallErrorKind::TooLarge
)]
#[case::no_http(b"SSH-2.0-OpenSSH_9.2\r\n", false, CallErrorKind::Broken)]
#[tokio::test]
async fn a_server_that_misbehaves(
    #[case] text: &'static [u8],
    #[case] ends: bool,
    #[case] expected: CallErrorKind,
) {
    let url = server(text, ends).await;
    let bounds = Bounds {
        deadline: Duration::from_millis(300),
        bytes: 4,
    };
    let client = client(&url, Protocol::Http1, &Tls::default());
    let error = client
        .send(&call(Method::GET, &url, &[], b""), bounds)
        .await
        .unwrap_err();
    assert_eq!(error.kind, expected, "{error}");
}

#[tokio::test]
async fn nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for (url, expected) in [
        (url.as_str(), CallErrorKind::Refused),
        ("http://nobody.invalid", CallErrorKind::Unresolved),
    ] {
        let client = client(url, Protocol::Http1, &Tls::default());
        let error = client
            .send(&call(Method::GET, url, &[], b""), BOUNDS)
            .await
            .unwrap_err();
        assert_eq!(error.kind, expected, "{error}");
    }
}

#[tokio::test]
async fn an_upstream_ends_when_it_is_dropped() {
    let upstream = upstream("a", UpstreamTls::None).await;
    let url = upstream.url();
    let client = client(&url, Protocol::Http1, &Tls::default());
    let call = call(Method::GET, &url, &[], b"");
    client.send(&call, BOUNDS).await.unwrap();
    drop(upstream);
    tokio::task::yield_now().await;
    assert_eq!(
        client.send(&call, BOUNDS).await.unwrap_err().kind,
        CallErrorKind::Refused
    );
}

#[rstest]
#[case::no_certificate("hello", "the authority holds no certificate in PEM form")]
#[case::broken(
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "the authority holds no certificate in PEM form: "
)]
fn certificates_that_are_none(#[case] pem: &str, #[case] expected: &str) {
    let tls = Tls {
        trust: Trust::Authorities(pem.to_owned()),
        ..Tls::default()
    };
    let made = HttpClient::new(&"https://localhost".parse().unwrap(), Protocol::Http1, &tls);
    let message = made.unwrap_err().to_string();
    assert!(message.starts_with(expected), "{message}");
}
