//! The files that a run was read from: no report may be written over one of them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_suite::{Disk, Files, Plan, Report, Selection, Walk, load_from};

/// A file by what it is, whatever path leads to it: device and inode.
type Identity = (u64, u64);

/// The files that documents were read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs(BTreeSet<Identity>);

impl Inputs {
    /// Returns whether the file at a path is one of them, through links and `..` too.
    pub(crate) fn contain(&self, file: &Utf8Path) -> bool {
        identity(file).is_some_and(|file| self.0.contains(&file))
    }

    /// Adds a file that is read otherwise.
    pub(crate) fn add(&mut self, file: &Utf8Path) {
        self.0.extend(identity(file));
    }
}

/// Returns what a file is; nothing if there is none.
pub(crate) fn identity(file: &Utf8Path) -> Option<Identity> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Loads and plans as [`crosscut_suite::load`], and notes which files were read.
///
/// # Errors
/// Every mistake in every document, and in the selection.
pub(crate) fn load(start: &Utf8Path, selection: &Selection) -> Result<(Plan, Inputs), Report> {
    let files = Noted::default();
    let plan = load_from(&files, start, selection)?;
    let inputs = files.0.into_inner();
    Ok((plan, inputs))
}

/// The real file system, with a note of what was read.
#[derive(Default)]
struct Noted(RefCell<Inputs>);

impl Files for Noted {
    fn read(&self, file: &Utf8Path) -> io::Result<String> {
        self.0.borrow_mut().add(file);
        Disk.read(file)
    }

    fn bytes(&self, file: &Utf8Path) -> io::Result<Vec<u8>> {
        self.0.borrow_mut().add(file);
        Disk.bytes(file)
    }

    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
        Disk.list(path)
    }

    fn walk(&self, path: &Utf8Path) -> io::Result<Walk> {
        Disk.walk(path)
    }

    fn is_file(&self, file: &Utf8Path) -> bool {
        Disk.is_file(file)
    }

    fn is_executable(&self, file: &Utf8Path) -> bool {
        Disk.is_executable(file)
    }
}
