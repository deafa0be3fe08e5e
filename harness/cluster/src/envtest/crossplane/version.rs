//! Which Crossplane a program is.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::CrossplaneError;

/// How long the program may take to say it.
const DEADLINE: Duration = Duration::from_secs(20);
/// The oldest version that is supported: the first whose composite resources are as they are here.
const OLDEST: Version = Version { major: 2, minor: 0 };

/// Major and minor version; nothing here depends on more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) major: u32,
    pub(super) minor: u32,
}

impl Version {
    /// Asks the program.
    ///
    /// # Errors
    /// If it is not there or does not run, is no Crossplane core, or is too old.
    pub(super) async fn of(program: &Path) -> Result<Self, CrossplaneError> {
        let said = ask(program).await?;
        match Self::parse(&said) {
            Some(version) if version >= OLDEST => Ok(version),
            _ => Err(CrossplaneError::Version {
                program: program.to_owned(),
                said,
            }),
        }
    }

    /// Reads `v2.2.0`, `2.3.0-rc.0` and the like.
    fn parse(said: &str) -> Option<Self> {
        let mut numbers = said.trim().trim_start_matches('v').split('.');
        let mut next = || numbers.next()?.parse().ok();
        Some(Self {
            major: next()?,
            minor: next()?,
        })
    }
}

async fn ask(program: &Path) -> Result<String, CrossplaneError> {
    let failed = |source| CrossplaneError::Run {
        program: program.to_owned(),
        source,
    };
    let output = tokio::process::Command::new(program)
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(DEADLINE, output)
        .await
        .map_err(|_| failed(std::io::ErrorKind::TimedOut.into()))?
        .map_err(failed)?;
    let said = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::released("v2.2.0\n", Some((2, 2)))]
    #[case::candidate("2.10.0-rc.0", Some((2, 10)))]
    #[case::old("v1.20.1", Some((1, 20)))]
    #[case::built_without_one("", None)]
    #[case::the_command_line_tool("crossplane: error: unknown flag --version", None)]
    fn versions_are_read(#[case] said: &str, #[case] numbers: Option<(u32, u32)>) {
        let version = Version::parse(said).map(|version| (version.major, version.minor));
        assert_eq!(version, numbers);
    }

    #[test]
    fn versions_are_ordered_by_number() {
        let old = Version::parse("v1.20.1").unwrap();
        let new = Version::parse("v2.10.0").unwrap();
        assert!(old < OLDEST && OLDEST < new);
        assert!(new > Version { major: 2, minor: 9 });
    }

    #[tokio::test]
    async fn a_program_that_says_no_version_is_no_crossplane() {
        let error = Version::of(Path::new("/bin/true")).await.unwrap_err();
        assert!(matches!(error, CrossplaneError::Version { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_named() {
        let error = Version::of(Path::new("/does/not/exist")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot run /does/not/exist, which is to be the Crossplane core"
        );
    }
}
