//! Where the project and the reference data beside it are.

use std::path::{Path, PathBuf};

/// The project's folder: two above this crate's.
pub fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file or folder of the reference data that may lie beside the project: real CRDs and recordings,
/// which are not part of it. `None` where it is missing; a test that needs it says so and is skipped.
pub fn reference_data(path: &str) -> Option<PathBuf> {
    let found = project_root().join("../shared").join(path);
    found.exists().then_some(found)
}
