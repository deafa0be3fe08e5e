//! The cache folder of finished parts, and the protection against unfinished ones.
//!
//! A part is built in a folder whose name starts with [`UNFINISHED`]. When the part is complete, the folder is
//! renamed to the part's key. This module does not depend on the content of parts.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::pins::Pins;
use crate::TaskError;

/// The prefix of folders in which a part is being built.
const UNFINISHED: &str = ".unfinished-";

/// The file of a finished part that lists its pins.
const PINS: &str = "PINS";

/// The cache folder of the test bed.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// Returns the cache folder from the environment: `CROSSCUT_TESTBED`, or `crosscut/testbed` in the user's
    /// cache folder. `variable` returns the value of an environment variable.
    ///
    /// # Errors
    /// Fails if the environment has no home folder either.
    pub(crate) fn locate(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Cache, TaskError> {
        // The XDG base directory specification treats an empty variable as not set.
        let variable = |name| variable(name).filter(|path| !path.as_os_str().is_empty());
        let root = variable("CROSSCUT_TESTBED").or_else(|| {
            let caches = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
            let caches = caches.or_else(|| Some(variable("HOME")?.join(".cache")));
            Some(caches?.join("crosscut/testbed"))
        });
        let root = root.ok_or(TaskError::NoCacheFolder)?;
        let root = std::path::absolute(root).map_err(TaskError::io("find the working folder"))?;
        Ok(Cache { root })
    }

    /// Returns the path of the folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of the log of a part's last build.
    pub(crate) fn log(&self, part: &str) -> PathBuf {
        self.root.join("log").join(format!("{part}.log"))
    }

    /// Prevents other runs from building until the file is dropped. Calls `waits` if another run is building.
    /// The lock is the kernel's, which releases it when the process ends.
    ///
    /// # Errors
    /// Fails if the folder or the lock file cannot be created.
    pub(crate) fn lock(&self, waits: impl FnOnce()) -> Result<File, TaskError> {
        let path = self.root.join("lock");
        create_dir(&self.root)?;
        let what = || TaskError::io(format!("lock {}", path.display()));
        let file = File::create(&path).map_err(what())?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => waits(),
            Err(TryLockError::Error(error)) => return Err(what()(error)),
        }
        file.lock().map_err(what())?;
        Ok(file)
    }

    /// Returns the folder of a finished part with all `products`, if there is one.
    pub(crate) fn find(&self, part: &str, key: &str, products: &[String]) -> Option<PathBuf> {
        let folder = self.part(part).join(key);
        let whole = |product: &String| holds_something(&folder.join(product));
        (folder.is_dir() && products.iter().all(whole)).then_some(folder)
    }

    /// Creates a folder to build a part in, which is removed if it is dropped unfinished. Removes the remains of
    /// interrupted builds of the part too, so the caller must hold the lock.
    ///
    /// # Errors
    /// Fails if folders cannot be created or removed.
    pub(crate) fn start(&self, part: &str) -> Result<TempDir, TaskError> {
        let parts = self.part(part);
        create_dir(&parts)?;
        for folder in unfinished(&parts)? {
            remove_dir(&folder)?;
        }
        tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(&parts)
            .map_err(TaskError::io(format!(
                "create a folder in {}",
                parts.display()
            )))
    }

    /// Turns the content of `folder` into the finished part with these pins, and returns the part's folder.
    ///
    /// # Errors
    /// Fails if a product is missing, or a file cannot be written.
    pub(crate) fn finish(
        &self,
        folder: TempDir,
        part: &str,
        pins: &Pins,
        products: &[String],
    ) -> Result<PathBuf, TaskError> {
        for product in products {
            sync(&folder.path().join(product))?;
        }
        let list = folder.path().join(PINS);
        std::fs::write(&list, pins.text())
            .map_err(TaskError::io(format!("write {}", list.display())))?;
        let finished = self.part(part).join(pins.key());
        if finished.exists() {
            // `find` did not return this folder, because a product is missing in it.
            remove_dir(&finished)?;
        }
        std::fs::rename(folder.path(), &finished)
            .map_err(TaskError::io(format!("create {}", finished.display())))?;
        // The folder was renamed, so there is nothing to remove.
        let _ = folder.keep();
        Ok(finished)
    }

    /// Creates `link`, below the cache folder, as a link to `target`. Replaces an existing link atomically.
    ///
    /// # Errors
    /// Fails if the link cannot be created.
    pub(crate) fn link(&self, link: &str, target: &Path) -> Result<(), TaskError> {
        let link = self.root.join(link);
        let folder = link.parent().unwrap_or(&self.root);
        create_dir(folder)?;
        let what = || TaskError::io(format!("link {}", link.display()));
        let place = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(folder)
            .map_err(what())?;
        let new = place.path().join("link");
        std::os::unix::fs::symlink(target, &new).map_err(what())?;
        std::fs::rename(&new, &link).map_err(what())
    }

    fn part(&self, part: &str) -> PathBuf {
        self.root.join("parts").join(part)
    }
}

/// Returns true for a file or folder that is not empty.
fn holds_something(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
        }
        Ok(metadata) => metadata.len() > 0,
        Err(_) => false,
    }
}

/// Returns the folders of interrupted builds in a folder.
fn unfinished(folder: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let entries =
        std::fs::read_dir(folder).map_err(TaskError::io(format!("read {}", folder.display())))?;
    let left = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED));
    Ok(left.map(|entry| entry.path()).collect())
}

/// Writes a product, or all files in a folder, to the disk before the folder is renamed.
fn sync(product: &Path) -> Result<(), TaskError> {
    let what = || TaskError::io(format!("write {}", product.display()));
    let file = File::open(product).map_err(what())?;
    if product.is_dir() {
        for entry in std::fs::read_dir(product).map_err(what())? {
            sync(&entry.map_err(what())?.path())?;
        }
    }
    file.sync_all().map_err(what())
}

/// Moves a program of an unpacked package into a folder.
///
/// # Errors
/// Fails if the package does not have the program.
pub(crate) fn take(program: &Path, folder: &Path) -> Result<(), TaskError> {
    let name = program.file_name().unwrap_or_default();
    std::fs::rename(program, folder.join(name)).map_err(TaskError::io(format!(
        "take {} from the package",
        program.display()
    )))
}

/// Creates a folder with its parents.
///
/// # Errors
/// Fails if a folder cannot be created.
pub(crate) fn create_dir(folder: &Path) -> Result<(), TaskError> {
    std::fs::create_dir_all(folder).map_err(TaskError::io(format!("create {}", folder.display())))
}

fn remove_dir(folder: &Path) -> Result<(), TaskError> {
    std::fs::remove_dir_all(folder).map_err(TaskError::io(format!("remove {}", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (TempDir, Cache) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_owned();
        (folder, Cache { root })
    }

    fn pins() -> Pins {
        Pins::new("crossplane").with("go", "go1.26.8")
    }

    fn products() -> Vec<String> {
        vec!["bin/crossplane".to_owned(), "crds".to_owned()]
    }

    fn write(file: PathBuf) {
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("created");
        std::fs::write(file, "content").expect("written");
    }

    fn build(folder: &Path) {
        write(folder.join("bin/crossplane"));
        write(folder.join("crds/a.yaml"));
    }

    fn find(cache: &Cache) -> Option<PathBuf> {
        cache.find("crossplane", &pins().key(), &products())
    }

    #[test]
    fn a_finished_part_is_found_by_its_key_with_its_pins() {
        let (_folder, cache) = cache();
        let building = cache.start("crossplane").expect("started");
        build(building.path());
        assert_eq!(find(&cache), None);
        let finished = cache
            .finish(building, "crossplane", &pins(), &products())
            .expect("finished");
        assert_eq!(find(&cache), Some(finished.clone()));
        assert!(finished.join("bin/crossplane").is_file());
        assert_eq!(
            std::fs::read_to_string(finished.join(PINS)).expect("pins"),
            pins().text()
        );
        assert_eq!(cache.find("crossplane", "another key", &products()), None);
        assert_eq!(cache.find("kubernetes", &pins().key(), &products()), None);
    }

    #[test]
    fn what_an_interrupted_build_left_is_not_found_and_goes_with_the_next() {
        let (_folder, cache) = cache();
        // A killed process runs no destructors.
        let left = cache.start("crossplane").expect("started").keep();
        build(&left);
        assert_eq!(find(&cache), None);
        let next = cache.start("crossplane").expect("started");
        assert!(!left.exists());
        assert!(next.path().exists());
    }

    #[test]
    fn a_failed_build_leaves_nothing() {
        let (_folder, cache) = cache();
        let building = cache.start("crossplane").expect("started");
        build(building.path());
        drop(building);
        let mut left = std::fs::read_dir(cache.part("crossplane")).expect("read");
        assert!(left.next().is_none());
    }

    #[test]
    fn a_part_without_one_of_its_products_cannot_be_finished() {
        let (_folder, cache) = cache();
        let building = cache.start("crossplane").expect("started");
        write(building.path().join("bin/crossplane"));
        let error = cache
            .finish(building, "crossplane", &pins(), &products())
            .expect_err("no CRDs");
        assert!(error.to_string().ends_with("/crds"), "{error}");
        assert_eq!(find(&cache), None);
    }

    #[rstest::rstest]
    #[case::a_program_is_gone(|folder: &Path| std::fs::remove_file(folder.join("bin/crossplane")))]
    #[case::a_program_is_empty(|folder: &Path| std::fs::write(folder.join("bin/crossplane"), ""))]
    #[case::a_folder_is_empty(|folder: &Path| std::fs::remove_file(folder.join("crds/a.yaml")))]
    fn a_damaged_part_is_not_found_and_is_built_again(
        #[case] damage: fn(&Path) -> std::io::Result<()>,
    ) {
        let (_folder, cache) = cache();
        let finish = || {
            let building = cache.start("crossplane").expect("started");
            build(building.path());
            cache
                .finish(building, "crossplane", &pins(), &products())
                .expect("finished")
        };
        damage(&finish()).expect("damaged");
        assert_eq!(find(&cache), None);
        finish();
        assert!(find(&cache).is_some());
    }

    #[test]
    fn a_link_is_replaced_and_leaves_nothing_beside_it() {
        let (_folder, cache) = cache();
        cache.link("bin/etcd", Path::new("/first")).expect("linked");
        cache
            .link("bin/etcd", Path::new("/second"))
            .expect("linked");
        let link = std::fs::read_link(cache.root().join("bin/etcd")).expect("a link");
        assert_eq!(link, Path::new("/second"));
        assert_eq!(
            std::fs::read_dir(cache.root().join("bin"))
                .expect("read")
                .count(),
            1
        );
    }

    #[test]
    fn a_second_run_waits_for_the_first() {
        let (_folder, cache) = cache();
        let first = cache.lock(|| panic!("nobody holds it")).expect("locked");
        let (waits, waited) = std::sync::mpsc::channel();
        let second = std::thread::spawn({
            let cache = cache.clone();
            move || cache.lock(|| waits.send(()).expect("sent")).map(drop)
        });
        waited.recv().expect("the second says that it waits");
        assert!(!second.is_finished());
        drop(first);
        second.join().expect("ended").expect("locked");
    }

    #[rstest::rstest]
    #[case::named(&[("CROSSCUT_TESTBED", "/bed"), ("XDG_CACHE_HOME", "/caches"), ("HOME", "/home/a")], "/bed")]
    #[case::cache_folder(&[("XDG_CACHE_HOME", "/caches"), ("HOME", "/home/a")], "/caches/crosscut/testbed")]
    #[case::home(&[("HOME", "/home/a")], "/home/a/.cache/crosscut/testbed")]
    #[case::empty(&[("CROSSCUT_TESTBED", ""), ("XDG_CACHE_HOME", ""), ("HOME", "/home/a")], "/home/a/.cache/crosscut/testbed")]
    #[case::relative(&[("XDG_CACHE_HOME", "caches"), ("HOME", "/home/a")], "/home/a/.cache/crosscut/testbed")]
    fn the_environment_says_where_it_is(
        #[case] variables: &[(&str, &str)],
        #[case] expected: &str,
    ) {
        let cache = Cache::locate(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| PathBuf::from(value))
        });
        assert_eq!(cache.expect("located").root(), Path::new(expected));
    }

    #[test]
    fn without_a_home_folder_it_says_what_to_set() {
        let error = Cache::locate(|_| None).expect_err("nowhere");
        assert!(error.to_string().contains("CROSSCUT_TESTBED"), "{error}");
    }
}
