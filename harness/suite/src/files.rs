//! Reading files, behind a trait so that loading can be tested in memory.

use std::collections::BTreeMap;
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_yaml::Limits;

/// Deeper folders are not searched: a link that leads back up would never end otherwise.
const DEEPEST: usize = 32;

/// Where documents are read from.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Where there is no such file, it is not UTF-8, or it is longer than any document may be.
    fn read(&self, file: &Utf8Path) -> io::Result<String>;

    /// What a file holds, whatever that is.
    ///
    /// # Errors
    /// Where there is no such file, or it is longer than any document may be.
    fn bytes(&self, file: &Utf8Path) -> io::Result<Vec<u8>>;

    /// Every file in a folder and the folders below it, sorted; the file itself where `path` is one.
    ///
    /// # Errors
    /// Where there is no such path.
    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>>;

    /// Whether there is such a file, readable or not.
    fn is_file(&self, file: &Utf8Path) -> bool;
}

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, file: &Utf8Path) -> io::Result<String> {
        let bytes = self.bytes(file)?;
        String::from_utf8(bytes).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "stream did not contain valid UTF-8",
            )
        })
    }

    fn bytes(&self, file: &Utf8Path) -> io::Result<Vec<u8>> {
        let longest = u64::try_from(Limits::default().bytes).unwrap_or(u64::MAX);
        let metadata = std::fs::metadata(file)?;
        // A pipe would be waited for, and a device may have no end.
        if !metadata.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no regular file",
            ));
        }
        if metadata.len() > longest {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut bytes = Vec::new();
        std::fs::File::open(file)?
            .take(longest)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn is_file(&self, file: &Utf8Path) -> bool {
        file.is_file()
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

    fn bytes(&self, file: &Utf8Path) -> io::Result<Vec<u8>> {
        self.read(file).map(String::into_bytes)
    }

    fn is_file(&self, file: &Utf8Path) -> bool {
        self.contains_key(file)
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
