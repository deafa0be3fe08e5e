//! Finding the programs of a control plane, and saying what is missing or wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crosscut_setup::{Asset, AssetSearch, Assets};

use crosscut_setup::SetupError;
use rstest::rstest;
use tempfile::TempDir;

/// The places in the order in which they are searched, as folders below one of the test's.
const PLACES: [&str; 6] = [
    "explicit",
    "file",
    "kubebuilder",
    "testbed",
    "custom",
    "path",
];

/// Makes a program that prints a text.
fn program(folder: &Path, name: &str, says: &str) -> PathBuf {
    std::fs::create_dir_all(folder).expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/programs/says-its-version");
    let file = folder.join(name);
    std::os::unix::fs::symlink(script, &file).expect("a link");
    std::fs::write(folder.join(format!("{name}.version")), says).expect("a text");
    file
}

fn search(root: &Path) -> AssetSearch {
    let folder = |name: &str| Some(root.join(name));
    AssetSearch {
        explicit: folder("explicit"),
        files: [(Asset::Etcd, root.join("file/etcd"))].into(),
        kubebuilder: folder("kubebuilder"),
        testbed: folder("testbed"),
        custom: folder("custom"),
        path: vec![root.join("empty"), root.join("path")],
    }
}

#[rstest]
#[case(0)]
#[case(1)]
#[case(2)]
#[case(3)]
#[case(4)]
#[case(5)]
fn the_first_place_decides(#[case] first: usize) {
    let root = TempDir::new().expect("a folder");
    for place in &PLACES[first..] {
        program(&root.path().join(place), "etcd", "");
    }
    let found = search(root.path()).find_one(Asset::Etcd).expect("no error");
    assert_eq!(found, Some(root.path().join(PLACES[first]).join("etcd")));
}

#[test]
fn one_error_names_all_that_is_missing_and_every_place() {
    let root = TempDir::new().expect("a folder");
    program(&root.path().join("testbed"), "kube-apiserver", "");
    let error = search(root.path()).find().expect_err("two are missing");
    let at = |name: &str| root.path().join(name).display().to_string();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot find etcd, kube-controller-manager; searched --assets {}, TEST_ASSET_ETCD = {}, \
             KUBEBUILDER_ASSETS = {}, the test bed {}, {}, PATH",
            at("explicit"),
            at("file/etcd"),
            at("kubebuilder"),
            at("testbed"),
            at("custom"),
        )
    );
    let help = error.help().expect("help");
    for way in [
        "setup-envtest",
        "cargo xtask testbed",
        "--assets",
        "KUBEBUILDER_ASSETS",
    ] {
        assert!(help.contains(way), "{help}");
    }
}

#[test]
fn crossplane_and_its_provider_may_be_missing() {
    let root = TempDir::new().expect("a folder");
    let bin = root.path().join("path");
    for asset in Asset::REQUIRED {
        program(&bin, asset.program(), "");
    }
    let found = search(root.path()).find().expect("all that is required");
    assert_eq!((found.crossplane, found.provider_kubernetes), (None, None));
    program(&bin, "crossplane", "");
    let found = search(root.path()).find().expect("all that is required");
    assert_eq!(found.crossplane, Some(bin.join("crossplane")));
}

#[test]
fn a_program_that_cannot_be_run_is_its_own_error() {
    let root = TempDir::new().expect("a folder");
    let file = root.path().join("testbed/etcd");
    std::fs::create_dir(root.path().join("testbed")).expect("a folder");
    std::fs::write(&file, "").expect("a file");
    // Another one later in the order does not hide it.
    program(&root.path().join("path"), "etcd", "");
    let error = search(root.path()).find().expect_err("not executable");
    assert_eq!(
        error.to_string(),
        format!("{} is not executable", file.display())
    );
    assert_eq!(error.help(), Some(format!("chmod +x {}", file.display())));
}

#[test]
fn the_places_are_what_the_variables_say() {
    let variables = BTreeMap::from([
        ("TEST_ASSET_KUBE_APISERVER", "/one/kube-apiserver"),
        ("TEST_ASSET_ETCD", ""),
        ("KUBEBUILDER_ASSETS", "/kubebuilder"),
        ("HOME", "/home/me"),
        ("PATH", "/usr/bin:/bin"),
    ]);
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let search = AssetSearch::from_variables(Some("/assets".into()), variable);
    assert_eq!(search.explicit, Some("/assets".into()));
    assert_eq!(
        search.files,
        [(Asset::ApiServer, "/one/kube-apiserver".into())].into()
    );
    assert_eq!(search.kubebuilder, Some("/kubebuilder".into()));
    assert_eq!(search.custom, Some("/usr/local/kubebuilder/bin".into()));
    assert_eq!(search.path, [Path::new("/usr/bin"), Path::new("/bin")]);
}

#[rstest]
#[case::named(&[("CROSSCUT_TESTBED", "/bed"), ("XDG_CACHE_HOME", "/cache"), ("HOME", "/me")], Some("/bed/bin"))]
#[case::cache(&[("XDG_CACHE_HOME", "/cache"), ("HOME", "/me")], Some("/cache/crosscut/testbed/bin"))]
#[case::home(&[("HOME", "/me")], Some("/me/.cache/crosscut/testbed/bin"))]
#[case::nothing(&[], None)]
fn the_test_bed_is_in_the_cache(
    #[case] variables: &[(&str, &str)],
    #[case] expected: Option<&str>,
) {
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let search = AssetSearch::from_variables(None, variable);
    assert_eq!(search.testbed, expected.map(PathBuf::from));
}

fn saying(root: &Path, etcd: &str, kubernetes: &str) -> Assets {
    Assets {
        etcd: program(root, "etcd", etcd),
        api_server: program(root, "kube-apiserver", kubernetes),
        controller_manager: program(root, "kube-controller-manager", "Kubernetes v1.34.3"),
        crossplane: None,
        provider_kubernetes: None,
    }
}

#[rstest]
#[case::as_old_as_it_may_be("etcd Version: 3.4.0\nGit SHA: abc", "Kubernetes v1.31.0", None)]
#[case::newer("etcd Version: 3.6.4", "Kubernetes v1.36.2", None)]
#[case::an_old_server(
    "etcd Version: 3.5.0",
    "Kubernetes v1.30.14",
    Some(
        "kube-apiserver is not new enough: it says \"Kubernetes v1.30.14\", 1.31 or newer is needed"
    )
)]
#[case::an_old_etcd(
    "etcd Version: 3.3.27",
    "Kubernetes v1.34.3",
    Some("etcd is not new enough: it says \"etcd Version: 3.3.27\", 3.4 or newer is needed")
)]
#[case::something_else(
    "hello",
    "Kubernetes v1.34.3",
    Some("etcd is not new enough: it says \"hello\", 3.4 or newer is needed")
)]
#[tokio::test]
async fn versions(#[case] etcd: &str, #[case] kubernetes: &str, #[case] expected: Option<&str>) {
    let root = TempDir::new().expect("a folder");
    let checked = saying(root.path(), etcd, kubernetes).check_versions().await;
    let said = checked.map_err(|error| {
        assert!(
            error.help().expect("help").contains("--assets"),
            "{error:?}"
        );
        let text = error.to_string();
        let folder = format!("{}/", root.path().display());
        text.strip_prefix(&folder).unwrap_or(&text).to_owned()
    });
    assert_eq!(said.err().as_deref(), expected);
}

#[tokio::test]
async fn a_file_that_is_no_program() {
    let root = TempDir::new().expect("a folder");
    let mut assets = saying(root.path(), "etcd Version: 3.5.0", "Kubernetes v1.34.3");
    // A folder is as executable as a program.
    assets.etcd = root.path().to_owned();
    let error = assets.check_versions().await.expect_err("no program");
    assert!(matches!(error, SetupError::NotRun { .. }), "{error:?}");
    let expected = format!("cannot ask {} for its version", assets.etcd.display());
    assert_eq!(error.to_string(), expected);
}
