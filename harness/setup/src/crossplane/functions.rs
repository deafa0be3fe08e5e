//! The functions of a suite, served to a real Crossplane and made known to it.
//!
//! Crossplane looks a function up by the revision of a package. There are no packages here: the revision is written by
//! hand, with the address in its status, and paused, so that nobody tries to pull what does not exist.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crosscut_client::{Api, Validation};

use crosscut_functions::Functions;
use crosscut_functions::{FunctionServer, ServerTls, serve};
use crosscut_objects::{ObjectRef, object};
use serde_json::{Value, json};

use super::CrossplaneError;
use super::install::MANAGER;

/// The longest call: Crossplane gives up a reconcile, with all of its calls, after this.
const DEADLINE: Duration = Duration::from_secs(120);
const API_VERSION: &str = "pkg.crossplane.io/v1";

/// Functions that are served. Dropping it ends the servers, not the functions.
pub(super) struct ServedFunctions {
    servers: Vec<(String, FunctionServer)>,
}

impl ServedFunctions {
    /// Serves every function.
    ///
    /// # Errors
    /// If one cannot be served; then none is.
    pub(super) async fn start(
        functions: &Functions,
        tls: &ServerTls,
    ) -> Result<Self, CrossplaneError> {
        let mut servers = Vec::new();
        for (name, function) in functions.iter() {
            let server = serve(Arc::clone(function), tls, DEADLINE)
                .await
                .map_err(|source| CrossplaneError::Serve {
                    name: name.to_owned(),
                    source,
                })?;
            servers.push((name.to_owned(), server));
        }
        Ok(Self { servers })
    }

    /// Makes the functions known to Crossplane.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub(super) async fn register(&self, api: &Api) -> Result<(), CrossplaneError> {
        for (name, server) in &self.servers {
            register(api, name, server.address())
                .await
                .map_err(CrossplaneError::api(format!("register function {name}")))?;
        }
        Ok(())
    }

    /// Ends the servers when the calls under way are answered.
    pub(super) async fn close(self) {
        for (_, server) in self.servers {
            server.close().await;
        }
    }
}

async fn register(
    api: &Api,
    name: &str,
    address: SocketAddr,
) -> Result<(), crosscut_client::ApiError> {
    api.apply(&function(name), MANAGER).await?;
    let revision = revision(name);
    api.apply(&revision, MANAGER).await?;
    let place = ObjectRef::cluster(API_VERSION, "FunctionRevision", object::name(&revision));
    api.merge_patch_with(place, "status", &status(address), Validation::default())
        .await
        .map(drop)
}

/// The package. Without it Crossplane takes the function for removed, and hangs up every ten minutes.
fn function(name: &str) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "Function",
        "metadata": {"name": name, "annotations": {"crossplane.io/paused": "true"}},
        "spec": {"package": image(name)},
    })
}

fn revision(name: &str) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "FunctionRevision",
        "metadata": {
            "name": format!("{name}-crosscut"),
            "labels": {"pkg.crossplane.io/package": name},
            "annotations": {"crossplane.io/paused": "true"},
        },
        "spec": {"desiredState": "Active", "image": image(name), "revision": 1},
    })
}

/// An image that nobody can pull. Crossplane wants a registry in its name; this one exists nowhere (RFC 2606).
fn image(name: &str) -> String {
    format!("crosscut.invalid/functions/{name}:v0")
}

fn status(address: SocketAddr) -> Value {
    json!({"status": {
        "endpoint": format!("dns:///{address}"),
        "capabilities": ["composition"],
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_what_crossplane_looks_for() {
        let revision = revision("auto-ready");
        assert_eq!(
            object::label(&revision, "pkg.crossplane.io/package"),
            "auto-ready"
        );
        assert_eq!(
            object::annotation(&revision, "crossplane.io/paused"),
            "true"
        );
        assert_eq!(revision["spec"]["desiredState"], "Active");
    }

    #[test]
    fn the_status_says_where_it_is_served() {
        let address = "127.0.0.1:4711".parse().unwrap();
        assert_eq!(
            status(address)["status"]["endpoint"],
            "dns:///127.0.0.1:4711"
        );
    }
}
