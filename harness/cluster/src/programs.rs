//! Where programs under test run: what they need to reach a trial's clusters.

use std::path::PathBuf;
use std::sync::Arc;

use crosscut_programs::StateFolder;

use crate::Side;

/// What programs under test are started with beside one trial's clusters.
#[derive(Clone, Debug)]
pub struct ProgramPlace {
    /// The folder of the run.
    pub state: Arc<StateFolder>,
    /// What the trial is called in it.
    pub trial: String,
    /// A kubeconfig that leads to the control plane.
    pub control: String,
    /// A kubeconfig that leads to the target.
    pub target: String,
    /// Folders that programs are looked for in before those of `PATH`.
    pub path: Vec<PathBuf>,
}

impl ProgramPlace {
    /// The kubeconfig of one side.
    #[must_use]
    pub fn kubeconfig(&self, side: Side) -> &str {
        match side {
            Side::Control => &self.control,
            Side::Target => &self.target,
        }
    }
}
