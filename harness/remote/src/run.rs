//! The name of a run on clusters.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// A name from the name of a run's folder: what namespaces and labels may have in them, and short.
pub(crate) fn run_name(folder: &str) -> String {
    digest(folder)
}

/// Eight hexadecimal digits that stand for a text.
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
