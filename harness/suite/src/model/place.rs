//! Where the user wrote something.

use std::sync::Arc;

use crosscut_yaml::{Position, Span, position};

/// A file's text and the name that reports use for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path, relative to the suite's folder where the file lies below it.
    pub name: String,
    /// The path as users see it: relative to the folder in which crosscut was started.
    pub shown: String,
    /// The whole text.
    pub text: String,
}

/// A stretch of a file.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The stretch, in bytes.
    pub span: Span,
}

impl Place {
    /// Line and column of the beginning.
    pub fn position(&self) -> Position {
        position(&self.source.text, self.span.start)
    }

    /// Another stretch of the same file.
    pub fn with_span(&self, span: Span) -> Place {
        Place {
            source: Arc::clone(&self.source),
            span,
        }
    }
}
