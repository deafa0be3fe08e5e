//! The limits of texts.

/// The limits of the texts that [`crate::parse`] accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum length of the text, in bytes.
    pub bytes: usize,
    /// The maximum nesting depth of sequences and mappings.
    pub depth: usize,
    /// The maximum number of nodes in all documents, including copies by aliases.
    pub nodes: usize,
    /// The maximum number of documents.
    pub documents: usize,
}

impl Default for Limits {
    /// Returns limits that fit the largest bundles of provider CRDs (a few MiB) and protect the memory.
    fn default() -> Limits {
        Limits {
            bytes: 16 << 20,
            depth: 100,
            nodes: 2_000_000,
            documents: 4_096,
        }
    }
}
