//! Access to a cluster for programs under test: a server on loopback that forwards requests through a recorded client.
//!
//! The objects that a program creates are labelled and recorded like those of a trial, so they can be deleted. No
//! program gets the user's own credentials. Requests for an upgrade (`exec`, `port-forward`) are refused. All other
//! requests and responses, watches included, are forwarded unchanged except for the label.

mod forward;
mod hops;

use crosscut_traffic::{Identity, Server, ServerTls};

use super::error::ProxyError;
use crosscut_setup::{Authority, kubeconfig};

/// The user in the only client certificate that a proxy accepts.
const USER: &str = "program";

/// A running proxy. Dropping it ends the server and its open requests.
pub(crate) struct Proxy {
    _server: Server,
    /// A kubeconfig for the proxy, with its only client certificate.
    pub(crate) kubeconfig: String,
}

impl Proxy {
    /// Starts a proxy in front of a client. `name` is the cluster's name in the kubeconfig.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub(crate) async fn start(name: &str, client: kube::Client) -> Result<Proxy, ProxyError> {
        let authority = Authority::new()?;
        let (served, asking) = (authority.server(name, &[])?, authority.client(USER, None)?);
        let tls = ServerTls {
            identity: Identity {
                certificate: served.certificate,
                key: served.key,
            },
            clients: Some(authority.certificate()),
        };
        let answer = move |request| forward::forward(client.clone(), request);
        let server = Server::start(Some(&tls), answer).await?;
        let address = format!("https://127.0.0.1:{}", server.port());
        Ok(Proxy {
            kubeconfig: kubeconfig::text(name, &address, &authority.certificate(), &asking),
            _server: server,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosscut_objects::{ObjectRef, object};
    use futures::TryStreamExt as _;
    use http::Request;
    use http_body_util::BodyExt as _;
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
    use kube::client::Body;
    use kube::config::{KubeConfigOptions, Kubeconfig};
    use kube::{Api, Client, Config};
    use serde_json::{Value, json};

    use super::Proxy;
    use crate::ledger::{LABEL, Ledger};
    use crate::recorded::recorded;
    use crate::testing::InProcess;
    use crate::trial::api;

    struct Proxied {
        cluster: InProcess,
        ledger: Arc<Ledger>,
        proxy: Proxy,
        /// A program's client.
        client: Client,
    }

    async fn client(kubeconfig: Kubeconfig) -> Client {
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .unwrap();
        config.proxy_url = None;
        Client::try_from(config).unwrap()
    }

    impl Proxied {
        async fn start() -> Proxied {
            let cluster = InProcess::new();
            let ledger = Arc::new(Ledger::of_run("run"));
            let proxy = Proxy::start("control", recorded(&cluster.client, &ledger))
                .await
                .unwrap();
            let client = client(Kubeconfig::from_yaml(&proxy.kubeconfig).unwrap()).await;
            Proxied {
                cluster,
                ledger,
                proxy,
                client,
            }
        }

        async fn ask(&self, request: http::request::Builder, body: Body) -> (u16, Value) {
            let answer = self.client.send(request.body(body).unwrap()).await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&body).unwrap())
        }
    }

    fn config_map(name: &str) -> ConfigMap {
        serde_json::from_value(json!({"metadata": {"name": name}})).unwrap()
    }

    #[tokio::test]
    async fn what_a_program_makes_is_labelled_and_remembered() {
        let proxied = Proxied::start().await;
        let maps: Api<ConfigMap> = Api::default_namespaced(proxied.client.clone());
        let made = maps
            .create(&PostParams::default(), &config_map("made"))
            .await
            .unwrap();
        assert_eq!(made.metadata.labels.unwrap()[LABEL], "run");
        // An update of an existing object is not recorded again.
        maps.replace("made", &PostParams::default(), &config_map("made"))
            .await
            .unwrap();
        let remembered: Vec<String> = proxied.ledger.take().iter().map(<_>::to_string).collect();
        assert_eq!(remembered, ["ConfigMap default/made"]);
        let there = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made", "namespace": "default"}});
        let there = api(&proxied.cluster.client)
            .get(ObjectRef::of(&there))
            .await;
        assert_eq!(object::name(&there.unwrap()), "made");
    }

    #[tokio::test]
    async fn a_program_sees_what_the_cluster_says() {
        let proxied = Proxied::start().await;
        let maps: Api<ConfigMap> = Api::default_namespaced(proxied.client.clone());
        let missing = maps.get("missing").await.unwrap_err();
        assert!(
            matches!(&missing, kube::Error::Api(status) if status.is_not_found()),
            "{missing}"
        );
        let list = maps.list(&ListParams::default()).await.unwrap();
        let version = list.metadata.resource_version.unwrap();
        let watched = maps.watch(&WatchParams::default(), &version).await.unwrap();
        let mut watched = std::pin::pin!(watched);
        // The events must arrive while the watch is open.
        for name in ["first", "second"] {
            maps.create(&PostParams::default(), &config_map(name))
                .await
                .unwrap();
            let event = watched.try_next().await.unwrap().unwrap();
            let WatchEvent::Added(map) = event else {
                panic!("{event:?}");
            };
            assert_eq!(map.metadata.name.as_deref(), Some(name));
        }
    }

    #[tokio::test]
    async fn nobody_else_is_let_in() {
        let proxied = Proxied::start().await;
        let mut kubeconfig = Kubeconfig::from_yaml(&proxied.proxy.kubeconfig).unwrap();
        kubeconfig.auth_infos[0].auth_info = Some(kube::config::AuthInfo::default());
        let stranger = client(kubeconfig).await;
        let error = stranger.apiserver_version().await.unwrap_err();
        assert!(
            matches!(error, kube::Error::Service(_) | kube::Error::HyperError(_)),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn what_cannot_be_passed_on_is_refused_as_an_api_server_refuses() {
        let proxied = Proxied::start().await;
        let upgrade = Request::post("/api/v1/namespaces/default/pods/p/exec")
            .header("connection", "upgrade")
            .header("upgrade", "SPDY/3.1");
        let (status, said) = proxied.ask(upgrade, Body::empty()).await;
        assert_eq!((status, &said["kind"]), (501, &json!("Status")));
        let long = Body::from(vec![b' '; (8 << 20) + 1]);
        let request = Request::post("/api/v1/namespaces/default/configmaps");
        let (status, said) = proxied.ask(request, long).await;
        assert_eq!((status, &said["code"]), (413, &json!(413)));
    }
}
