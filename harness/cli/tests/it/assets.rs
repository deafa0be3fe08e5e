//! `--cluster envtest` without the programs that it needs: one error that says which, and how to get them.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crosscut_testkit::Project;
use rstest::{Context, rstest};

use crate::project::{assert_golden, project, redacted};

/// What each program answers when it is asked for its version.
const PROGRAMS: [(&str, &str); 5] = [
    ("etcd", "etcd Version: 3.5.0"),
    ("kube-apiserver", "Kubernetes v1.34.3"),
    ("kube-controller-manager", "Kubernetes v1.34.3"),
    ("crossplane", "v2.2.0"),
    ("provider-kubernetes", ""),
];

fn program(project: &Project, name: &str, script: &str) {
    let file = format!("programs/{name}");
    project
        .write(&file, &format!("#!/bin/sh\n{script}\n"))
        .unwrap();
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.file(&file), executable).unwrap();
}

/// A folder with programs that say a version and no more.
pub(crate) fn programs(project: &Project) -> String {
    for (name, version) in PROGRAMS {
        program(project, name, &format!("echo '{version}'"));
    }
    project.file("programs").to_string_lossy().into_owned()
}

/// Runs on envtest with the programs of a folder, and no others.
fn ran(project: &Project, folder: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .args(["test", "--cluster", "envtest", "--assets", folder])
        .current_dir(project.path())
        .env_clear()
        .env("NO_COLOR", "1")
        .env("PATH", "/nowhere")
        .env("CROSSCUT_TESTBED", "/no/bed")
        .env("TMPDIR", project.path())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| redacted(project, &String::from_utf8_lossy(bytes));
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[rstest]
#[case::none(&PROGRAMS.map(|(name, _)| name))]
#[case::no_crossplane(&["crossplane"])]
#[case::no_provider(&["provider-kubernetes"])]
fn programs_that_are_missing(#[context] context: Context, #[case] missing: &[&str]) {
    let project = project(&[]);
    let folder = programs(&project);
    for name in missing {
        std::fs::remove_file(project.file(&format!("programs/{name}"))).unwrap();
    }
    let ran = ran(&project, &folder);
    assert_eq!(ran.0, 3, "{}{}", ran.1, ran.2);
    let case = context.description.unwrap();
    assert_golden(&format!("envtest/{case}"), &ran);
}

/// Some are older than what is needed, or something else under the name.
#[rstest]
#[case::an_old_etcd("etcd", "echo 'etcd Version: 3.3.1'")]
#[case::an_old_server("kube-apiserver", "echo 'Kubernetes v1.20.0'")]
#[case::an_old_crossplane("crossplane", "echo v1.20.1")]
#[case::the_command_line_tool(
    "crossplane",
    "echo 'crossplane: error: unknown flag --version'; exit 1"
)]
fn programs_of_another_version(
    #[context] context: Context,
    #[case] name: &str,
    #[case] script: &str,
) {
    let project = project(&[]);
    let folder = programs(&project);
    program(&project, name, script);
    let ran = ran(&project, &folder);
    assert_eq!(ran.0, 3, "{}{}", ran.1, ran.2);
    let case = context.description.unwrap();
    assert_golden(&format!("envtest/{case}"), &ran);
}
