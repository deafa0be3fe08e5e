//! Real control planes, where their programs are found; else each test says why it is skipped.

use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crosscut_cluster::envtest::{
    AssetSearch, Assets, Checkpoint, Environment, EnvironmentSettings, EnvtestError, Restored,
    Server, delete_namespace,
};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{
    DeleteParams, DynamicObject, ListParams, ObjectMeta, Patch, PatchParams, PostParams,
};
use kube::discovery::ApiResource;
use kube::{Api, ResourceExt as _};
use serde_json::json;

/// How long anything that happens by itself may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// The programs of a control plane; `None`, with the reason printed, where they are not found.
fn assets() -> Option<Assets> {
    let search = AssetSearch::from_variables(None, |name| std::env::var(name).ok());
    match search.find() {
        Ok(assets) => Some(assets),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

async fn start(assets: Assets, root: &Path) -> Environment {
    let settings = EnvironmentSettings {
        assets,
        targets: 1,
        state_root: root.to_owned(),
    };
    Environment::start(settings, &(Arc::new(|_: &str| {}) as _))
        .await
        .expect("an environment")
}

fn root() -> tempfile::TempDir {
    tempfile::tempdir_in(crosscut_programs::default_root(&std::env::temp_dir())).expect("a folder")
}

async fn create_namespace(server: &Server, name: &str) {
    let namespaces: Api<Namespace> = Api::all(server.client.clone());
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

fn config_map(name: &str, value: &str) -> ConfigMap {
    ConfigMap {
        metadata: named(name),
        data: Some([("key".to_owned(), value.to_owned())].into()),
        ..ConfigMap::default()
    }
}

fn config_maps(server: &Server, namespace: &str) -> Api<ConfigMap> {
    Api::namespaced(server.client.clone(), namespace)
}

/// The ids of the processes whose command line names a path.
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

async fn eventually<F: Future<Output = bool>>(what: &str, mut is: impl FnMut() -> F) {
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
    let namespaces: Api<Namespace> = Api::all(target.client.clone());
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

/// The garbage collector of the controller manager deletes what a deleted owner had.
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

fn widgets() -> CustomResourceDefinition {
    serde_json::from_value(json!({
        "metadata": {"name": "widgets.test.io"},
        "spec": {
            "group": "test.io",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
        },
    }))
    .expect("a definition")
}

/// Defines the kind and waits until it is served.
async fn define_widgets(server: &Server) {
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client.clone());
    definitions
        .create(&PostParams::default(), &widgets())
        .await
        .expect("a definition");
    eventually("the definition's establishment", || async {
        widget_api(server)
            .list(&ListParams::default())
            .await
            .is_ok()
    })
    .await;
}

fn widget_api(server: &Server) -> Api<DynamicObject> {
    Api::namespaced_with(server.client.clone(), "shop", &widget_resource())
}

fn widget_resource() -> ApiResource {
    ApiResource {
        group: "test.io".to_owned(),
        version: "v1".to_owned(),
        api_version: "test.io/v1".to_owned(),
        kind: "Widget".to_owned(),
        plural: "widgets".to_owned(),
    }
}

async fn create_widgets(server: &Server, count: usize) {
    for number in 0..count {
        let widget = DynamicObject::new(&format!("w-{number}"), &widget_resource())
            .data(json!({"spec": {"number": number}}));
        widget_api(server)
            .create(&PostParams::default(), &widget)
            .await
            .expect("a widget");
    }
}

async fn has_namespace(server: &Server, name: &str) -> bool {
    let namespaces: Api<Namespace> = Api::all(server.client.clone());
    namespaces.get_opt(name).await.expect("an answer").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_brings_everything_back() {
    let Some(assets) = assets() else { return };
    let root = root();
    let environment = start(assets, root.path()).await;
    let target = &environment.targets()[0];
    let maps = config_maps(target, "default");
    let create = PostParams::default();
    for name in ["changed", "deleted", "kept"] {
        maps.create(&create, &config_map(name, "before"))
            .await
            .expect("a config map");
    }
    let taking = Instant::now();
    let mut checkpoint = Checkpoint::take(environment.etcd(), &target.prefix)
        .await
        .expect("a checkpoint");
    println!("took a checkpoint in {:?}", taking.elapsed());

    for round in 0..3 {
        change_everything(target).await;
        let restoring = Instant::now();
        let restored = checkpoint.restore().await.expect("a restoration");
        println!(
            "round {round}: restored in {:?}: {restored:?}",
            restoring.elapsed()
        );
        assert_eq!(restored.written, 2, "{restored:?}");
        eventually("the server's seeing it", || sees_the_old_state(target)).await;
        println!("round {round}: seen after {:?}", restoring.elapsed());
        let again = checkpoint.restore().await.expect("a restoration");
        assert_eq!(
            again,
            Restored::default(),
            "there is nothing left to restore"
        );
    }
    environment.stop().await.expect("it stops");
}

/// Makes a definition with instances in a new namespace, changes a config map and deletes another.
async fn change_everything(target: &Server) {
    let defining = Instant::now();
    define_widgets(target).await;
    println!("the definition was served after {:?}", defining.elapsed());
    create_namespace(target, "shop").await;
    create_widgets(target, 20).await;
    let maps = config_maps(target, "default");
    let change = Patch::Merge(json!({"data": {"key": "after"}}));
    maps.patch("changed", &PatchParams::default(), &change)
        .await
        .expect("a change");
    maps.delete("deleted", &DeleteParams::default())
        .await
        .expect("a deletion");
}

/// By lists, which the server answers out of its watch cache where it can, and by reads.
async fn sees_the_old_state(target: &Server) -> bool {
    let maps = config_maps(target, "default");
    let cached = ListParams::default().match_any();
    let maps = maps.list(&cached).await.expect("config maps");
    let value = |name: &str| {
        let map = maps.iter().find(|map| map.name_any() == name)?;
        map.data.as_ref()?.get("key").cloned()
    };
    let values = ["changed", "deleted", "kept"].map(|name| value(name).unwrap_or_default());
    let definitions: Api<CustomResourceDefinition> = Api::all(target.client.clone());
    let definitions = definitions.list(&cached).await.expect("definitions");
    values == ["before"; 3]
        && definitions.items.is_empty()
        && !has_namespace(target, "shop").await
        && widget_api(target).list(&cached).await.is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_is_deleted_at_once() {
    let Some(assets) = assets() else { return };
    let root = root();
    let environment = start(assets, root.path()).await;
    let target = &environment.targets()[0];
    define_widgets(target).await;
    create_namespace(target, "shop").await;
    create_widgets(target, 3).await;
    let create = PostParams::default();
    let (inside, outside) = (config_maps(target, "shop"), config_maps(target, "default"));
    inside
        .create(&create, &config_map("a", "a"))
        .await
        .expect("one inside");
    outside
        .create(&create, &config_map("shop", "a"))
        .await
        .expect("one outside");

    let deleting = Instant::now();
    let deleted = delete_namespace(environment.etcd(), &target.prefix, "shop")
        .await
        .expect("a deletion");
    println!("deleted in {:?}", deleting.elapsed());
    assert_eq!(deleted, 5, "three widgets, a config map, and the namespace");
    assert!(!has_namespace(target, "shop").await);
    assert!(outside.get_opt("shop").await.expect("an answer").is_some());
    // It can be made and used again at once.
    create_namespace(target, "shop").await;
    eventually("the namespace's use", || async {
        inside.create(&create, &config_map("a", "b")).await.is_ok()
    })
    .await;
    environment.stop().await.expect("it stops");
}

/// A stand-in for an API server that says the right version and then ends.
fn broken(folder: &Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let program = folder.join("kube-apiserver");
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && echo Kubernetes v1.34.0 && exit\n\
                  echo the flag is not known >&2\nexit 7\n";
    std::fs::write(&program, script).expect("a script");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, executable).expect("executable");
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_half_way_says_why_and_leaves_nothing() {
    let Some(mut assets) = assets() else { return };
    let (root, bin) = (root(), root());
    assets.api_server = broken(bin.path());
    let said = Arc::new(Mutex::new(Vec::new()));
    let progress = {
        let said = Arc::clone(&said);
        Arc::new(move |line: &str| said.lock().expect("a lock").push(line.to_owned())) as _
    };
    let settings = EnvironmentSettings {
        assets,
        targets: 2,
        state_root: root.path().to_owned(),
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
