//! Folders on a disk, with links.

use std::os::unix::fs::symlink;

use camino::Utf8Path;
use crosscut_suite::{Disk, Files, Walk};

fn below(folder: &Utf8Path, walk: &Walk) -> (Vec<String>, Vec<String>) {
    let shown = |path: &Utf8Path| path.strip_prefix(folder).unwrap().to_string();
    let unread = walk
        .unread
        .iter()
        .map(|one| format!("{}: {}", shown(&one.path), one.reason));
    (
        walk.files.iter().map(|file| shown(file)).collect(),
        unread.collect(),
    )
}

#[test]
fn links_are_followed_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    for path in ["in/a", "in/b", "out/c"] {
        std::fs::create_dir_all(root.join(path)).unwrap();
        std::fs::write(root.join(path).join("x.yaml"), "").unwrap();
    }
    for (target, link) in [
        ("../out/c", "in/linked"),
        ("a", "in/again"),
        ("..", "in/up"),
        (".", "in/a/itself"),
        ("../../out", "in/b/outside"),
        ("b/x.yaml", "in/file.yaml"),
        ("nowhere", "in/broken"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    let inside = root.join("in");
    let walk = Disk.walk(&inside).unwrap();
    let (files, unread) = below(&inside, &walk);
    assert_eq!(
        files,
        [
            "a/x.yaml",
            "b/outside/c/x.yaml",
            "b/x.yaml",
            "broken",
            "file.yaml"
        ]
    );
    assert_eq!(
        unread,
        [
            "a/itself: it leads to a folder that is read already",
            "again: it leads to a folder that is read already",
            "broken: it leads nowhere",
            "linked: it leads to a folder that is read already",
            "up: it leads to a folder that it lies in",
        ]
    );
}

#[test]
fn folders_that_are_too_deep_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    let deep = root.join("d/".repeat(34));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("x.yaml"), "").unwrap();
    let (files, unread) = below(root, &Disk.walk(root).unwrap());
    assert_eq!(files, Vec::<String>::new());
    assert_eq!(unread.len(), 1);
    assert!(
        unread[0].ends_with("more than 32 folders deep"),
        "{unread:?}"
    );
}

#[test]
fn a_program_is_a_file_that_may_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    std::fs::write(root.join("text"), "").unwrap();
    assert!(!Disk.is_executable(&root.join("text")));
    assert!(!Disk.is_executable(root), "a folder is no program");
    assert!(Disk.is_executable("/bin/sh".into()));
}
