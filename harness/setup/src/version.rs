//! Whether a program is new enough, by what it answers to `--version`.

use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::error::SetupError;

/// The oldest etcd that has all that is used here.
pub const ETCD: Version = Version { major: 3, minor: 4 };
/// The oldest Kubernetes.
pub const KUBERNETES: Version = Version {
    major: 1,
    minor: 31,
};
/// The time that a program may take to say its version.
const DEADLINE: Duration = Duration::from_secs(20);

/// The part of a version that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Before the first dot.
    pub major: u32,
    /// Behind it.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// Runs `PROGRAM --version` and compares; answers the version.
pub async fn check(program: &Path, oldest: Version) -> Result<Version, SetupError> {
    let said = ask(program).await?;
    match parse(&said) {
        Some(version) if version >= oldest => Ok(version),
        _ => Err(SetupError::WrongVersion {
            program: program.to_owned(),
            said: said.lines().next().unwrap_or_default().to_owned(),
            oldest,
        }),
    }
}

async fn ask(program: &Path) -> Result<String, SetupError> {
    let not_run = |source| SetupError::NotRun {
        program: program.to_owned(),
        source,
    };
    let answer = tokio::process::Command::new(program)
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(DEADLINE, answer)
        .await
        .map_err(|_| not_run(std::io::ErrorKind::TimedOut.into()))?
        .map_err(not_run)?;
    let said = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

/// The first thing in a text that looks like a version: `v1.34.3`, `3.4.23`.
fn parse(text: &str) -> Option<Version> {
    text.split_whitespace().find_map(|word| {
        let mut parts = word.strip_prefix('v').unwrap_or(word).split('.');
        let version = Version {
            major: parts.next()?.parse().ok()?,
            minor: parts.next()?.parse().ok()?,
        };
        parts.next().map(|_| version)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{ETCD, KUBERNETES, Version, parse};

    #[rstest]
    #[case::kubernetes("Kubernetes v1.34.3", Some((1, 34)))]
    #[case::pre_release("Kubernetes v1.36.0-alpha.1", Some((1, 36)))]
    #[case::without_a_version("Kubernetes v0.0.0-master+$Format:%H$", Some((0, 0)))]
    #[case::etcd("etcd Version: 3.4.23\nGit SHA: Not provided\nGo Version: go1.19.8", Some((3, 4)))]
    #[case::something_else("usage: kube-apiserver [1.2]", None)]
    #[case::nothing("", None)]
    fn versions(#[case] text: &str, #[case] expected: Option<(u32, u32)>) {
        let expected = expected.map(|(major, minor)| Version { major, minor });
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn minors_are_numbers() {
        let of = |text| parse(text).unwrap();
        assert!(of("v1.4.0") < KUBERNETES);
        assert!(of("v1.31.0") >= KUBERNETES);
        assert!(of("v3.10.0") >= ETCD);
    }
}
