//! The errors of programs and of the folder of a run.

use std::path::PathBuf;
use std::time::Duration;

/// An error of starting or ending a program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// A program that the operating system does not run.
    #[error("cannot start {name} ({})", program.display())]
    Start {
        /// The program's name in messages.
        name: String,
        /// The path.
        program: PathBuf,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// A log file or a note in the state folder that could not be written.
    #[error("cannot start {name}")]
    State {
        /// The program's name in messages.
        name: String,
        /// The reason.
        #[source]
        source: StateError,
    },
    /// A readiness check that is not usable.
    #[error("cannot ask whether {name} is ready: {source}")]
    Check {
        /// The program's name in messages.
        name: String,
        /// The mistake in the check.
        #[source]
        source: Box<CheckError>,
    },
    /// A program that ended before it was ready.
    #[error("{name} ended before it was ready ({status}){}", indented(.lines))]
    Exited {
        /// The program's name in messages.
        name: String,
        /// The way it ended.
        status: String,
        /// The last lines that the program wrote.
        lines: Vec<String>,
    },
    /// A program that was not ready in time, and has been ended.
    #[error("{name} was not ready within {deadline:?}: {last}{}", indented(.lines))]
    NotReady {
        /// The program's name in messages.
        name: String,
        /// The time that it had.
        deadline: Duration,
        /// The result of the last look.
        last: String,
        /// The last lines that the program wrote.
        lines: Vec<String>,
    },
    /// A program that lives on although it was killed.
    #[error("{name} (process {id}) does not end, although it was killed")]
    StillAlive {
        /// The program's name in messages.
        name: String,
        /// The process id.
        id: u32,
    },
}

impl ProgramError {
    /// Returns true if it ended because another program listens on its port.
    #[must_use]
    pub fn is_port_taken(&self) -> bool {
        let taken = |line: &String| {
            let line = line.to_ascii_lowercase();
            line.contains("address already in use") || line.contains("addrinuse")
        };
        matches!(self, Self::Exited { lines, .. } if lines.iter().any(taken))
    }
}

/// A mistake in a readiness check, found before the program is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// An address that gives no URL.
    #[error("{url}: {source}")]
    Url {
        /// The text that is no URL.
        url: String,
        /// The reason.
        #[source]
        source: http::uri::InvalidUri,
    },
    /// A configuration of TLS that cannot be used.
    #[error(transparent)]
    Tls(rustls::Error),
    /// A private key of the client that cannot be read.
    #[error("the client's key: {0}")]
    Key(#[source] rustls::pki_types::pem::Error),
    /// A certificate of the client that does not fit its key.
    #[error("the client's certificate: {0}")]
    Client(#[source] rustls::Error),
    /// A certificate of the authority that cannot be used.
    #[error("the authority's certificate: {0}")]
    Authority(#[source] rustls::Error),
    /// A certificate that cannot be read.
    #[error("a certificate: {0}")]
    Certificate(#[source] rustls::pki_types::pem::Error),
    /// A name of a service that is longer than 127 bytes.
    #[error("the name of the service is too long: {service}")]
    ServiceName {
        /// The name.
        service: String,
    },
}

/// An error of making or writing the folder of a run.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct StateError {
    /// The operation that failed, as in "cannot …".
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The reason why it failed.
    #[source]
    pub source: std::io::Error,
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::ProgramError;

    fn exited(line: &str) -> ProgramError {
        ProgramError::Exited {
            name: "etcd".to_owned(),
            status: "exit status: 1".to_owned(),
            lines: vec!["starting".to_owned(), line.to_owned()],
        }
    }

    #[test]
    fn a_taken_port_is_told_from_other_ends() {
        assert!(exited("listen tcp 127.0.0.1:1: bind: address already in use").is_port_taken());
        assert!(exited("Error: Address already in use (os error 98)").is_port_taken());
        assert!(!exited("the data folder is already in use").is_port_taken());
    }

    #[test]
    fn the_last_lines_are_part_of_the_message() {
        assert_eq!(
            exited("no such flag").to_string(),
            "etcd ended before it was ready (exit status: 1)\n    starting\n    no such flag"
        );
    }
}
