//! One test at a time where programs have ports that they cannot share.

use std::fs::File;
use std::io;

/// Waits until no other test, of this or of another process, has what this returns; lets the next one go on when it is
/// dropped, or its process ends. For tests that start provider-kubernetes, whose ports are fixed.
///
/// # Errors
/// Where the folder for temporary files cannot be written to.
pub fn alone_with_fixed_ports() -> io::Result<File> {
    let path = std::env::temp_dir().join("crosscut-tests-with-fixed-ports.lock");
    let file = File::create(path)?;
    file.lock()?;
    Ok(file)
}
