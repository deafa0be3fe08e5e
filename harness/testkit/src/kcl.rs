//! The function that composes with KCL, if the test bed has its parts.

use std::path::PathBuf;
use std::process::Command;

use crate::project_root;

/// The exit status of the program if the test bed has no KCL.
const NO_KCL: i32 = 69;

/// Returns the absolute path of the program of the function for compositions in KCL.
///
/// # Errors
/// The reason if the test bed has no KCL: the test is skipped with this text.
///
/// # Panics
/// Panics if the program is missing or fails for another reason, since then no test may be skipped.
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
