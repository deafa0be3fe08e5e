//! The way to one cluster: a context of a kubeconfig, and a client by it.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::error::AccessError;
use crosscut_setup::user_agent;

/// The time that an API server may take to answer at all.
const ANSWER: Duration = Duration::from_secs(10);

/// One cluster, and who asks it.
#[derive(Clone)]
pub struct Access {
    /// The context's name.
    pub context: String,
    /// The server's URL.
    pub address: String,
    /// A kubeconfig with this context alone, and with the certificates in it.
    pub kubeconfig: String,
    /// A client in the context's name.
    pub client: kube::Client,
}

impl Access {
    /// Makes a client for a context, or the current one; nothing is asked yet. `from` says where the kubeconfig is from.
    ///
    /// # Errors
    /// [`AccessError`], but not that it is dead.
    pub async fn open(
        kubeconfig: &Kubeconfig,
        context: Option<&str>,
        from: &str,
    ) -> Result<Access, AccessError> {
        let context = chosen(kubeconfig, context, from, "--context")?;
        Self::to(kubeconfig, context).await
    }

    /// The same for the context of a target, which must be named.
    ///
    /// # Errors
    /// As [`Access::open`].
    pub async fn open_target(
        kubeconfig: &Kubeconfig,
        context: &str,
        from: &str,
    ) -> Result<Access, AccessError> {
        let context = chosen(kubeconfig, Some(context), from, "--target-context")?;
        Self::to(kubeconfig, context).await
    }

    async fn to(kubeconfig: &Kubeconfig, context: String) -> Result<Access, AccessError> {
        let broken = |source| AccessError::Broken {
            context: context.clone(),
            source,
        };
        let alone = alone(kubeconfig, &context).map_err(broken)?;
        let text = serde_json::to_string(&alone).map_err(|error| broken(Box::new(error)))?;
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(alone, &options)
            .await
            .map_err(|error| broken(Box::new(error)))?;
        let address = config.cluster_url.to_string();
        config.connect_timeout = Some(ANSWER);
        if is_local(&address) {
            config.proxy_url = None;
        }
        config.headers.push(user_agent::crosscut());
        let client = kube::Client::try_from(config).map_err(|error| broken(Box::new(error)))?;
        Ok(Access {
            address: address.trim_end_matches('/').to_owned(),
            context,
            kubeconfig: text,
            client,
        })
    }

    /// Returns true if the server is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(&self.address)
    }

    /// Whether it answers, and lets its user in.
    ///
    /// # Errors
    /// [`AccessError::Dead`], [`AccessError::Refused`].
    pub async fn check(&self) -> Result<(), AccessError> {
        let dead = |reason| AccessError::Dead {
            context: self.context.clone(),
            address: self.address.clone(),
            reason,
        };
        // What everybody who is let in may read, unlike the version, which strangers may read as well.
        let answer = tokio::time::timeout(ANSWER, self.client.list_core_api_versions()).await;
        match answer {
            Err(_) => Err(dead(format!("nothing within {} s", ANSWER.as_secs()))),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(kube::Error::Api(status))) if matches!(status.code, 401 | 403) => {
                Err(AccessError::Refused {
                    context: self.context.clone(),
                    address: self.address.clone(),
                    reason: status.message.clone(),
                })
            }
            Ok(Err(error)) => Err(dead(deepest(&error))),
        }
    }
}

/// The context that is named by an option, or the current one.
fn chosen(
    kubeconfig: &Kubeconfig,
    context: Option<&str>,
    from: &str,
    option: &'static str,
) -> Result<String, AccessError> {
    let known: Vec<String> = kubeconfig
        .contexts
        .iter()
        .map(|named| named.name.clone())
        .collect();
    let current = kubeconfig.current_context.as_deref();
    let from = from.to_owned();
    let Some(context) = context.or(current.filter(|name| !name.is_empty())) else {
        return Err(AccessError::NoContext { from, known });
    };
    if known.iter().any(|name| name == context) {
        return Ok(context.to_owned());
    }
    Err(AccessError::UnknownContext {
        context: context.to_owned(),
        from,
        known,
        option,
    })
}

/// A kubeconfig with one context, whose files are in it.
fn alone(
    kubeconfig: &Kubeconfig,
    context: &str,
) -> Result<Kubeconfig, Box<dyn std::error::Error + Send + Sync>> {
    let mut alone = kubeconfig.clone();
    alone.contexts.retain(|named| named.name == context);
    let used = alone
        .contexts
        .first()
        .and_then(|named| named.context.clone());
    let used = used.ok_or_else(|| KubeconfigError::LoadContext(context.to_owned()))?;
    alone.clusters.retain(|named| named.name == used.cluster);
    alone
        .auth_infos
        .retain(|named| Some(&named.name) == used.user.as_ref());
    alone.current_context = Some(context.to_owned());
    for cluster in alone
        .clusters
        .iter_mut()
        .flat_map(|named| &mut named.cluster)
    {
        if cluster.certificate_authority_data.is_none() {
            cluster.certificate_authority_data = data(cluster.certificate_authority.take())?;
        }
    }
    for user in alone
        .auth_infos
        .iter_mut()
        .flat_map(|named| &mut named.auth_info)
    {
        if user.client_certificate_data.is_none() {
            user.client_certificate_data = data(user.client_certificate.take())?;
        }
        if user.client_key_data.is_none() {
            user.client_key_data = data(user.client_key.take())?.map(Into::into);
        }
    }
    Ok(alone)
}

/// A file as kubeconfigs carry it.
fn data(file: Option<String>) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(file) = file else { return Ok(None) };
    let content =
        std::fs::read(Path::new(&file)).map_err(|error| format!("read {file}: {error}"))?;
    Ok(Some(STANDARD.encode(content)))
}

/// Returns true if a URL leads to this machine.
fn is_local(address: &str) -> bool {
    let uri: Option<http::Uri> = address.parse().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The last cause of an error: the ones before it say no more than that a request failed.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use kube::config::Kubeconfig;
    use rstest::rstest;

    use super::{Access, is_local};
    use crate::AccessError;

    const TWO: &str = "\
apiVersion: v1
kind: Config
clusters:
- {name: a, cluster: {server: 'https://127.0.0.1:1'}}
- {name: b, cluster: {server: 'https://b.example.org'}}
users:
- {name: a, user: {token: secret-of-a}}
- {name: b, user: {token: secret-of-b}}
contexts:
- {name: one, context: {cluster: a, user: a}}
- {name: two, context: {cluster: b, user: b, namespace: team}}
- {name: without, context: {cluster: c, user: c}}
";

    fn two() -> Kubeconfig {
        Kubeconfig::from_yaml(TWO).unwrap()
    }

    #[rstest]
    #[case::by_address("https://127.0.0.1:6443", true)]
    #[case::any_loopback_address("https://127.8.0.1", true)]
    #[case::by_address_6("https://[::1]:6443/", true)]
    #[case::by_name("https://localhost:6443", true)]
    #[case::a_private_network("https://10.0.0.1:6443", false)]
    #[case::a_name("https://localhost.example.org", false)]
    #[case::no_url("", false)]
    fn what_is_local(#[case] address: &str, #[case] local: bool) {
        assert_eq!(is_local(address), local);
    }

    #[tokio::test]
    async fn a_context_is_taken_out_alone() {
        let connection = Access::open(&two(), Some("two"), "a file").await.unwrap();
        assert_eq!(connection.address, "https://b.example.org");
        assert!(!connection.is_local());
        assert!(connection.kubeconfig.contains("secret-of-b"));
        assert!(!connection.kubeconfig.contains("secret-of-a"));
        let again = Kubeconfig::from_yaml(&connection.kubeconfig).unwrap();
        let again = Access::open(&again, None, "itself").await.unwrap();
        assert_eq!(again.context, "two");
    }

    #[rstest]
    #[case::unknown(
        Some("three"),
        "there is no context \"three\" in a file",
        "there are one, two, without"
    )]
    #[case::none(None, "a file has no current context", "there are one, two, without")]
    #[case::without_a_cluster(
        Some("without"),
        "the context \"without\" cannot be used",
        "kubectl --context without version"
    )]
    #[tokio::test]
    async fn contexts_that_cannot_be_used(
        #[case] context: Option<&str>,
        #[case] says: &str,
        #[case] helps: &str,
    ) {
        let Err(error) = Access::open(&two(), context, "a file").await else {
            panic!("a connection");
        };
        assert_eq!(error.to_string(), says);
        assert!(error.help().contains(helps), "{}", error.help());
    }

    #[tokio::test]
    async fn a_cluster_that_is_not_there_is_dead() {
        let connection = Access::open(&two(), Some("one"), "a file").await.unwrap();
        let error = connection.check().await.unwrap_err();
        assert!(matches!(error, AccessError::Dead { .. }), "{error}");
        assert!(error.to_string().contains("onnection refused"), "{error}");
    }
}
