//! Starting a kube-apiserver on a shared etcd.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crosscut_client::Connection;
use crosscut_programs::{HttpCheck, Identity, Program, ProgramSettings, Ready, StateFolder};
use k8s_openapi::api::core::v1::{Namespace, Service};
use kube::Api;
use tokio::time::{Instant, sleep};

use super::error::EnvtestError;
use crosscut_setup::{Certificates, SetupError};
use crosscut_setup::{go, kubeconfig};

/// The time until the server must be ready. On an idle machine it takes less than two seconds.
const DEADLINE: Duration = Duration::from_secs(60);
/// The time between two checks for the first objects.
const POLL: Duration = Duration::from_millis(20);
/// The namespaces that an API server creates by itself.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Admission plugins that need objects which do not exist here: a controller's tokens, priority classes, runtime
/// classes.
const PLUGINS_OFF: &str = "ServiceAccount,Priority,RuntimeClass";
/// API groups without any use, because no pod runs and no request is queued. Without them the server is ready a second
/// earlier, because it does not wait for its own priority classes.
const GROUPS_OFF: &str = "flowcontrol.apiserver.k8s.io/v1=false,scheduling.k8s.io/v1=false,\
                          node.k8s.io/v1=false,certificates.k8s.io/v1=false";

/// A running API server.
pub struct Server {
    /// An administrator's connection. Trials share it, and with it the cached discovery.
    pub connection: Connection,
    /// An administrator's kubeconfig, with embedded certificates.
    pub kubeconfig: String,
    /// A file with the kubeconfig, for programs. Only its owner can read it.
    pub kubeconfig_path: PathBuf,
    /// The prefix of the server's keys in etcd.
    pub prefix: String,
    /// The URL.
    pub address: String,
    /// The port of the loopback interface.
    pub port: u16,
    pub(super) program: Program,
}

impl Server {
    /// Returns an administrator's client.
    #[must_use]
    pub fn client(&self) -> &kube::Client {
        self.connection.http()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("address", &self.address)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// The common settings of all API servers.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    /// The program.
    pub(super) program: &'a Path,
    /// The URL of etcd.
    pub(super) etcd: &'a str,
    /// The certificates of the environment.
    pub(super) certificates: &'a Certificates,
    /// The folder of the run.
    pub(super) state: &'a Arc<StateFolder>,
}

/// Starts an API server and waits until it is ready and has its first objects. `name` is its name in the environment
/// and the prefix of its keys.
pub(super) async fn start(common: Common<'_>, name: &str) -> Result<Server, EnvtestError> {
    let Common {
        program,
        certificates,
        state,
        ..
    } = common;
    let prefix = format!("/{name}");
    let settings = |[port]: [u16; 1]| ProgramSettings {
        environment: go::environment(),
        ready: ready(port, certificates),
        deadline: DEADLINE,
        ..ProgramSettings::new(
            format!("kube-apiserver-{name}"),
            program,
            arguments(common.etcd, &prefix, port, certificates),
        )
    };
    let (program, [port]) = Program::start_on_free_ports(settings, state).await?;
    let address = url(port);
    let authority = certificates.authority.certificate();
    let kubeconfig = kubeconfig::text(name, &address, &authority, &certificates.admin);
    let client = kubeconfig::client(program.name(), &kubeconfig).await?;
    wait_for_first_objects(&program, &client).await?;
    Ok(Server {
        connection: client.into(),
        kubeconfig_path: state.write(&format!("{name}.kubeconfig"), &kubeconfig)?,
        kubeconfig,
        prefix,
        address,
        port,
        program,
    })
}

fn url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

fn ready(port: u16, certificates: &Certificates) -> Ready {
    Ready::Http(HttpCheck {
        url: format!("{}/readyz", url(port)),
        authority: Some(certificates.authority.certificate()),
        identity: Some(Identity {
            certificate: certificates.admin.certificate.clone(),
            key: certificates.admin.key.clone(),
        }),
    })
}

/// Waits for the objects that every API server creates a moment after it is ready. Checkpoints and verdicts must
/// include them.
async fn wait_for_first_objects(
    program: &Program,
    client: &kube::Client,
) -> Result<(), EnvtestError> {
    let failed = |source| SetupError::Client {
        server: program.name().to_owned(),
        source,
    };
    let end = Instant::now() + DEADLINE;
    loop {
        let missing = missing_object(client)
            .await
            .map_err(|error| failed(Box::new(error)))?;
        match missing {
            None => return Ok(()),
            Some(_) if Instant::now() < end => sleep(POLL).await,
            Some(object) => {
                return Err(EnvtestError::NoFirstObject {
                    server: program.name().to_owned(),
                    object,
                });
            }
        }
    }
}

async fn missing_object(client: &kube::Client) -> Result<Option<String>, kube::Error> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    for name in NAMESPACES {
        if namespaces.get_opt(name).await?.is_none() {
            return Ok(Some(format!("namespace {name}")));
        }
    }
    let services: Api<Service> = Api::namespaced(client.clone(), "default");
    let service = services.get_opt("kubernetes").await?;
    Ok(service
        .is_none()
        .then(|| "service default/kubernetes".to_owned()))
}

fn arguments(etcd: &str, prefix: &str, port: u16, certificates: &Certificates) -> Vec<String> {
    let file = |flag: &str, name| format!("--{flag}={}", certificates.path(name));
    let [certificate, key] = certificates.serving_arguments();
    vec![
        format!("--etcd-servers={etcd}"),
        format!("--etcd-prefix={prefix}"),
        "--bind-address=127.0.0.1".to_owned(),
        // Without this flag the server looks for the address of a default route, and fails to start if there is none.
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        certificate,
        key,
        file("client-ca-file", Certificates::AUTHORITY),
        "--service-account-issuer=https://127.0.0.1/".to_owned(),
        file("service-account-key-file", Certificates::SERVICE_ACCOUNT),
        file(
            "service-account-signing-key-file",
            Certificates::SERVICE_ACCOUNT_KEY,
        ),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--allow-privileged=true".to_owned(),
        // No roles are needed before the first request.
        "--authorization-mode=AlwaysAllow".to_owned(),
        // No other server uses this prefix.
        "--endpoint-reconciler-type=none".to_owned(),
        // All clients belong to one run, so requests need no fair queues.
        "--enable-priority-and-fairness=false".to_owned(),
        "--max-requests-inflight=0".to_owned(),
        "--max-mutating-requests-inflight=0".to_owned(),
        format!("--disable-admission-plugins={PLUGINS_OFF}"),
        format!("--runtime-config={GROUPS_OFF}"),
        "--profiling=false".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::arguments;
    use crosscut_setup::Authority;
    use crosscut_setup::Certificates;

    #[test]
    fn arguments_by_value() {
        let authority = Authority::new().unwrap();
        let certificates = Certificates {
            admin: authority.client("crosscut", None).unwrap(),
            authority,
            folder: "/state/certificates".into(),
        };
        let arguments = arguments("http://127.0.0.1:2379", "/target-1", 6443, &certificates);
        assert_eq!(
            arguments,
            [
                "--etcd-servers=http://127.0.0.1:2379",
                "--etcd-prefix=/target-1",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--secure-port=6443",
                "--tls-cert-file=/state/certificates/apiserver.crt",
                "--tls-private-key-file=/state/certificates/apiserver.key",
                "--client-ca-file=/state/certificates/ca.crt",
                "--service-account-issuer=https://127.0.0.1/",
                "--service-account-key-file=/state/certificates/sa.pub",
                "--service-account-signing-key-file=/state/certificates/sa.key",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--allow-privileged=true",
                "--authorization-mode=AlwaysAllow",
                "--endpoint-reconciler-type=none",
                "--enable-priority-and-fairness=false",
                "--max-requests-inflight=0",
                "--max-mutating-requests-inflight=0",
                "--disable-admission-plugins=ServiceAccount,Priority,RuntimeClass",
                "--runtime-config=flowcontrol.apiserver.k8s.io/v1=false,\
                 scheduling.k8s.io/v1=false,node.k8s.io/v1=false,certificates.k8s.io/v1=false",
                "--profiling=false",
            ]
        );
    }
}
