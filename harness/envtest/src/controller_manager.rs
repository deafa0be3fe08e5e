//! Starting kube-controller-manager with the controllers that a control plane without pods needs.

use std::path::Path;
use std::sync::Arc;

use crosscut_programs::{HttpCheck, Program, ProgramSettings, Ready, StateFolder};

use super::api_server::Server;
use super::error::EnvtestError;
use crosscut_setup::Certificates;
use crosscut_setup::go;

/// The program's name in messages.
const NAME: &str = "kube-controller-manager";

/// Starts the garbage collector and the namespace controller on a server.
pub(super) async fn start(
    program: &Path,
    server: &Server,
    certificates: &Certificates,
    state: &Arc<StateFolder>,
) -> Result<Program, EnvtestError> {
    let kubeconfig = server.kubeconfig_path.to_string_lossy();
    let settings = |[port]: [u16; 1]| ProgramSettings {
        environment: go::environment(),
        ready: ready(port, certificates),
        ..ProgramSettings::new(NAME, program, arguments(&kubeconfig, port, certificates))
    };
    let (program, _) = Program::start_on_free_ports(settings, state).await?;
    Ok(program)
}

fn ready(port: u16, certificates: &Certificates) -> Ready {
    Ready::Http(HttpCheck {
        url: format!("https://127.0.0.1:{port}/healthz"),
        authority: Some(certificates.authority.certificate()),
        identity: None,
    })
}

fn arguments(kubeconfig: &str, port: u16, certificates: &Certificates) -> Vec<String> {
    let [certificate, key] = certificates.serving_arguments();
    vec![
        format!("--kubeconfig={kubeconfig}"),
        "--leader-elect=false".to_owned(),
        "--controllers=garbage-collector-controller,namespace-controller".to_owned(),
        // The port is only for the readiness check. Without it, a failing controller manager would not be noticed.
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        certificate,
        key,
        // The default is 20 requests a second, which delays the deletion of namespaces with many objects.
        "--kube-api-qps=1000".to_owned(),
        "--kube-api-burst=2000".to_owned(),
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
        assert_eq!(
            arguments("/state/control.kubeconfig", 10257, &certificates),
            [
                "--kubeconfig=/state/control.kubeconfig",
                "--leader-elect=false",
                "--controllers=garbage-collector-controller,namespace-controller",
                "--bind-address=127.0.0.1",
                "--secure-port=10257",
                "--tls-cert-file=/state/certificates/apiserver.crt",
                "--tls-private-key-file=/state/certificates/apiserver.key",
                "--kube-api-qps=1000",
                "--kube-api-burst=2000",
            ]
        );
    }
}
