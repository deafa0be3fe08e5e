//! Two real API servers from the test bed's programs, as plain processes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_cluster::envtest::crossplane::{CrossplaneCertificates, Pair};
use crosscut_programs::{
    HttpCheck, Identity, Inherited, Program, ProgramSettings, Ready, StateFolder, default_root,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

/// Where the test bed is, if it was built.
pub(crate) fn assets() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let caches = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let folder = variable("CROSSCUT_TESTBED")
        .or_else(|| Some(caches()?.join("crosscut").join("testbed")))?;
    let needed = [
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "crossplane",
        "provider-kubernetes",
    ];
    let has = |name: &&str| folder.join("bin").join(name).exists();
    needed.iter().all(has).then_some(folder)
}

/// Signs the certificates of one test.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("an authority");
        Authority { issuer }
    }

    /// For servers at 127.0.0.1 and for clients, of an organization.
    fn sign(&self, organization: &str) -> Pair {
        let key = key();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        params
            .distinguished_name
            .push(DnType::OrganizationName, organization);
        params
            .distinguished_name
            .push(DnType::CommonName, "crosscut");
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    pub(crate) fn crossplane(&self) -> CrossplaneCertificates {
        CrossplaneCertificates {
            authority: self.issuer.pem(),
            pair: self.sign("crossplane"),
        }
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

/// One API server with its controller manager.
pub(crate) struct Plane {
    pub(crate) kubeconfig: String,
    pub(crate) kubeconfig_path: PathBuf,
    pub(crate) client: kube::Client,
    pub(crate) server: Program,
    pub(crate) manager: Program,
}

/// Control plane and target on one etcd.
pub(crate) struct Bed {
    pub(crate) authority: Authority,
    pub(crate) control: Plane,
    pub(crate) target: Plane,
    pub(crate) etcd: Program,
    pub(crate) state: Arc<StateFolder>,
}

impl Bed {
    pub(crate) async fn start(assets: &Path) -> Bed {
        let (state, _) = StateFolder::open(&default_root(&std::env::temp_dir())).expect("a folder");
        let state = Arc::new(state);
        let authority = Authority::new();
        let (etcd, url) = start_etcd(assets, &state).await;
        let starter = Starter {
            assets,
            state: &state,
            authority: &authority,
            etcd: &url,
        };
        let (control, target) = tokio::join!(starter.plane("control"), starter.plane("target"));
        Bed {
            control,
            target,
            authority,
            etcd,
            state,
        }
    }
}

fn settings(name: &str, program: PathBuf, arguments: Vec<String>, ready: Ready) -> ProgramSettings {
    ProgramSettings {
        ready,
        deadline: std::time::Duration::from_secs(120),
        inherited: Inherited::Nothing,
        ..ProgramSettings::new(name, program, arguments)
    }
}

async fn start_etcd(assets: &Path, state: &Arc<StateFolder>) -> (Program, String) {
    let data = state.folder("etcd").expect("a folder");
    let (etcd, [client, _]) = Program::start_on_free_ports(
        |[client, peer]: [u16; 2]| {
            let (client, peer) = (local("http", client), local("http", peer));
            let arguments = vec![
                format!("--data-dir={}", data.display()),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster=default={peer}"),
                "--unsafe-no-fsync".to_owned(),
            ];
            let ready = Ready::Http(HttpCheck {
                url: format!("{client}/health"),
                authority: None,
                identity: None,
            });
            settings("etcd", assets.join("bin/etcd"), arguments, ready)
        },
        state,
    )
    .await
    .expect("etcd");
    (etcd, local("http", client))
}

fn local(scheme: &str, port: u16) -> String {
    format!("{scheme}://127.0.0.1:{port}")
}

struct Starter<'a> {
    assets: &'a Path,
    state: &'a Arc<StateFolder>,
    authority: &'a Authority,
    etcd: &'a str,
}

impl Starter<'_> {
    async fn plane(&self, name: &str) -> Plane {
        let folder = self.state.folder(name).expect("a folder");
        let server = self.authority.sign("servers");
        let admin = self.authority.sign("system:masters");
        let write = |file: &str, text: &str| {
            self.state
                .write(&format!("{name}/{file}"), text)
                .expect("a file")
        };
        write("server.crt", &server.certificate);
        write("server.key", &server.key);
        write("ca.crt", &self.authority.issuer.pem());
        let (program, [port]) = Program::start_on_free_ports(
            |[port]: [u16; 1]| {
                let ready = Ready::Http(HttpCheck {
                    url: format!("{}/readyz", local("https", port)),
                    authority: Some(self.authority.issuer.pem()),
                    identity: Some(Identity {
                        certificate: admin.certificate.clone(),
                        key: admin.key.clone(),
                    }),
                });
                settings(
                    &format!("{name}-apiserver"),
                    self.assets.join("bin/kube-apiserver"),
                    self.server_arguments(name, &folder, port),
                    ready,
                )
            },
            self.state,
        )
        .await
        .expect("kube-apiserver");
        let kubeconfig = kubeconfig(&local("https", port), &self.authority.issuer.pem(), &admin);
        let path = write("kubeconfig", &kubeconfig);
        let arguments = vec![
            format!("--kubeconfig={}", path.display()),
            "--leader-elect=false".to_owned(),
            "--controllers=garbage-collector-controller,namespace-controller".to_owned(),
            "--secure-port=0".to_owned(),
        ];
        let program_path = self.assets.join("bin/kube-controller-manager");
        let manager = settings(
            &format!("{name}-manager"),
            program_path,
            arguments,
            Ready::AtOnce,
        );
        Plane {
            client: client(&kubeconfig).await,
            kubeconfig,
            kubeconfig_path: path,
            server: program,
            manager: Program::start(manager, self.state)
                .await
                .expect("kube-controller-manager"),
        }
    }

    fn server_arguments(&self, name: &str, folder: &Path, port: u16) -> Vec<String> {
        let file = |name: &str| folder.join(name).display().to_string();
        vec![
            format!("--etcd-servers={}", self.etcd),
            format!("--etcd-prefix=/{name}"),
            format!("--secure-port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--tls-cert-file={}", file("server.crt")),
            format!("--tls-private-key-file={}", file("server.key")),
            format!("--client-ca-file={}", file("ca.crt")),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            "--authorization-mode=AlwaysAllow".to_owned(),
            "--service-account-issuer=https://127.0.0.1/".to_owned(),
            format!("--service-account-key-file={}", file("server.crt")),
            format!("--service-account-signing-key-file={}", file("server.key")),
            "--endpoint-reconciler-type=none".to_owned(),
            "--enable-priority-and-fairness=false".to_owned(),
        ]
    }
}

fn kubeconfig(server: &str, authority: &str, admin: &Pair) -> String {
    let data = |pem: &str| STANDARD.encode(pem);
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "a", "cluster": {
            "server": server,
            "certificate-authority-data": data(authority),
        }}],
        "users": [{"name": "a", "user": {
            "client-certificate-data": data(&admin.certificate),
            "client-key-data": data(&admin.key),
        }}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "current-context": "a",
    })
    .to_string()
}

async fn client(kubeconfig: &str) -> kube::Client {
    let config = Kubeconfig::from_yaml(kubeconfig).expect("a kubeconfig");
    let mut config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default())
        .await
        .expect("a configuration");
    config.proxy_url = None;
    kube::Client::try_from(config).expect("a client")
}
