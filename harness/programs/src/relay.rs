//! Connections between this machine's loopback interface and that of a program in a network of its own.
//!
//! The two have nothing in common but files. So each port has a socket in a folder of the run: here a relay leads from one to
//! the other, and in the program's network another relay does the same the other way round.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;

/// The ports that a program in a network of its own shares with this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// The place where the sockets are.
    pub folder: PathBuf,
    /// Ports of this machine that the program reaches at the same number.
    pub reached: Vec<u16>,
    /// Ports of the program that this machine reaches at the same number.
    pub shown: Vec<u16>,
}

impl Shared {
    /// Returns the arguments that tell a hidden subcommand what is shared.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut folder = OsString::from("--folder=");
        folder.push(&self.folder);
        let reached = self.reached.iter().map(|port| format!("--reached={port}"));
        let shown = self.shown.iter().map(|port| format!("--shown={port}"));
        let ports = reached.chain(shown).map(OsString::from);
        [folder].into_iter().chain(ports).collect()
    }

    fn reached_socket(&self, port: u16) -> PathBuf {
        self.folder.join(format!("reached-{port}"))
    }

    fn shown_socket(&self, port: u16) -> PathBuf {
        self.folder.join(format!("shown-{port}"))
    }
}

/// Relays that run. Dropping it ends them, with their connections.
#[derive(Debug)]
pub struct Relays {
    running: JoinSet<()>,
}

impl Relays {
    /// Starts this machine's side: the sockets lead to the ports that are reached, and the ports that are shown to the
    /// sockets. `shown` has a listener for each port that is shown.
    ///
    /// # Errors
    /// If a socket cannot be made; its path may be too long.
    pub fn here(shared: &Shared, shown: Vec<TcpListener>) -> std::io::Result<Self> {
        let mut relays = Self {
            running: JoinSet::new(),
        };
        for port in &shared.reached {
            relays.lead_from_socket(&shared.reached_socket(*port), *port)?;
        }
        for listener in shown {
            let port = listener.local_addr()?.port();
            relays.lead_from_port(listener, shared.shown_socket(port));
        }
        Ok(relays)
    }

    /// Starts the side of the program's network: the other way round.
    ///
    /// # Errors
    /// If a socket cannot be made, or a port is taken.
    pub async fn there(shared: &Shared) -> std::io::Result<Self> {
        let mut relays = Self {
            running: JoinSet::new(),
        };
        for port in &shared.shown {
            relays.lead_from_socket(&shared.shown_socket(*port), *port)?;
        }
        for port in &shared.reached {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await?;
            relays.lead_from_port(listener, shared.reached_socket(*port));
        }
        Ok(relays)
    }

    /// Waits until all have ended, which they do not by themselves.
    pub async fn run(mut self) {
        while self.running.join_next().await.is_some() {}
    }

    fn lead_from_socket(&mut self, path: &Path, port: u16) -> std::io::Result<()> {
        let listener = UnixListener::bind(path)?;
        self.running.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(async move {
                    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
                    join(near, far).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(())
    }

    fn lead_from_port(&mut self, listener: TcpListener, path: PathBuf) {
        self.running.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let path = path.clone();
                connections.spawn(async move {
                    join(near, UnixStream::connect(path).await).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
    }
}

/// Copies both ways until both ends have nothing more to say.
async fn join(
    mut near: impl AsyncRead + AsyncWrite + Unpin,
    far: std::io::Result<impl AsyncRead + AsyncWrite + Unpin>,
) {
    // A far end that cannot be reached closes the near one: the client sees the same as of a program that ended.
    let copied = match far {
        Ok(mut far) => copy_bidirectional(&mut near, &mut far).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = copied {
        tracing::debug!(%error, "a relayed connection ended");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Two relays in one network: what would be the same port on the other side is another socket here.
    #[tokio::test]
    async fn what_is_said_arrives_whole() {
        let folder = tempfile::tempdir().unwrap();
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (far, near) = (
            server.local_addr().unwrap().port(),
            listener.local_addr().unwrap().port(),
        );
        let shared = Shared {
            folder: folder.path().to_owned(),
            reached: vec![far],
            shown: vec![near],
        };
        let mut relays = Relays::here(&shared, vec![listener]).unwrap();
        // As the other side does it.
        std::fs::rename(shared.reached_socket(far), shared.shown_socket(near)).unwrap();
        let echo = tokio::spawn(async move {
            let (mut connection, _) = server.accept().await.unwrap();
            let mut said = Vec::new();
            connection.read_to_end(&mut said).await.unwrap();
            connection.write_all(&said).await.unwrap();
        });
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, near))
            .await
            .unwrap();
        let words = vec![b'x'; 300_000];
        client.write_all(&words).await.unwrap();
        client.shutdown().await.unwrap();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, words);
        echo.await.unwrap();
        relays.running.abort_all();
    }
}
