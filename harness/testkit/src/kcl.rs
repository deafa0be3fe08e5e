//! The function that composes with KCL, where the test bed has what it needs.

use std::path::PathBuf;
use std::process::Command;

use crate::project_root;

/// What the program ends with where the test bed has no KCL.
const NO_KCL: i32 = 69;

/// The program of the function for compositions in KCL, by a path that is the same from every folder.
///
/// # Errors
/// Why it cannot be run: the test bed has no KCL, for which a test is skipped with this text.
///
/// # Panics
/// Where the program is missing, or broken in another way than that: no reason to skip anything.
pub fn function_kcl() -> Result<PathBuf, String> {
    let program = project_root().join("fixtures/function-kcl/run");
    #[expect(clippy::expect_used, reason = "the project is not whole")]
    let program = program.canonicalize().expect("fixtures/function-kcl/run");
    #[expect(clippy::expect_used, reason = "the project is not whole")]
    let help = Command::new(&program)
        .arg("--help")
        .output()
        .expect("run the function for KCL");
    let said = String::from_utf8_lossy(&help.stderr).trim().to_owned();
    match help.status.code() {
        Some(NO_KCL) => Err(said),
        code => {
            assert_eq!(code, Some(0), "the function for KCL is broken: {said}");
            Ok(program)
        }
    }
}
