//! Reading files, behind a trait so that loading can be tested in memory.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// Deeper folders are not searched: a link that leads back up would never end otherwise.
const DEEPEST: usize = 32;

/// Where documents are read from.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Where there is no such file, or it is not UTF-8.
    fn read(&self, file: &Utf8Path) -> io::Result<String>;

    /// Every file in a folder and the folders below it, sorted; the file itself where `path` is one.
    ///
    /// # Errors
    /// Where there is no such path.
    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>>;
}

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, file: &Utf8Path) -> io::Result<String> {
        std::fs::read_to_string(file)
    }

    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
        if std::fs::metadata(path)?.is_file() {
            return Ok(vec![path.to_owned()]);
        }
        let mut files = Vec::new();
        collect(path, 0, &mut files)?;
        files.sort();
        Ok(files)
    }
}

fn collect(folder: &Utf8Path, depth: usize, files: &mut Vec<Utf8PathBuf>) -> io::Result<()> {
    if depth > DEEPEST {
        return Ok(());
    }
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(entry.path(), depth + 1, files)?;
        } else if kind.is_file() || kind.is_symlink() {
            files.push(entry.path().to_owned());
        }
    }
    Ok(())
}

/// Files in memory, by path.
impl Files for BTreeMap<Utf8PathBuf, String> {
    fn read(&self, file: &Utf8Path) -> io::Result<String> {
        self.get(file)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
        let found: Vec<Utf8PathBuf> = self
            .keys()
            .filter(|file| file.starts_with(path))
            .cloned()
            .collect();
        if found.is_empty() {
            Err(io::ErrorKind::NotFound.into())
        } else {
            Ok(found)
        }
    }
}
