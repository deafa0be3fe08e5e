//! Access to one cluster: a context of a kubeconfig, and a client for that context.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::error::AccessError;
use crosscut_setup::user_agent;

/// The time that an API server may take to respond.
const ANSWER: Duration = Duration::from_secs(10);

/// One cluster, with the user who accesses it.
#[derive(Clone)]
pub struct Access {
    /// The context's name.
    pub context: String,
    /// The server's URL.
    pub address: String,
    /// A kubeconfig with this context only, and with the certificates embedded.
    pub kubeconfig: String,
    /// A client for the context.
    pub client: kube::Client,
}

impl Access {
    /// Creates a client for `context`, or for the current context if it is `None`. Sends no request yet. `from`
    /// describes the kubeconfig's source in messages.
    ///
    /// # Errors
    /// [`AccessError`], except [`AccessError::Dead`] and [`AccessError::Refused`].
    pub async fn open(
        kubeconfig: &Kubeconfig,
        context: Option<&str>,
        from: &str,
    ) -> Result<Access, AccessError> {
        let context = chosen(kubeconfig, context, from, "--context")?;
        Self::to(kubeconfig, context).await
    }

    /// Creates a client for the context of a target, which has no default. Otherwise like [`Access::open`].
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

    /// Checks that the API server responds and accepts the user.
    ///
    /// # Errors
    /// [`AccessError::Dead`], [`AccessError::Refused`].
    pub async fn check(&self) -> Result<(), AccessError> {
        let dead = |reason| AccessError::Dead {
            context: self.context.clone(),
            address: self.address.clone(),
            reason,
        };
        // Every authenticated user may read this list. The version is no proof: anonymous users may read it, too.
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

/// Returns the name of the context that `option` names, or of the current context if `context` is `None`.
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

/// Returns a kubeconfig with one context, and with the content of its certificate files embedded.
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

/// Returns the content of a file as kubeconfigs embed it, in base64.
fn data(file: Option<String>) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(file) = file else { return Ok(None) };
    let content =
        std::fs::read(Path::new(&file)).map_err(|error| format!("read {file}: {error}"))?;
    Ok(Some(STANDARD.encode(content)))
}

/// Returns true if a URL leads to the local machine.
fn is_local(address: &str) -> bool {
    let uri: Option<http::Uri> = address.parse().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Returns the last cause of an error. The causes before it only report that a request failed.
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
