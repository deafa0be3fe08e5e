//! The output of a program, line by line.

use std::fmt;
use std::sync::Arc;

/// The longest line that is told in one piece, in bytes.
const LONGEST: usize = 4 * 1024;

/// A callback for every line that a program writes, without its end, as it is written.
#[derive(Clone)]
pub struct OnLine(Arc<dyn Fn(&str) + Send + Sync>);

impl OnLine {
    /// Makes one of what is to be done with a line.
    pub fn new(tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
}

impl fmt::Debug for OnLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OnLine")
    }
}

/// Cuts what comes in pieces into lines.
#[derive(Debug)]
pub(crate) struct Lines {
    on_line: OnLine,
    rest: Vec<u8>,
}

impl Lines {
    pub(crate) fn new(on_line: OnLine) -> Self {
        Self {
            on_line,
            rest: Vec::new(),
        }
    }

    /// Takes a piece, and tells the lines that it completes.
    pub(crate) fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(part);
            if part.ends_with(b"\n") || self.rest.len() >= LONGEST {
                self.tell();
            }
        }
    }

    /// Tells what is left when nothing more comes.
    pub(crate) fn end(&mut self) {
        if !self.rest.is_empty() {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let line = String::from_utf8_lossy(&self.rest);
        (self.on_line.0)(line.trim_end_matches(['\n', '\r']));
        self.rest.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::{LONGEST, Lines, OnLine};

    #[test]
    fn lines_are_told_whole() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&told);
        let mut lines = Lines::new(OnLine::new(move |line| {
            tell.lock().unwrap().push(line.to_owned());
        }));
        let pieces: [&[u8]; 5] = [b"o", b"ne\r\ntwo\n\nth", b"", b"ree \xff", b"\nrest"];
        for piece in pieces {
            lines.take(piece);
        }
        lines.end();
        lines.end();
        let expected = ["one", "two", "", "three \u{fffd}", "rest"];
        assert_eq!(*told.lock().unwrap(), expected);
        told.lock().unwrap().clear();
        lines.take(&vec![b'x'; LONGEST * 3]);
        assert_eq!(told.lock().unwrap().len(), 1);
    }
}
