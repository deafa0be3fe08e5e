//! A lock for tests whose programs have fixed ports.

use std::fs::File;
use std::io;

/// Waits until no other test, of this or another process, holds the returned lock. The lock is released when the value
/// is dropped, or when the process ends. For tests that start provider-kubernetes, whose ports are fixed.
///
/// # Errors
/// [`io::Error`] if the folder for temporary files is not writable.
pub fn alone_with_fixed_ports() -> io::Result<File> {
    let path = std::env::temp_dir().join("crosscut-tests-with-fixed-ports.lock");
    let file = File::create(path)?;
    file.lock()?;
    Ok(file)
}
