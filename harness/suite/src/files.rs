//! Reading files, behind a trait so that loading can be tested in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_yaml::Limits;

/// Deeper folders are not searched.
const DEEPEST: usize = 32;

/// Everything below a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The files, sorted; links to files are among them.
    pub files: Vec<Utf8PathBuf>,
    /// The folders, sorted; links to folders are among them.
    pub folders: Vec<Utf8PathBuf>,
    /// What cannot be read, or is read already.
    pub unread: Vec<Unread>,
}

/// Something below a folder that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The link, folder or file.
    pub path: Utf8PathBuf,
    /// The reason, as in "PATH is not read: REASON".
    pub reason: &'static str,
}

/// The place where documents are read from.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Where there is no such file, it is not UTF-8, or it is longer than any document may be.
    fn read(&self, file: &Utf8Path) -> io::Result<String>;

    /// Returns what a file holds, whatever that is.
    ///
    /// # Errors
    /// Where there is no such file, or it is longer than any document may be.
    fn bytes(&self, file: &Utf8Path) -> io::Result<Vec<u8>>;

    /// Every file in a folder and the folders below it, sorted; the file itself where `path` is one.
    ///
    /// # Errors
    /// Where there is no such path.
    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>>;

    /// Returns everything below a folder, and what of it is not read.
    ///
    /// # Errors
    /// Where there is no such path.
    fn walk(&self, path: &Utf8Path) -> io::Result<Walk>;

    /// Returns true if there is such a file, readable or not.
    fn is_file(&self, file: &Utf8Path) -> bool;

    /// Returns whether there is such a file that may be run as a program.
    fn is_executable(&self, file: &Utf8Path) -> bool;
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

    fn is_executable(&self, file: &Utf8Path) -> bool {
        use std::os::unix::fs::PermissionsExt as _;

        std::fs::metadata(file)
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    }

    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
        self.walk(path).map(|walk| walk.files)
    }

    fn walk(&self, path: &Utf8Path) -> io::Result<Walk> {
        if std::fs::metadata(path)?.is_file() {
            return Ok(Walk {
                files: vec![path.to_owned()],
                ..Walk::default()
            });
        }
        let mut walker = Walker {
            base: path.canonicalize_utf8()?,
            seen: BTreeSet::new(),
            links: Vec::new(),
            walk: Walk::default(),
        };
        walker.folder(path, 0)?;
        walker.follow_links()?;
        let mut walk = walker.walk;
        walk.files.sort();
        walk.folders.sort();
        walk.unread.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(walk)
    }
}

/// A walk that goes on. Folders are known by their real paths, so that links cannot lead in a circle.
struct Walker {
    base: Utf8PathBuf,
    seen: BTreeSet<Utf8PathBuf>,
    /// Links to folders, with their depth. They are followed last: what lies below by itself keeps its own path.
    links: Vec<(Utf8PathBuf, usize)>,
    walk: Walk,
}

impl Walker {
    fn folder(&mut self, folder: &Utf8Path, depth: usize) -> io::Result<()> {
        let real = folder.canonicalize_utf8()?;
        if depth > DEEPEST {
            self.leave(folder, "it lies more than 32 folders deep");
            return Ok(());
        }
        if depth > 0 && self.base.starts_with(&real) {
            self.leave(folder, "it leads to a folder that it lies in");
            return Ok(());
        }
        if !self.seen.insert(real) {
            self.leave(folder, "it leads to a folder that is read already");
            return Ok(());
        }
        if depth > 0 {
            self.walk.folders.push(folder.to_owned());
        }
        for entry in folder.read_dir_utf8()? {
            let entry = entry?;
            let path = entry.path().to_owned();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.folder(&path, depth + 1)?;
            } else if kind.is_symlink() {
                self.link(path, depth + 1);
            } else if kind.is_file() {
                self.walk.files.push(path);
            } else {
                self.leave(&path, "it is no regular file");
            }
        }
        Ok(())
    }

    fn link(&mut self, path: Utf8PathBuf, depth: usize) {
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => return self.links.push((path, depth)),
            Ok(_) => {}
            Err(_) => self.leave(&path, "it leads nowhere"),
        }
        // One that leads nowhere is among the files, too: a document that should be read is a mistake then.
        self.walk.files.push(path);
    }

    fn follow_links(&mut self) -> io::Result<()> {
        loop {
            self.links.sort_by(|one, other| other.cmp(one));
            let Some((path, depth)) = self.links.pop() else {
                return Ok(());
            };
            self.folder(&path, depth)?;
        }
    }

    fn leave(&mut self, path: &Utf8Path, reason: &'static str) {
        let path = path.to_owned();
        self.walk.unread.push(Unread { path, reason });
    }
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

    /// Folders are what leads to files; there are no links.
    fn walk(&self, path: &Utf8Path) -> io::Result<Walk> {
        let files = self.list(path)?;
        let folders: BTreeSet<Utf8PathBuf> = files
            .iter()
            .flat_map(|file| file.ancestors().skip(1))
            .filter(|folder| folder.starts_with(path) && *folder != path)
            .map(Utf8Path::to_owned)
            .collect();
        Ok(Walk {
            files,
            folders: folders.into_iter().collect(),
            unread: Vec::new(),
        })
    }

    fn is_executable(&self, file: &Utf8Path) -> bool {
        self.is_file(file)
    }
}
