//! Tests of real control planes. If their programs are not found, each test prints why it is skipped.

use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crosscut_setup::{AssetSearch, Assets};

use crosscut_envtest::{Environment, EnvironmentSettings, EnvtestError, Server};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

/// The time limit for everything that the tests wait for.
const DEADLINE: Duration = Duration::from_secs(60);

/// Returns the programs of a control plane. Prints the reason and returns `None` if they are not found.
pub(crate) fn assets() -> Option<Assets> {
    let search = AssetSearch::from_variables(None, |name| std::env::var(name).ok());
    match search.find() {
        Ok(assets) => Some(assets),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

pub(crate) async fn start(assets: Assets, root: &Path) -> Environment {
    let settings = EnvironmentSettings {
        assets,
        targets: 1,
        state_root: root.to_owned(),
        launcher: None,
    };
    let mut environment = Environment::start(settings, &(Arc::new(|_: &str| {}) as _))
        .await
        .expect("an environment");
    environment
        .start_controllers()
        .await
        .expect("the built-in controllers");
    environment
}

pub(crate) fn root() -> tempfile::TempDir {
    tempfile::tempdir_in(crosscut_programs::default_root(&std::env::temp_dir())).expect("a folder")
}

/// The machine's clock.
pub(crate) struct Now;

impl crosscut_objects::Clock for Now {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

pub(crate) async fn create_namespace(server: &Server, name: &str) {
    let namespaces: Api<Namespace> = Api::all(server.client().clone());
    let namespace = Namespace {
        metadata: named(name),
        ..Namespace::default()
    };
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .expect("a namespace");
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

/// Returns a config map with one value.
pub(crate) fn config_map(name: &str, value: &str) -> ConfigMap {
    ConfigMap {
        metadata: named(name),
        data: Some([("key".to_owned(), value.to_owned())].into()),
        ..ConfigMap::default()
    }
}

pub(crate) fn config_maps(server: &Server, namespace: &str) -> Api<ConfigMap> {
    Api::namespaced(server.client().clone(), namespace)
}

/// Returns the ids of the processes whose command line has a path.
fn processes_of(path: &Path) -> Vec<String> {
    let path = path.to_string_lossy();
    let entries = std::fs::read_dir("/proc").expect("processes").flatten();
    entries
        .filter(|entry| {
            std::fs::read(entry.path().join("cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&*path))
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn is_open(address: &str) -> bool {
    let (_, port) = address.rsplit_once(':').expect("a port");
    TcpStream::connect(("127.0.0.1", port.parse().expect("a number"))).is_ok()
}

pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut is: impl FnMut() -> F) {
    let end = Instant::now() + DEADLINE;
    while !is().await {
        assert!(Instant::now() < end, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_works_and_leaves_nothing() {
    let Some(assets) = assets() else { return };
    let root = root();
    let started = Instant::now();
    let environment = start(assets, root.path()).await;
    println!("started in {:?}", started.elapsed());
    let (control, target) = (environment.control(), &environment.targets()[0]);
    for server in [control, target] {
        create_namespace(server, "shop").await;
    }
    create_namespace(control, "control-only").await;
    let namespaces: Api<Namespace> = Api::all(target.client().clone());
    let found = namespaces.get_opt("control-only").await.expect("an answer");
    assert!(found.is_none(), "the servers share what they store");
    collects_garbage(control).await;
    environment.check().expect("everything runs");
    let names: Vec<String> = environment.logs().into_iter().map(|log| log.name).collect();
    assert_eq!(
        names,
        [
            "etcd",
            "kube-apiserver-control",
            "kube-apiserver-target-1",
            "kube-controller-manager",
        ]
    );
    let addresses = [
        control.address.clone(),
        target.address.clone(),
        environment.etcd().url().to_owned(),
    ];
    assert_eq!(processes_of(root.path()).len(), 4);

    let stopping = Instant::now();
    environment.stop().await.expect("it stops");
    println!("stopped in {:?}", stopping.elapsed());
    assert_eq!(processes_of(root.path()), [""; 0]);
    for address in addresses {
        assert!(!is_open(&address), "{address} still listens");
    }
    let left: Vec<_> = std::fs::read_dir(root.path()).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Checks that the garbage collector deletes the dependents of a deleted owner.
async fn collects_garbage(server: &Server) {
    let maps = config_maps(server, "shop");
    let create = PostParams::default();
    let owner = maps.create(&create, &config_map("owner", "a")).await;
    let owner = owner.expect("an owner");
    let mut owned = config_map("owned", "a");
    owned.metadata.owner_references = Some(vec![
        serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "name": "owner",
            "uid": owner.uid().expect("a uid"),
        }))
        .expect("a reference"),
    ]);
    maps.create(&create, &owned).await.expect("an owned one");
    maps.delete("owner", &DeleteParams::background())
        .await
        .expect("a deletion");
    eventually("garbage collection", || async {
        maps.get_opt("owned").await.expect("an answer").is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_program_is_noticed() {
    let Some(assets) = assets() else { return };
    let root = root();
    let environment = start(assets, root.path()).await;
    environment.check().expect("everything runs");
    kill(&processes_of(root.path()), "etcd");
    eventually("the end of etcd", || async { environment.check().is_err() }).await;
    let error = environment.check().expect_err("etcd is gone");
    let EnvtestError::Ended { name, status, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (name.as_str(), status.as_str()),
        ("etcd", "signal: 9 (SIGKILL)")
    );
    environment.stop().await.expect("what is left stops");
    assert_eq!(processes_of(root.path()), [""; 0]);
}

/// Kills a program from outside, as the kernel does if memory is short.
fn kill(processes: &[String], program: &str) {
    let path = |id: &str| std::fs::read_link(format!("/proc/{id}/exe")).unwrap_or_default();
    let id = processes
        .iter()
        .find(|id| path(id).ends_with(program))
        .expect("the program");
    let killed = std::process::Command::new("kill").args(["-9", id]).status();
    assert!(killed.expect("a kill").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_half_way_says_why_and_leaves_nothing() {
    let Some(mut assets) = assets() else { return };
    let root = root();
    assets.api_server =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/programs/broken-api-server");
    let said = Arc::new(Mutex::new(Vec::new()));
    let progress = {
        let said = Arc::clone(&said);
        Arc::new(move |line: &str| said.lock().expect("a lock").push(line.to_owned())) as _
    };
    let settings = EnvironmentSettings {
        assets,
        targets: 2,
        state_root: root.path().to_owned(),
        launcher: None,
    };
    let error = match Environment::start(settings, &progress).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    };
    assert!(matches!(error, EnvtestError::Program(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("exit status: 7"), "{text}");
    assert!(text.contains("the flag is not known"), "{text}");
    assert_eq!(
        *said.lock().expect("a lock"),
        ["starting etcd", "starting 3 API servers"]
    );
    eventually("the end of the processes", || async {
        processes_of(root.path()).is_empty()
    })
    .await;
    assert_eq!(std::fs::read_dir(root.path()).expect("a folder").count(), 0);
}
