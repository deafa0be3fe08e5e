//! Readiness checks by the gRPC health protocol.
//!
//! One message of one field each way: written and read here, so that nothing has to be generated.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crosscut_errors::chain;

use crate::error::CheckError;

/// The greatest size of a response, in bytes.
const ANSWER: usize = 4 * 1024;
/// A message's compression flag and length come before it.
const PREFIX: usize = 5;
/// The names of `HealthCheckResponse.ServingStatus`, by number.
const STATUSES: [&str; 4] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/// A call of `grpc.health.v1.Health/Check`, without TLS, to which a ready program responds with `SERVING`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcCheck {
    /// `host:port`.
    pub address: String,
    /// The service that is asked about; empty for the server as a whole.
    pub service: String,
}

/// A client for one check; it keeps its connection.
pub(crate) struct HealthProber {
    url: Uri,
    message: Bytes,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl HealthProber {
    /// # Errors
    /// Fails if the address gives no URL, or if the service's name is too long.
    pub(crate) fn new(check: &GrpcCheck) -> Result<Self, CheckError> {
        let url = format!("http://{}/grpc.health.v1.Health/Check", check.address);
        Ok(Self {
            message: request(&check.service)?,
            url: url
                .parse()
                .map_err(|source| CheckError::Url { url, source })?,
            client: Client::builder(TokioExecutor::new())
                .http2_only(true)
                .build_http(),
        })
    }

    /// # Errors
    /// Fails if the program does not respond, or responds otherwise than with `SERVING`.
    pub(crate) async fn look(&self) -> Result<(), String> {
        let request = Request::post(self.url.clone())
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(self.message.clone()))
            .map_err(|error| error.to_string())?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| chain(&error))?;
        if !answer.status().is_success() {
            return Err(format!("{} answers {}", self.url, answer.status()));
        }
        refused(answer.headers())?;
        let body = Limited::new(answer.into_body(), ANSWER)
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        if let Some(trailers) = body.trailers() {
            refused(trailers)?;
        }
        serving(&body.to_bytes())
    }
}

/// Returns the message `{service: …}` with its prefix.
fn request(service: &str) -> Result<Bytes, CheckError> {
    // A length of one byte: names of services are short.
    let length = u8::try_from(service.len())
        .ok()
        .filter(|length| *length < 128);
    let length = length.ok_or_else(|| CheckError::ServiceName {
        service: service.to_owned(),
    })?;
    let mut message = BytesMut::new();
    message.put_u8(0);
    if length == 0 {
        message.put_u32(0);
    } else {
        message.put_u32(u32::from(length) + 2);
        // Field 1, a text.
        message.put_slice(&[0x0a, length]);
        message.put_slice(service.as_bytes());
    }
    Ok(message.freeze())
}

/// # Errors
/// Fails with the gRPC status if it is an error.
fn refused(headers: &HeaderMap) -> Result<(), String> {
    let text = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    match text("grpc-status") {
        "" | "0" => Ok(()),
        code => Err(format!(
            "its health cannot be asked for: gRPC status {code} {}",
            text("grpc-message")
        )),
    }
}

/// # Errors
/// Fails with the status if it is not `SERVING`.
fn serving(answer: &[u8]) -> Result<(), String> {
    let status = match answer.get(PREFIX..) {
        // Field 1, a number; zero is not written.
        Some([0x08, status, ..]) => usize::from(*status),
        Some([]) => 0,
        _ => return Err("it answers no HealthCheckResponse".to_owned()),
    };
    match STATUSES.get(status) {
        Some(&"SERVING") => Ok(()),
        Some(name) => Err(format!("its health is {name}")),
        None => Err(format!("its health is {status}, which has no name")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{request, serving};

    #[rstest]
    #[case::whole_server("", &[0, 0, 0, 0, 0])]
    #[case::a_service("a.B", &[0, 0, 0, 0, 5, 0x0a, 3, b'a', b'.', b'B'])]
    fn a_question(#[case] service: &str, #[case] message: &[u8]) {
        assert_eq!(request(service).unwrap(), message);
    }

    #[test]
    fn a_name_that_is_too_long() {
        assert!(
            request(&"a".repeat(128))
                .unwrap_err()
                .to_string()
                .contains("too long")
        );
    }

    #[rstest]
    #[case::serving(&[0, 0, 0, 0, 2, 8, 1], Ok(()))]
    #[case::not_serving(&[0, 0, 0, 0, 2, 8, 2], Err("its health is NOT_SERVING"))]
    #[case::zero_is_left_out(&[0, 0, 0, 0, 0], Err("its health is UNKNOWN"))]
    #[case::a_new_one(&[0, 0, 0, 0, 2, 8, 9], Err("its health is 9, which has no name"))]
    #[case::nothing(&[], Err("it answers no HealthCheckResponse"))]
    fn an_answer(#[case] answer: &[u8], #[case] expected: Result<(), &str>) {
        assert_eq!(serving(answer), expected.map_err(str::to_owned));
    }
}
