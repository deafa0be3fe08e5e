//! The recipes of the parts: their pins, and the programs that build them. The cache decides about their folders.

use std::path::{Path, PathBuf};

use super::command::Log;
use super::go::{self, Wrapper};
use super::parts::{Part, Source};
use super::pins::Pins;
use super::{debian, python};
use crate::{TaskError, cargo};

const PACKAGE: &str = "package.txt";
const REQUIREMENTS: &str = "requirements.txt";

/// The paths for a build.
pub(crate) struct Workplace<'a> {
    /// The folder that becomes the part.
    pub(crate) place: &'a Path,
    /// The folder for package lists, if the machine has none.
    pub(crate) lists: &'a Path,
    /// The log of the build.
    pub(crate) log: &'a Log,
    /// The path of the Go that builds Go modules.
    pub(crate) go: &'a Path,
}

/// Returns the pins of a part: all inputs of its build.
///
/// # Errors
/// Fails if pins cannot be read, or if a program is missing whose release is a pin.
pub(crate) fn pins(part: &Part) -> Result<Pins, TaskError> {
    let pins = Pins::new(part.name);
    let folder = folder(part);
    match &part.source {
        Source::Debian(program) => {
            let pins = pins.with("program", program);
            Ok(pins.with("package", &package(&folder)?))
        }
        Source::Go(module) => {
            let release = match module.release {
                // The pins identify the release, which need not be built yet.
                Some(release) => self::pins(release)?.key(),
                None => go::release(&folder)?,
            };
            Wrapper { module, folder }.pins(pins, &release)
        }
        Source::Environment => {
            let pins = pins.with("python", &python::release()?);
            pins.with_file(&folder.join(REQUIREMENTS))
        }
        Source::PythonPackage(program) => pins
            .with("program", program)
            .with_file(&folder.join(REQUIREMENTS)),
        Source::GoRelease => pins.with_file(&folder.join(REQUIREMENTS)),
    }
}

/// Builds a part.
///
/// # Errors
/// Fails if a program for the build is missing or fails.
pub(crate) fn build(part: &Part, work: &Workplace<'_>) -> Result<(), TaskError> {
    let folder = folder(part);
    let requirements = folder.join(REQUIREMENTS);
    match &part.source {
        Source::Debian(program) => debian::build(
            &package(&folder)?,
            program,
            work.lists,
            work.place,
            work.log,
        ),
        Source::Go(module) => Wrapper { module, folder }.build(work.go, work.place, work.log),
        Source::Environment => python::build_environment(&requirements, work.place, work.log),
        Source::PythonPackage(program) => {
            python::build_program(&requirements, program, work.place, work.log)
        }
        Source::GoRelease => python::build_go_release(&requirements, work.place, work.log),
    }
}

/// Returns the pinned Debian package as `name=version`.
fn package(folder: &Path) -> Result<String, TaskError> {
    let file = folder.join(PACKAGE);
    let text = std::fs::read_to_string(&file)
        .map_err(TaskError::io(format!("read {}", file.display())))?;
    Ok(text.trim().to_owned())
}

/// Returns the folder of a part's pins.
pub(crate) fn folder(part: &Part) -> PathBuf {
    cargo::project_root()
        .join("fixtures/testbed")
        .join(part.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::parts::every_part;

    #[test]
    fn every_pin_that_needs_no_program_can_be_read() {
        let read =
            |part: &&Part| matches!(part.source, Source::Debian(_)) || part.name == "chainsaw";
        let parts: Vec<_> = every_part().filter(read).collect();
        assert_eq!(parts.len(), 2);
        for part in parts {
            let pins = pins(part).expect(part.name);
            assert!(pins.text().starts_with(&format!("part {:?}\n", part.name)));
        }
    }

    #[test]
    fn a_debian_package_is_pinned_to_a_version() {
        let etcd = every_part().find(|part| part.name == "etcd").expect("etcd");
        let package = package(&folder(etcd)).expect("read");
        let (name, version) = package.split_once('=').expect("a version");
        assert_eq!(name, "etcd-server");
        assert!(
            version.starts_with(|first: char| first.is_ascii_digit()),
            "{version}"
        );
    }
}
