//! The place of programs under test: the settings that they need to reach a trial's clusters.

use std::path::PathBuf;
use std::sync::Arc;

use crosscut_programs::StateFolder;

use crate::Side;

/// The settings of programs under test beside one trial's clusters.
#[derive(Clone, Debug)]
pub struct ProgramPlace {
    /// The folder of the run.
    pub state: Arc<StateFolder>,
    /// The trial's name in the folder of the run.
    pub trial: String,
    /// A kubeconfig that leads to the control plane.
    pub control: String,
    /// A kubeconfig that leads to the target.
    pub target: String,
    /// Folders to search for programs, before those of `PATH`.
    pub path: Vec<PathBuf>,
}

impl ProgramPlace {
    /// Returns the kubeconfig of one side.
    #[must_use]
    pub fn kubeconfig(&self, side: Side) -> &str {
        match side {
            Side::Control => &self.control,
            Side::Target => &self.target,
        }
    }
}
