//! The folder of a run: what its programs keep on disk, and a note of each of them.
//!
//! The folder is locked for as long as the run lives. One whose lock is free belongs to a run that was killed: the
//! next run that opens a folder beside it ends its programs and removes it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::process::Command;

use crate::error::StateError;
use crate::launch::{Launcher, Starter};
use crate::relay::Shared;
use crate::{leftover, process};

/// The file that is locked while the run lives.
pub(crate) const LOCK: &str = "lock";
/// The file with a line for each program that was started.
pub(crate) const PROCESSES: &str = "processes";
/// The number of times that another name is tried where a cleaning run removed the folder before it was locked.
const ATTEMPTS: usize = 8;
/// The time that a folder may take to be removed.
const REMOVAL: Duration = Duration::from_millis(500);
/// A tmpfs has to have this much room to be used.
#[cfg(target_os = "linux")]
const ROOM: u64 = 1024 * 1024 * 1024;

/// The folder of this run. Dropping it removes the folder and everything in it.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    processes: Mutex<File>,
    launching: Option<(Launcher, Starter)>,
    /// The number of programs that were started.
    started: AtomicU64,
    /// Held until the folder is gone.
    _lock: File,
}

/// The beginning of a command: what is started, and what comes before the arguments of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launched {
    /// The program that is started, or a launcher that becomes it.
    pub program: PathBuf,
    /// The arguments before the program's own.
    pub arguments: Vec<OsString>,
}

impl Launched {
    pub(crate) fn into_command(self) -> Command {
        let mut command = Command::new(self.program);
        command.args(self.arguments);
        command
    }
}

impl StateFolder {
    /// Cleans what killed runs of this user left under `root`, and makes a folder for this run. Also returns what was
    /// cleaned, a line each. Blocks for as long as that takes.
    ///
    /// # Errors
    /// If the folder cannot be made. That an old one cannot be removed is one of the lines.
    pub fn open(root: &Path) -> Result<(Self, Vec<String>), StateError> {
        let prefix = format!("crosscut-{}-", nix::unistd::getuid());
        std::fs::create_dir_all(root).map_err(failed("make", root))?;
        let cleaned = leftover::clean(root, &prefix);
        for _ in 0..ATTEMPTS {
            if let Some(folder) = Self::make(root, &prefix)? {
                return Ok((folder, cleaned));
            }
        }
        Err(failed("lock a new folder in", root)(
            ErrorKind::WouldBlock.into(),
        ))
    }

    /// Has programs launched by a binary, so that they end when this process is killed.
    ///
    /// # Errors
    /// If the thread that starts them cannot be started.
    pub fn with_launcher(mut self, launcher: Launcher) -> Result<Self, StateError> {
        let starter = Starter::new().map_err(failed("start programs for", &self.path))?;
        self.launching = Some((launcher, starter));
        Ok(self)
    }

    /// Returns how a program is started so that it ends with this process, where that can be had.
    #[must_use]
    pub fn launched(&self, program: &Path) -> Launched {
        match &self.launching {
            None => Launched {
                program: program.to_owned(),
                arguments: Vec::new(),
            },
            Some((launcher, _)) => by_launcher(launcher, None, program),
        }
    }

    /// Returns how a program is started in a network of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if there is no launcher.
    pub(crate) fn isolated(&self, program: &Path, shared: &Shared) -> std::io::Result<Launched> {
        match &self.launching {
            None => Err(ErrorKind::Unsupported.into()),
            Some((launcher, _)) => Ok(by_launcher(launcher, Some(shared), program)),
        }
    }

    /// Starts a command, by the thread that lives as long as the run if there is one.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn spawn(&self, mut command: CommandWrap) -> std::io::Result<Box<dyn ChildWrapper>> {
        match &self.launching {
            None => command.spawn(),
            Some((_, starter)) => starter.spawn(command),
        }
    }

    /// Returns the launcher, if there is one.
    #[must_use]
    pub fn launcher(&self) -> Option<&Launcher> {
        self.launching.as_ref().map(|(launcher, _)| launcher)
    }

    /// Returns a name that no other program of this run has.
    pub(crate) fn program_name(&self) -> String {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        format!("{}/{number}", self.run())
    }

    /// Returns the place where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what the run is called: the name of its folder, which no other run has.
    #[must_use]
    pub fn run(&self) -> String {
        run_of(&self.path)
    }

    /// Makes a folder in it, for its owner only; one that is there stays.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn folder(&self, name: &str) -> Result<PathBuf, StateError> {
        let path = self.path.join(name);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(failed("make", &path))?;
        Ok(path)
    }

    /// Writes a new file in it that only its owner may read, as secrets are to be.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, content: &str) -> Result<PathBuf, StateError> {
        let path = self.path.join(name);
        private()
            .create_new(true)
            .open(&path)
            .and_then(|mut file| file.write_all(content.as_bytes()))
            .map_err(failed("write", &path))?;
        Ok(path)
    }

    /// The same for a file that may be there, whose content is replaced.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn replace(&self, name: &str, content: &str) -> Result<PathBuf, StateError> {
        let path = self.path.join(name);
        private()
            .create(true)
            .truncate(true)
            .open(&path)
            .and_then(|mut file| file.write_all(content.as_bytes()))
            .map_err(failed("write", &path))?;
        Ok(path)
    }

    /// Notes a process, so that the next run ends it if this one cannot.
    pub(crate) fn note_process(
        &self,
        name: &str,
        id: u32,
        program: &Path,
    ) -> Result<(), StateError> {
        // One that has ended already needs no note.
        let Some(start) = process::start_time(id) else {
            return Ok(());
        };
        let line = format!("{id} {start} {name} {}\n", program.display());
        let mut processes = self
            .processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        processes
            .write_all(line.as_bytes())
            .map_err(failed("write", &self.path.join(PROCESSES)))
    }

    /// Makes a folder and locks it. `None` if a run that cleans took it for one that is left over in between.
    fn make(root: &Path, prefix: &str) -> Result<Option<Self>, StateError> {
        let path = tempfile::Builder::new()
            .prefix(prefix)
            .rand_bytes(8)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(root)
            .map_err(failed("make a folder in", root))?
            .keep();
        let Some(lock) = lock(&path) else {
            return Ok(None);
        };
        let notes = path.join(PROCESSES);
        let processes = private()
            .append(true)
            .create(true)
            .open(&notes)
            .map_err(failed("write", &notes))?;
        Ok(Some(Self {
            path,
            processes: Mutex::new(processes),
            launching: None,
            started: AtomicU64::new(0),
            _lock: lock,
        }))
    }
}

fn by_launcher(launcher: &Launcher, shared: Option<&Shared>, program: &Path) -> Launched {
    let mut arguments = Launcher::arguments(shared);
    arguments.push(program.as_os_str().to_owned());
    Launched {
        program: launcher.binary().to_owned(),
        arguments,
    }
}

impl Drop for StateFolder {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the folder of this run");
        }
    }
}

/// Removes a folder. It is moved aside first: otherwise another run could make a new lock in it now, and take it
/// for a folder that no run cleans. A folder that cannot be removed gets its name back, so that a later run finds it.
pub(crate) fn remove(folder: &Path) -> std::io::Result<()> {
    let aside = folder.with_file_name(format!("removed-{}", run_of(folder)));
    if std::fs::rename(folder, &aside).is_err() {
        return remove_all(folder);
    }
    remove_all(&aside).inspect_err(|_| {
        // The error that is told is the first.
        let _ = std::fs::rename(&aside, folder);
    })
}

/// Removes all of a folder. A program that was killed just now may still be making a file in it: then it is tried again.
fn remove_all(folder: &Path) -> std::io::Result<()> {
    let end = Instant::now() + REMOVAL;
    loop {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && Instant::now() < end => {
                std::thread::sleep(process::POLL);
            }
            removed => return removed,
        }
    }
}

/// Returns the place where folders of runs are by default: on the shared-memory file system where there is one with
/// room, because nothing there has to survive, or else in the folder for temporary files.
#[must_use]
pub fn default_root(temporary: &Path) -> PathBuf {
    let memory = Path::new("/dev/shm");
    if has_room(memory) {
        memory.to_owned()
    } else {
        temporary.to_owned()
    }
}

#[cfg(target_os = "linux")]
fn has_room(path: &Path) -> bool {
    use nix::sys::statfs::{TMPFS_MAGIC, statfs};
    statfs(path).is_ok_and(|system| {
        let block = u64::try_from(system.block_size()).unwrap_or(0);
        system.filesystem_type() == TMPFS_MAGIC
            && system.blocks_available().saturating_mul(block) >= ROOM
    })
}

#[cfg(not(target_os = "linux"))]
fn has_room(_: &Path) -> bool {
    false
}

/// Returns what the run of a folder is called.
pub(crate) fn run_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Locks the folder of a run. `None` if another run has it, or it is gone.
pub(crate) fn lock(folder: &Path) -> Option<File> {
    let path = folder.join(LOCK);
    let file = private().create(true).open(&path).ok()?;
    file.try_lock().ok()?;
    // The holder of the lock before may have removed the folder: then no folder belongs to this lock.
    let (held, there) = (file.metadata().ok()?, std::fs::metadata(&path).ok()?);
    (held.ino() == there.ino() && held.dev() == there.dev()).then_some(file)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW);
    options
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StateError {
    let path = path.to_owned();
    move |source| StateError {
        action,
        path,
        source,
    }
}
