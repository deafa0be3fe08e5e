//! A kubeconfig with everything in it, and a client by it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;

use super::certificates::Keyed;
use super::error::SetupError;
use crate::user_agent;

/// A kubeconfig (JSON, which is YAML) for one server and one user, with the certificates in it.
pub fn text(name: &str, address: &str, authority: &str, user: &Keyed) -> String {
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {
            "server": address,
            "certificate-authority-data": STANDARD.encode(authority),
        }}],
        "users": [{"name": name, "user": {
            "client-certificate-data": STANDARD.encode(&user.certificate),
            "client-key-data": STANDARD.encode(&user.key),
        }}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    });
    format!("{kubeconfig:#}\n")
}

/// A client by a kubeconfig. Proxies of the environment are not used: the server is on the loopback interface.
pub async fn client(server: &str, kubeconfig: &str) -> Result<kube::Client, SetupError> {
    make(kubeconfig).await.map_err(|source| SetupError::Client {
        server: server.to_owned(),
        source,
    })
}

async fn make(kubeconfig: &str) -> Result<kube::Client, Box<dyn std::error::Error + Send + Sync>> {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig)?;
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    config.proxy_url = None;
    config.headers.push(user_agent::crosscut());
    Ok(kube::Client::try_from(config)?)
}

#[cfg(test)]
mod tests {
    use kube::config::Kubeconfig;

    use super::text;
    use crate::{Keyed, SetupError};

    fn keyed() -> Keyed {
        Keyed {
            certificate: "certificate".to_owned(),
            key: "key".to_owned(),
        }
    }

    #[test]
    fn it_is_one_and_has_everything_in_it() {
        let text = text("control", "https://127.0.0.1:6443", "authority", &keyed());
        let read = Kubeconfig::from_yaml(&text).unwrap();
        assert_eq!(read.current_context.as_deref(), Some("control"));
        let cluster = read.clusters[0].cluster.clone().unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://127.0.0.1:6443"));
        // What openssl base64 makes of the texts above.
        assert_eq!(
            cluster.certificate_authority_data.as_deref(),
            Some("YXV0aG9yaXR5")
        );
        let user = read.auth_infos[0].auth_info.clone().unwrap();
        assert_eq!(
            user.client_certificate_data.as_deref(),
            Some("Y2VydGlmaWNhdGU=")
        );
        assert!(text.contains("\"client-key-data\": \"a2V5\""), "{text}");
    }

    #[tokio::test]
    async fn certificates_that_are_none_are_an_error() {
        let text = text("control", "https://127.0.0.1:6443", "authority", &keyed());
        let Err(error) = super::client("kube-apiserver-control", &text).await else {
            panic!("a client");
        };
        assert!(matches!(error, SetupError::Client { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            "cannot make a client for kube-apiserver-control"
        );
    }
}
