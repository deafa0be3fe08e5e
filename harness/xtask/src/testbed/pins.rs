//! The pins of a part: all inputs of its build, and a key made from them.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::TaskError;

/// The pins of one part, one per line.
#[derive(Clone, Debug)]
pub(crate) struct Pins(String);

impl Pins {
    /// Returns the pins of the part `name`, for this kind of machine.
    pub(crate) fn new(name: &str) -> Pins {
        let machine = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
        Pins(String::new())
            .with("part", name)
            .with("machine", &machine)
    }

    /// Adds a pin.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Pins {
        // The value is quoted, so that no value can look like another pin.
        self.0.push_str(&format!("{name} {value:?}\n"));
        self
    }

    /// Adds the hash of a file.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub(crate) fn with_file(self, file: &Path) -> Result<Pins, TaskError> {
        let content =
            std::fs::read(file).map_err(TaskError::io(format!("read {}", file.display())))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        Ok(self.with(&name, &format!("sha256:{}", digest(&content))))
    }

    /// Returns the pins as text, for the file in a finished part.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Returns the part's key: the first half of the pins' digest, which is unique enough.
    pub(crate) fn key(&self) -> String {
        {
            let mut key = digest(self.0.as_bytes());
            key.truncate(32);
            key
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_pins() -> Pins {
        Pins::new("crossplane")
            .with("go", "go1.26.8")
            .with("ldflags", "-s")
    }

    #[test]
    fn the_same_pins_have_the_same_key() {
        assert_eq!(some_pins().key(), some_pins().key());
        assert_eq!(some_pins().key().len(), 32);
    }

    #[rstest::rstest]
    #[case::another_part(Pins::new("kubernetes").with("go", "go1.26.8").with("ldflags", "-s"))]
    #[case::another_go(Pins::new("crossplane").with("go", "go1.26.9").with("ldflags", "-s"))]
    #[case::other_flags(Pins::new("crossplane").with("go", "go1.26.8").with("ldflags", "-s -w"))]
    #[case::one_less(Pins::new("crossplane").with("go", "go1.26.8"))]
    #[case::one_that_looks_like_two(Pins::new("crossplane").with("go", "go1.26.8\"\nldflags \"-s"))]
    fn other_pins_have_another_key(#[case] other: Pins) {
        assert_ne!(some_pins().key(), other.key());
    }

    #[test]
    fn the_content_of_a_file_changes_the_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("go.sum");
        let key = |content: &str| {
            std::fs::write(&file, content).expect("written");
            some_pins().with_file(&file).expect("read").key()
        };
        let first = key("h1:a=");
        assert_ne!(first, key("h1:b="));
        assert_eq!(first, key("h1:a="));
    }

    #[test]
    fn a_file_that_is_missing_is_an_error_that_names_it() {
        let error = some_pins()
            .with_file(Path::new("nowhere/go.sum"))
            .expect_err("missing");
        assert_eq!(error.to_string(), "read nowhere/go.sum");
    }
}
