//! A generated suite with any number of trials, to measure the time per trial of large suites.

use std::fmt::Write;
use std::path::Path;

use tempfile::TempDir;

use crate::TaskError;

const SUITE: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Suite
metadata:
  name: generated
spec: {}
";

const PROVIDER: &str = "\
apiVersion: crosscut.dev/v1alpha1
kind: Provider
metadata:
  name: only
spec:
  crds: [widgets.yaml]
";

const WIDGETS: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.bench.crosscut.dev
spec:
  group: bench.crosscut.dev
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
            properties:
              size: {type: integer, default: 3}
              colour: {type: string}
";

/// A generated suite in a temporary folder, which is removed when this value is dropped.
pub(crate) struct GeneratedSuite {
    folder: TempDir,
}

impl GeneratedSuite {
    /// Writes a suite of one provider and `trials` scenarios.
    ///
    /// # Errors
    /// Fails if the folder or a file cannot be written.
    pub(crate) fn new(trials: usize) -> Result<GeneratedSuite, TaskError> {
        let folder = TempDir::new().map_err(TaskError::io("create a temporary folder"))?;
        let suite = GeneratedSuite { folder };
        suite.write("crosscut.yaml", SUITE)?;
        suite.write("providers/only/provider.yaml", PROVIDER)?;
        suite.write("providers/only/widgets.yaml", WIDGETS)?;
        for number in 0..trials {
            suite.write(
                &format!("scenarios/s{number:05}/scenario.yaml"),
                &scenario(number),
            )?;
        }
        Ok(suite)
    }

    /// Returns the suite's folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, content: &str) -> Result<(), TaskError> {
        let file = self.folder.path().join(path);
        let failed = || TaskError::io(format!("write {}", file.display()));
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed())?;
        }
        std::fs::write(&file, content).map_err(failed())
    }
}

/// Returns a scenario that applies an object and expects its default value.
fn scenario(number: usize) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\
apiVersion: crosscut.dev/v1alpha1
kind: Scenario
metadata:
  name: s{number:05}
spec:
  steps:
  - name: a widget is defaulted
    actions:
    - apply:
        resource:
          apiVersion: bench.crosscut.dev/v1
          kind: Widget
          metadata: {{name: w}}
          spec: {{colour: blue}}
    - expect:
        resource:
          apiVersion: bench.crosscut.dev/v1
          kind: Widget
          metadata: {{name: w}}
          spec: {{colour: blue, size: 3}}
"
    );
    text
}
