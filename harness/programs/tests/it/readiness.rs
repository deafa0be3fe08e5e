//! Each way to ask whether a program is ready, against servers of the tests' own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crosscut_programs::{
    GrpcCheck, HttpCheck, Identity, Program, ProgramError, ProgramSettings, Ready, StateFolder,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rstest::rstest;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;

use crate::stub::{settings, state};

/// More than any of the programs takes until it is ready.
const LONG: Duration = Duration::from_secs(20);

async fn start(
    ready: Ready,
    deadline: Duration,
    state: &Arc<StateFolder>,
) -> Result<Program, ProgramError> {
    let settings = ProgramSettings {
        ready,
        deadline,
        ..settings("waits")
    };
    Program::start(settings, state).await
}

/// Returns what is said of a program that is not ready.
async fn unready(ready: Ready) -> String {
    let (_root, state) = state();
    match start(ready, Duration::from_millis(500), &state).await {
        Ok(_) => panic!("it is ready"),
        Err(error) => error.to_string(),
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, status: &str) {
    let mut request = [0; 1024];
    if !matches!(stream.read(&mut request).await, Ok(1..)) {
        return;
    }
    assert!(request.starts_with(b"GET /readyz HTTP/1.1\r\n"));
    let text = format!("HTTP/1.1 {status}\r\ncontent-length: 5\r\nconnection: close\r\n\r\nwell\n");
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Starts a server that responds with one status after the other, and goes on with the last.
async fn server(statuses: &'static [&'static str], tls: Option<TlsAcceptor>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut statuses = statuses.iter().copied();
        let mut status = "";
        while let Ok((stream, _)) = listener.accept().await {
            status = statuses.next().unwrap_or(status);
            match &tls {
                None => answer(stream, status).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        answer(stream, status).await;
                    }
                }
            }
        }
    });
    port
}

fn plain(port: u16) -> Ready {
    Ready::Http(HttpCheck {
        url: format!("http://127.0.0.1:{port}/readyz"),
        authority: None,
        identity: None,
    })
}

#[tokio::test]
async fn a_program_is_waited_for_until_it_says_that_it_is_ready() {
    let (_root, state) = state();
    let port = server(
        &["503 Service Unavailable", "500 Not Yet", "204 Well"],
        None,
    )
    .await;
    start(plain(port), LONG, &state).await.expect("it is ready");
}

#[rstest]
#[case::unavailable("503 Service Unavailable")]
#[case::moved("302 Found")]
#[tokio::test]
async fn any_other_answer_is_quoted(#[case] status: &'static str) {
    let port = server(Box::leak(Box::new([status])), None).await;
    let text = unready(plain(port)).await;
    let expected = format!(
        "stub was not ready within 500ms: http://127.0.0.1:{port}/readyz answers {status}: well"
    );
    assert!(text.starts_with(&expected), "{text}");
}

#[tokio::test]
async fn a_look_of_the_callers_own() {
    let (_root, state) = state();
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let ready = Ready::Custom(Arc::new(move || {
        let look = counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if look < 3 {
                Err(format!("look {look}"))
            } else {
                Ok(())
            }
        })
    }));
    start(ready, LONG, &state).await.expect("it is ready");
    assert_eq!(looks.load(Ordering::Relaxed), 4);
    let never = Ready::Custom(Arc::new(|| Box::pin(async { Err("no leader".to_owned()) })));
    let text = unready(never).await;
    assert!(
        text.starts_with("stub was not ready within 500ms: no leader"),
        "{text}"
    );
}

/// An authority, and what it signs.
struct Trust {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Trust {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        Self { issuer }
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate, key)
    }

    fn identity(&self) -> Identity {
        let (certificate, key) = self.sign("client");
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// Serves TLS on the loopback interface to clients that this authority knows.
    fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("a root");
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .expect("a verifier");
        let (certificate, key) = self.sign("127.0.0.1");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a configuration");
        TlsAcceptor::from(Arc::new(config))
    }
}

fn secure(port: u16, authority: &Trust, identity: Option<Identity>) -> Ready {
    Ready::Http(HttpCheck {
        url: format!("https://127.0.0.1:{port}/readyz"),
        authority: Some(authority.issuer.pem()),
        identity,
    })
}

#[tokio::test]
async fn a_server_that_wants_to_know_who_asks() {
    let (_root, state) = state();
    let trust = Trust::new();
    let port = server(&["200 OK"], Some(trust.acceptor())).await;
    let ready = secure(port, &trust, Some(trust.identity()));
    start(ready, LONG, &state).await.expect("it is ready");
    let text = unready(secure(port, &trust, None)).await;
    assert!(text.contains("was not ready within"), "{text}");
}

#[tokio::test]
async fn another_server_on_the_port_is_not_believed() {
    let (ours, theirs) = (Trust::new(), Trust::new());
    let port = server(&["200 OK"], Some(theirs.acceptor())).await;
    let text = unready(secure(port, &ours, Some(ours.identity()))).await;
    assert!(text.contains("invalid peer certificate"), "{text}");
}

#[rstest]
#[case::url("no url", None, "no url: ")]
#[case::authority(
    "https://127.0.0.1:1/",
    Some("-----BEGIN CERTIFICATE-----\n"),
    "a certificate: "
)]
#[tokio::test]
async fn a_check_that_cannot_be_made(
    #[case] url: &str,
    #[case] authority: Option<&str>,
    #[case] reason: &str,
) {
    let text = unready(Ready::Http(HttpCheck {
        url: url.to_owned(),
        authority: authority.map(str::to_owned),
        identity: None,
    }))
    .await;
    let expected = format!("cannot ask whether stub is ready: {reason}");
    assert!(text.starts_with(&expected), "{text}");
}

/// A server of the gRPC health protocol that serves, but for the service `a.Broken`.
async fn health_server() -> String {
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter
        .set_service_status("a.Broken", ServingStatus::NotServing)
        .await;
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a listener");
    let address = incoming.local_addr().expect("an address").to_string();
    tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming),
    );
    address
}

fn grpc(address: &str, service: &str) -> Ready {
    Ready::Grpc(GrpcCheck {
        address: address.to_owned(),
        service: service.to_owned(),
    })
}

#[tokio::test]
async fn a_program_that_says_by_grpc_that_it_serves_is_ready() {
    let (_root, state) = state();
    let address = health_server().await;
    start(grpc(&address, ""), LONG, &state)
        .await
        .expect("ready");
    let broken = unready(grpc(&address, "a.Broken")).await;
    assert!(broken.contains("its health is NOT_SERVING"), "{broken}");
    let unknown = unready(grpc(&address, "a.Nothing")).await;
    assert!(unknown.contains("gRPC status 5"), "{unknown}");
}

#[tokio::test]
async fn a_server_of_something_else_is_not_ready_by_grpc() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let other = unready(grpc(&address, "")).await;
    assert!(other.contains("was not ready within 500ms"), "{other}");
}
