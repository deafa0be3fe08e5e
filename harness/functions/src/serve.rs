//! A server that makes a function available to a real Crossplane: gRPC with mutual TLS on a free port of the loopback
//! interface.
//!
//! Any [`Function`] can be served, so the real Crossplane and crosscut's controllers call the same code. An error of
//! the connection to the function becomes a gRPC status, which Crossplane reports like the function's own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use function_sdk_rust::proto::v1::function_runner_service_server::SERVICE_NAME;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic_health::ServingStatus;

use super::service::Service;
use super::{Function, FunctionError};
use crosscut_errors::chain;

/// The time limit of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The TLS identity of the server, and the CA of its clients, as PEM.
#[derive(Clone)]
pub struct ServerTls {
    /// The server's certificate, which must be valid for 127.0.0.1, followed by its issuers' certificates.
    pub certificate: String,
    /// The certificate's private key.
    pub key: String,
    /// The CA that signs the clients' certificates. Other clients are refused.
    pub client_ca: String,
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The private key must not be printed.
        formatter.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// The reason why a function could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No port was available.
    #[error("cannot listen on the loopback interface")]
    Listen(#[source] std::io::Error),
    /// A certificate or key is invalid, or they do not belong together.
    #[error("cannot use the certificates: {0}")]
    Certificates(String),
}

/// A served function. Dropping the value ends the server: running calls are finished, new ones are refused.
#[derive(Debug)]
pub struct FunctionServer {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl FunctionServer {
    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server and waits until running calls are finished.
    pub async fn close(self) {
        drop(self.stop);
        if let Err(error) = self.server.await {
            tracing::warn!(%error, "the server of a function did not end well");
        }
    }
}

/// Serves a function until the returned server is dropped. Each call has this deadline. If the function's own deadline
/// is shorter, its error has more detail.
///
/// # Errors
/// [`ServeError`] if no port is available, or if a certificate or key is invalid.
pub async fn serve(
    function: Arc<dyn Function>,
    tls: &ServerTls,
    deadline: Duration,
) -> Result<FunctionServer, ServeError> {
    let incoming =
        TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).map_err(ServeError::Listen)?;
    let address = incoming.local_addr().map_err(ServeError::Listen)?;
    let router = router(function, deadline, tls).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async move {
            // An error is a dropped sender, which also means to stop.
            let _ = stopped.await;
        };
        let incoming = incoming.with_nodelay(Some(true));
        if let Err(error) = router.serve_with_incoming_shutdown(incoming, stopped).await {
            tracing::warn!(error = chain(&error), "a function is served no longer");
        }
    });
    Ok(FunctionServer {
        address,
        stop,
        server,
    })
}

async fn router(
    function: Arc<dyn Function>,
    deadline: Duration,
    tls: &ServerTls,
) -> Result<Router, ServeError> {
    let function = Service::new(function, deadline);
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status(SERVICE_NAME, ServingStatus::Serving)
        .await;
    let router = Server::builder()
        .tls_config(tls_config(tls))
        .map_err(|error| ServeError::Certificates(chain(&error)))?
        .add_service(function)
        .add_service(health);
    Ok(router)
}

fn tls_config(tls: &ServerTls) -> ServerTlsConfig {
    ServerTlsConfig::new()
        .identity(Identity::from_pem(&tls.certificate, &tls.key))
        .client_ca_root(Certificate::from_pem(&tls.client_ca))
        .client_auth_optional(false)
        .timeout(HANDSHAKE)
}

/// Returns the status for a client: the function's own status if it has one, otherwise one made from the error.
pub(crate) fn status(error: FunctionError) -> Status {
    let text = error.to_string();
    match error {
        FunctionError::Rpc { code, message, .. } => Status::new(code, message),
        FunctionError::Deadline { .. } => Status::deadline_exceeded(text),
        FunctionError::Start { .. }
        | FunctionError::NotReady { .. }
        | FunctionError::Exited { .. } => Status::unavailable(text),
        FunctionError::Unknown(_)
        | FunctionError::Address { .. }
        | FunctionError::NoAddress { .. }
        | FunctionError::Failed(_) => Status::internal(text),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tonic::Code;

    use super::*;

    fn rpc() -> FunctionError {
        FunctionError::Rpc {
            address: "127.0.0.1:1".to_owned(),
            code: Code::PermissionDenied,
            message: "not for you".to_owned(),
        }
    }

    fn deadline() -> FunctionError {
        FunctionError::Deadline {
            address: "127.0.0.1:1".to_owned(),
            deadline: Duration::from_secs(1),
        }
    }

    fn exited() -> FunctionError {
        FunctionError::Exited {
            program: "f".to_owned(),
            status: "exit status: 7".to_owned(),
            stderr: "cannot go on".to_owned(),
        }
    }

    #[rstest]
    #[case::its_own_status(rpc(), Code::PermissionDenied, "not for you")]
    #[case::no_answer(
        deadline(),
        Code::DeadlineExceeded,
        "no answer from 127.0.0.1:1 within 1s"
    )]
    #[case::ended(
        exited(),
        Code::Unavailable,
        "\"f\" ended (exit status: 7); its last words: cannot go on"
    )]
    #[case::in_process(FunctionError::Failed("no".to_owned()), Code::Internal, "no")]
    fn errors_become_statuses(
        #[case] error: FunctionError,
        #[case] code: Code,
        #[case] message: &str,
    ) {
        let status = status(error);
        assert_eq!((status.code(), status.message()), (code, message));
    }
}
