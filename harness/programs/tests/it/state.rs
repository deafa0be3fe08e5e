//! The folder of a run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crosscut_programs::{StateFolder, default_root};

use crate::stub::state;

fn mode(path: &Path) -> u32 {
    let metadata = std::fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

#[test]
fn everything_in_it_is_its_owners() {
    let (_root, state) = state();
    let folder = state.folder("certificates/function").expect("a folder");
    let file = state
        .write("certificates/function/tls.key", "secret")
        .expect("a file");
    assert_eq!(mode(state.path()), 0o700);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("..")), 0o700);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&state.path().join("lock")), 0o600);
    assert_eq!(mode(&state.path().join("processes")), 0o600);
    assert_eq!(std::fs::read_to_string(&file).expect("text"), "secret");
}

#[test]
fn a_file_is_written_once() {
    let (_root, state) = state();
    state.write("a", "1").expect("a file");
    let error = state.write("a", "2").expect_err("it is there");
    assert!(error.to_string().starts_with("cannot write "), "{error}");
}

#[test]
fn it_is_gone_when_the_last_that_holds_it_is() {
    let (root, state) = state();
    state.write("a", "1").expect("a file");
    let second = std::sync::Arc::clone(&state);
    drop(state);
    assert!(second.path().exists());
    drop(second);
    assert_eq!(std::fs::read_dir(root.path()).expect("a folder").count(), 0);
}

#[test]
fn a_root_that_is_a_file_is_an_error() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error = StateFolder::open(file.path()).expect_err("no folder");
    assert!(error.to_string().starts_with("cannot make "), "{error}");
}

#[test]
fn the_default_is_a_folder_to_write_in() {
    let temporary = std::env::temp_dir();
    let root = default_root(&temporary);
    assert!(
        root == temporary || root == Path::new("/dev/shm"),
        "{root:?}"
    );
    assert!(root.is_dir());
}
