//! What Crossplane, its functions and its providers show each other.

use std::path::PathBuf;

use crosscut_crossplane::function::ServerTls;
use crosscut_programs::{StateError, StateFolder};

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub struct Pair {
    /// The certificate, followed by those that signed it.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

/// The certificates of one control plane's Crossplane, all signed by one authority.
#[derive(Clone)]
pub struct CrossplaneCertificates {
    /// The authority's certificate, as PEM.
    pub authority: String,
    /// For servers at 127.0.0.1, and for Crossplane as a client of functions.
    pub pair: Pair,
}

impl CrossplaneCertificates {
    /// What the servers of functions show, and whom they answer.
    pub(super) fn functions(&self) -> ServerTls {
        ServerTls {
            certificate: self.pair.certificate.clone(),
            key: self.pair.key.clone(),
            client_ca: self.authority.clone(),
        }
    }

    /// Writes them as Kubernetes programs expect them, into a new folder of the run.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn write(&self, state: &StateFolder, folder: &str) -> Result<PathBuf, StateError> {
        let path = state.folder(folder)?;
        state.write(&format!("{folder}/tls.crt"), &self.pair.certificate)?;
        state.write(&format!("{folder}/tls.key"), &self.pair.key)?;
        state.write(&format!("{folder}/ca.crt"), &self.authority)?;
        Ok(path)
    }
}
