//! The folder of the project, and the folder of reference data that tests can use.

use std::path::{Path, PathBuf};

/// The environment variable that names the folder with reference data.
pub const REFERENCE: &str = "CROSSCUT_REFERENCE";

/// Returns the project's folder.
///
/// Cargo sets the folder of a test's package. A test without cargo uses the folder that it was built in.
pub fn project_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Some(package) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        return own;
    };
    let mut above = Path::new(&package).ancestors();
    let root = above.find(|folder| folder.join("Cargo.lock").is_file());
    root.map_or(own, Path::to_path_buf)
}

/// Returns a file or folder of the reference data: real CRDs, recordings and programs, which are not part of the project.
///
/// The variable [`REFERENCE`] names their folder, relative to the project's. Without the variable or the file, the
/// function prints the missing data and returns `None`: the test is skipped.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
pub fn reference_data(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(REFERENCE).filter(|folder| !folder.is_empty());
    let found = folder.map(|folder| project_root().join(folder).join(path));
    let found = found.filter(|found| found.exists());
    if found.is_none() {
        println!("skipped: there is no {path} in the folder that {REFERENCE} names");
    }
    found
}
