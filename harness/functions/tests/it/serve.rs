//! Tests of functions served with mutual TLS: responses, failures as statuses, and accepted clients.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_functions::{
    Function, FunctionCall, FunctionServer, GrpcFunction, ServeError, ServerTls, convert, serve,
    wire,
};
use crosscut_functions::{
    FunctionError,
    v1::{RunFunctionRequest, RunFunctionResponse},
};
use function_sdk_rust::proto::v1::function_runner_service_client::FunctionRunnerServiceClient;
use prost::Message as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rstest::rstest;
use serde_json::json;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::requests::request;

const DEADLINE: Duration = Duration::from_secs(5);

/// An authority that signs certificates.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        Authority { issuer }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Returns a certificate for 127.0.0.1 and its key.
    fn sign(&self, usage: ExtendedKeyUsagePurpose) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        params.extended_key_usages = vec![usage];
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn server(&self) -> ServerTls {
        let (certificate, key) = self.sign(ExtendedKeyUsagePurpose::ServerAuth);
        ServerTls {
            certificate,
            key,
            client_ca: self.pem(),
        }
    }

    /// Returns a client's endpoint for a server of this authority, with a certificate that `signer` signed.
    fn endpoint(&self, server: &FunctionServer, signer: Option<&Authority>) -> Endpoint {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(self.pem()));
        if let Some(signer) = signer {
            let (certificate, key) = signer.sign(ExtendedKeyUsagePurpose::ClientAuth);
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        Endpoint::from_shared(format!("https://{}", server.address()))
            .expect("an address")
            .tls_config(tls)
            .expect("certificates")
    }

    fn channel(&self, server: &FunctionServer) -> Channel {
        self.endpoint(server, Some(self)).connect_lazy()
    }
}

/// A function that returns the desired state, fails or hangs.
enum Behaviour {
    Answers,
    Fails,
    Hangs,
}

#[async_trait]
impl Function for Behaviour {
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        match self {
            Behaviour::Answers => Ok(RunFunctionResponse {
                desired: request.desired,
                ..RunFunctionResponse::default()
            }),
            Behaviour::Fails => Err(FunctionError::Failed("out of ideas".to_owned())),
            Behaviour::Hangs => std::future::pending().await,
        }
    }
}

async fn start(
    authority: &Authority,
    behaviour: Behaviour,
    deadline: Duration,
) -> Result<FunctionServer, ServeError> {
    serve(Arc::new(behaviour), &authority.server(), deadline).await
}

#[tokio::test]
async fn a_served_function_answers() {
    let authority = Authority::new();
    let server = start(&authority, Behaviour::Answers, DEADLINE)
        .await
        .expect("a server");
    assert!(server.address().ip().is_loopback());
    let function =
        GrpcFunction::with_endpoint(&authority.endpoint(&server, Some(&authority)), DEADLINE);
    for text in ["", "x", &"long ".repeat(100_000)] {
        let response = function.run(request(text)).await.expect("an answer");
        assert_eq!(response.desired, request(text).desired);
    }
    server.close().await;
    function
        .run(request("x"))
        .await
        .expect_err("nobody answers any more");
}

#[tokio::test]
async fn a_served_function_says_that_it_is_well() {
    let authority = Authority::new();
    let server = start(&authority, Behaviour::Answers, DEADLINE)
        .await
        .expect("a server");
    let mut client = HealthClient::new(authority.channel(&server));
    for service in ["", "apiextensions.fn.proto.v1.FunctionRunnerService"] {
        let service = service.to_owned();
        let answer = client
            .check(HealthCheckRequest { service })
            .await
            .expect("an answer");
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
    }
}

#[rstest]
#[case::failure(Behaviour::Fails, tonic::Code::Internal, "out of ideas")]
#[case::silence(
    Behaviour::Hangs,
    tonic::Code::DeadlineExceeded,
    "no answer within 200ms"
)]
#[tokio::test]
async fn what_goes_wrong_is_a_status(
    #[case] behaviour: Behaviour,
    #[case] code: tonic::Code,
    #[case] message: &str,
) {
    let authority = Authority::new();
    let server = start(&authority, behaviour, Duration::from_millis(200))
        .await
        .expect("a server");
    let status = FunctionRunnerServiceClient::new(authority.channel(&server))
        .run_function(request("x"))
        .await
        .expect_err("no answer");
    assert_eq!((status.code(), status.message()), (code, message));
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused() {
    let authority = Authority::new();
    let server = start(&authority, Behaviour::Answers, DEADLINE)
        .await
        .expect("a server");
    let status = FunctionRunnerServiceClient::new(authority.channel(&server))
        .run_function(request(&"x".repeat(5 * 1024 * 1024)))
        .await
        .expect_err("a refusal");
    assert_eq!(status.code(), tonic::Code::OutOfRange);
}

#[tokio::test]
async fn a_client_that_shows_no_certificate_of_the_authority_is_refused() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let server = start(&authority, Behaviour::Answers, DEADLINE)
        .await
        .expect("a server");
    for signer in [None, Some(&stranger)] {
        let function = GrpcFunction::with_endpoint(&authority.endpoint(&server, signer), DEADLINE);
        let error = function.run(request("x")).await.expect_err("a refusal");
        assert!(matches!(error, FunctionError::Rpc { .. }), "{error}");
    }
    let plain =
        GrpcFunction::plaintext(&server.address().to_string(), DEADLINE).expect("an address");
    plain.run(request("x")).await.expect_err("a refusal");
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let authority = Authority::new();
    let server = start(&authority, Behaviour::Answers, DEADLINE)
        .await
        .expect("a server");
    let address = server.address();
    drop(server);
    for _ in 0..500 {
        if tokio::net::TcpStream::connect(address).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("something still listens on {address}");
}

#[rstest]
#[case::certificate(|tls: &mut ServerTls| tls.certificate = "none".to_owned())]
#[case::key(|tls: &mut ServerTls| tls.key = Authority::new().server().key)]
#[case::authority(|tls: &mut ServerTls| tls.client_ca = String::new())]
#[tokio::test]
async fn certificates_that_are_none_are_an_error(#[case] spoil: fn(&mut ServerTls)) {
    let mut tls = Authority::new().server();
    spoil(&mut tls);
    let error = serve(Arc::new(Behaviour::Answers), &tls, DEADLINE)
        .await
        .expect_err("no server");
    assert!(matches!(error, ServeError::Certificates(_)), "{error}");
}

/// A function that returns the observed state as desired, without decoding it.
struct Mirror;

#[async_trait]
impl Function for Mirror {
    async fn run(&self, _: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        Err(FunctionError::Failed("objects were decoded".to_owned()))
    }

    async fn respond(
        &self,
        call: &FunctionCall<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        Ok(wire::RunFunctionResponse {
            desired: call.request.observed.clone(),
            ..wire::RunFunctionResponse::default()
        })
    }
}

/// prost decodes at most 33 levels.
#[tokio::test]
async fn objects_of_many_levels_go_through() {
    let authority = Authority::new();
    let server = serve(Arc::new(Mirror), &authority.server(), DEADLINE)
        .await
        .expect("a server");
    let address =
        GrpcFunction::with_endpoint(&authority.endpoint(&server, Some(&authority)), DEADLINE);
    let object = (0..200).fold(json!({}), |inner, _| json!({"a": [inner]}));
    let resource = wire::Resource {
        resource: Some(convert::to_struct(&object).encode_to_vec().into()),
        ..wire::Resource::default()
    };
    let observed = wire::State {
        composite: Some(resource),
        ..wire::State::default()
    };
    let request = wire::RunFunctionRequest {
        observed: Some(observed.clone()),
        ..wire::RunFunctionRequest::default()
    };
    let answer = address.respond(&FunctionCall::new(request)).await;
    assert_eq!(answer.expect("an answer").desired, Some(observed));
}
