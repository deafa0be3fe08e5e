//! A throw-away project folder, made from an in-memory list of files.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that is deleted when the value is dropped.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// Creates a folder with these files: path below the folder, content.
    ///
    /// # Errors
    /// [`io::Error`] if the folder or a file cannot be written.
    pub fn new(files: &[(&str, &str)]) -> io::Result<Project> {
        let project = Project {
            folder: TempDir::new()?,
        };
        for (path, content) in files {
            project.write(path, content)?;
        }
        Ok(project)
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the path of a file in the folder.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, and creates its folders.
    ///
    /// # Errors
    /// [`io::Error`] if the file cannot be written.
    pub fn write(&self, path: &str, content: &str) -> io::Result<()> {
        let file = self.file(path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, content)
    }
}
