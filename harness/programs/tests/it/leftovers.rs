//! Runs that were killed, and runs beside each other.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crosscut_programs::{Program, StateFolder};
use tempfile::TempDir;

use crate::stub::{With as _, eventually, lives, note, settings, state};

/// Another run: this test binary again, which starts a program in the root and waits.
fn owner(root: &Path) -> Child {
    let settings = settings("owns-a-program")
        .with_root(root)
        .with_note(&root.join("note"));
    Command::new(&settings.program)
        .args(&settings.arguments)
        .envs(&settings.environment)
        .stdout(Stdio::null())
        .spawn()
        .expect("an owner")
}

fn folders(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("crosscut-"))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_killed_run_left_is_ended_by_the_next() {
    let root = tempfile::tempdir().expect("a folder");
    let mut owner = owner(root.path());
    let noted = note(&root.path().join("note")).await;
    let (program, child) = noted.split_once(' ').expect("two processes");
    let old = folders(root.path());
    owner.kill().expect("a kill");
    owner.wait().expect("an end");
    assert!(lives(program) && lives(child), "they outlive their owner");

    let (state, cleaned) = StateFolder::open(root.path()).expect("a state folder");
    assert!(!lives(program) && !lives(child));
    let [line] = cleaned.as_slice() else {
        panic!("{cleaned:?}");
    };
    let folder = root.path().join(&old[0]);
    assert!(
        line.starts_with(&format!(
            "cleaned up after a run that was killed: {}, killed stub (process {program})",
            folder.display()
        )),
        "{line}"
    );
    assert_eq!(folders(root.path()), [state.run()]);
}

#[tokio::test]
async fn what_a_program_left_is_ended_even_if_the_program_is_gone() {
    let root = tempfile::tempdir().expect("a folder");
    let mut owner = owner(root.path());
    let noted = note(&root.path().join("note")).await;
    let (program, child) = noted.split_once(' ').expect("two processes");
    owner.kill().expect("a kill");
    owner.wait().expect("an end");
    let killed = Command::new("kill").args(["-9", program]).status();
    assert!(killed.expect("a kill").success());
    eventually("the end of the program", || !lives(program)).await;
    assert!(lives(child));

    let (_state, cleaned) = StateFolder::open(root.path()).expect("a state folder");
    assert!(!lives(child));
    let expected = format!("killed what its programs had started (process {child})");
    assert!(cleaned[0].ends_with(&expected), "{cleaned:?}");
}

#[tokio::test]
async fn runs_beside_each_other_do_not_touch_each_other() {
    let (root, first) = state();
    let program = Program::start(settings("waits"), &first)
        .await
        .expect("it starts");
    let (second, cleaned) = StateFolder::open(root.path()).expect("a state folder");
    assert_eq!(cleaned, [""; 0]);
    assert_eq!(program.exit_status(), None);
    assert!(first.path().exists());
    assert_eq!(folders(root.path()).len(), 2);
    drop(second);
    assert_eq!(folders(root.path()), [first.run()]);
}

#[tokio::test]
async fn many_runs_at_once_each_get_a_folder_and_leave_none() {
    let root = tempfile::tempdir().expect("a folder");
    // Something for all of them to clean.
    abandon(root.path(), "1 1 nothing /nothing\n");
    let open = || {
        let root = root.path().to_owned();
        tokio::task::spawn_blocking(move || StateFolder::open(&root))
    };
    let opening: Vec<_> = (0..16).map(|_| open()).collect();
    let mut states = Vec::new();
    let mut cleaned = 0;
    for state in opening {
        let (state, lines) = state.await.expect("no panic").expect("a state folder");
        assert!(state.path().join("lock").exists());
        cleaned += lines
            .iter()
            .filter(|line| line.contains("-abandoned"))
            .count();
        states.push(state);
    }
    assert_eq!(cleaned, 1, "one of them cleans it");
    assert_eq!(folders(root.path()).len(), 16);
    drop(states);
    assert_eq!(folders(root.path()), [""; 0]);
}

/// Makes the folder of a run that is no more.
fn abandon(root: &Path, processes: &str) -> std::path::PathBuf {
    let (state, _) = StateFolder::open(root).expect("a state folder");
    let run = state.run();
    let (_, random) = run.rsplit_once('-').expect("a name");
    let folder = root.join(run.replace(random, "abandoned"));
    drop(state);
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("lock"), "").expect("a lock");
    std::fs::write(folder.join("processes"), processes).expect("notes");
    folder
}

#[tokio::test]
async fn another_process_with_the_id_of_an_old_one_is_left_alone() {
    let (_elsewhere, state) = state();
    let program = Program::start(settings("waits"), &state)
        .await
        .expect("it starts");
    let root = TempDir::new().expect("a folder");
    let folder = abandon(
        root.path(),
        &format!(
            "{} 1 etcd /usr/bin/etcd\n0 1 x /x\nnonsense\n",
            program.id()
        ),
    );
    let (_state, cleaned) = StateFolder::open(root.path()).expect("a state folder");
    let line = format!(
        "cleaned up after a run that was killed: {}",
        folder.display()
    );
    assert_eq!(cleaned, [line]);
    assert_eq!(program.exit_status(), None);
    assert!(lives(&program.id().to_string()));
}

#[test]
fn what_only_looks_like_a_run_is_left_alone() {
    let root = TempDir::new().expect("a folder");
    let folder = abandon(root.path(), "");
    std::fs::remove_dir_all(&folder).expect("a removal");
    // A link to another user's folder, and a file.
    let somebodys = TempDir::new().expect("a folder");
    std::fs::write(somebodys.path().join("precious"), "").expect("a file");
    std::os::unix::fs::symlink(somebodys.path(), &folder).expect("a link");
    let file = folder.with_extension("txt");
    std::fs::write(&file, "").expect("a file");
    let (_state, cleaned) = StateFolder::open(root.path()).expect("a state folder");
    assert_eq!(cleaned, [""; 0]);
    assert!(somebodys.path().join("precious").exists() && file.exists());
}
