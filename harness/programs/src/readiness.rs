//! Conditions under which a program counts as started.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::net::TcpStream;

use crate::error::CheckError;
use crate::grpc_check::{GrpcCheck, HealthProber};
use crate::http_check::{HttpCheck, Prober};

/// The time that one look may take.
const LOOK: Duration = Duration::from_secs(2);

/// One look at a program. It fails with the reason if the program is not ready yet.
pub type Look = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A condition under which a program counts as started.
#[derive(Clone, Default)]
pub enum Ready {
    /// The program runs.
    #[default]
    AtOnce,
    /// The address accepts connections. On a port that was taken, these may be another program's, so a check that
    /// recognizes the program by its response is better.
    Tcp(SocketAddr),
    /// The response to a GET has a status of 200 to 299.
    Http(HttpCheck),
    /// The program reports `SERVING` by the gRPC health protocol.
    Grpc(GrpcCheck),
    /// The look succeeds.
    Custom(Look),
}

impl fmt::Debug for Ready {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => formatter.write_str("AtOnce"),
            Self::Tcp(address) => formatter.debug_tuple("Tcp").field(address).finish(),
            Self::Http(check) => formatter.debug_tuple("Http").field(check).finish(),
            Self::Grpc(check) => formatter.debug_tuple("Grpc").field(check).finish(),
            Self::Custom(_) => formatter.write_str("Custom"),
        }
    }
}

/// A check that is made ready once and then looked through many times.
pub(crate) enum Watcher {
    AtOnce,
    Tcp(SocketAddr),
    Http(Box<Prober>),
    Grpc(Box<HealthProber>),
    Custom(Look),
}

impl Watcher {
    /// # Errors
    /// Fails if the check has a mistake.
    pub(crate) fn new(ready: &Ready) -> Result<Self, CheckError> {
        Ok(match ready {
            Ready::AtOnce => Self::AtOnce,
            Ready::Tcp(address) => Self::Tcp(*address),
            Ready::Http(check) => Self::Http(Box::new(Prober::new(check)?)),
            Ready::Grpc(check) => Self::Grpc(Box::new(HealthProber::new(check)?)),
            Ready::Custom(look) => Self::Custom(Arc::clone(look)),
        })
    }

    /// # Errors
    /// Fails if the program is not ready yet.
    pub(crate) async fn look(&self) -> Result<(), String> {
        let look = async {
            match self {
                Self::AtOnce => Ok(()),
                Self::Tcp(address) => connect(*address).await,
                Self::Http(prober) => prober.look().await,
                Self::Grpc(prober) => prober.look().await,
                Self::Custom(look) => look().await,
            }
        };
        tokio::time::timeout(LOOK, look)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {LOOK:?}")))
    }
}

async fn connect(address: SocketAddr) -> Result<(), String> {
    match TcpStream::connect(address).await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("cannot connect to {address}: {error}")),
    }
}
