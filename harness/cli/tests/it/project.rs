//! A small project without functions: one CRD, one provider, one scenario.

use std::process::{Command, Output};

use crosscut_testkit::{Project, redact};
use snapbox::data::{Data, DataFormat};

pub(crate) const SUITE: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Suite
metadata:
  name: widgets
spec: {}
";

pub(crate) const PROVIDER: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Provider
metadata:
  name: local
spec:
  values:
    colour: blue
  crds: [widgets.yaml]
";

pub(crate) const WIDGETS: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.org
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [colour]
            properties:
              size: {type: integer, default: 3, maximum: 9}
              colour: {type: string}
";

pub(crate) const SCENARIO: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Scenario
metadata:
  name: defaults
spec:
  steps:
  - name: a widget gets a size
    actions:
    - apply:
        resource:
          apiVersion: example.org/v1
          kind: Widget
          metadata: {name: w}
          spec:
            colour: ($values.colour)
    - expect:
        resource:
          apiVersion: example.org/v1
          kind: Widget
          metadata: {name: w}
          spec:
            colour: blue
            size: 3
    - absent:
        resource:
          apiVersion: example.org/v1
          kind: Widget
          metadata: {name: other}
    - reject:
        apply:
          resource:
            apiVersion: example.org/v1
            kind: Widget
            metadata: {name: big}
            spec: {colour: red, size: 10}
        code: 422
        reason: Invalid
        message: [should be less than or equal to 9]
";

/// The project with its files as above, `changes` replacing or adding some.
pub(crate) fn project(changes: &[(&str, &str)]) -> Project {
    let project = Project::new(&[
        ("crosscut.yaml", SUITE),
        ("providers/local/provider.yaml", PROVIDER),
        ("providers/local/widgets.yaml", WIDGETS),
        ("scenarios/defaults/scenario.yaml", SCENARIO),
    ])
    .unwrap();
    for (path, content) in changes {
        project.write(path, content).unwrap();
    }
    project
}

/// Runs `crosscut` with `arguments` in the project's folder.
pub(crate) fn crosscut(project: &Project, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .args(arguments)
        .current_dir(project.path())
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// The exit code, and standard output and error with volatile values redacted.
pub(crate) fn ran(project: &Project, arguments: &[&str]) -> (i32, String, String) {
    let output = crosscut(project, arguments);
    let text = |bytes: &[u8]| redacted(project, &String::from_utf8_lossy(bytes));
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Text with everything replaced that is another in each run or on each machine.
pub(crate) fn redacted(project: &Project, text: &str) -> String {
    let stub = std::env::current_exe().unwrap();
    let folder = project.path().canonicalize().unwrap();
    let text = text
        .replace(&*stub.to_string_lossy(), "[STUB]")
        .replace(&*folder.to_string_lossy(), "[PROJECT]");
    redact(&text)
}

/// Holds what a run printed against the golden file of this name.
pub(crate) fn assert_golden(name: &str, ran: &(i32, String, String)) {
    let (code, out, err) = ran;
    let text = format!("exit code {code}\n\n== standard output\n{out}\n== standard error\n{err}");
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/golden")
        .join(format!("{name}.txt"));
    let golden = Data::read_from(&file, Some(DataFormat::Text));
    snapbox::assert_data_eq!(text, golden.raw());
}
