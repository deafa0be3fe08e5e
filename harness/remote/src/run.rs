//! The name of a run on clusters.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Returns a short name, made from the name of the run's folder, that is valid in namespaces and labels.
pub(crate) fn run_name(folder: &str) -> String {
    digest(folder)
}

/// Returns eight hexadecimal digits of a text's SHA-256 digest.
pub(crate) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(4).fold(String::new(), |mut name, byte| {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
        name
    })
}

#[cfg(test)]
mod tests {
    use super::run_name;

    #[test]
    fn names_are_labels() {
        let name = run_name("crosscut-0-AbCdEfGh");
        assert_eq!(name.len(), 8);
        assert!(
            name.chars()
                .all(|letter| matches!(letter, '0'..='9' | 'a'..='f'))
        );
        assert_ne!(name, run_name("crosscut-0-AbCdEfGi"));
    }
}
