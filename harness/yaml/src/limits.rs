//! How much a text may make of itself.

/// Bounds on what [`crate::parse`] accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest text, in bytes.
    pub bytes: usize,
    /// How deep sequences and mappings may nest.
    pub depth: usize,
    /// How many nodes all documents together may have, copies made by aliases included.
    pub nodes: usize,
    /// The number of documents that a text may have.
    pub documents: usize,
}

impl Default for Limits {
    /// Enough for the largest bundles of provider CRDs (a few MiB), far from exhausting memory.
    fn default() -> Limits {
        Limits {
            bytes: 16 << 20,
            depth: 100,
            nodes: 2_000_000,
            documents: 4_096,
        }
    }
}
