//! The output of a program: a file of bounded size that keeps the end, and the last lines in memory.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;

use crate::lines::{Lines, OnLine};

/// The size of the output that is kept in memory, in bytes.
const TAIL: usize = 16 * 1024;

/// The log of one program. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    path: PathBuf,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    size: u64,
    limit: u64,
    /// The bytes of the program's output that are no longer in the file.
    cut: u64,
    /// The bytes of the file's note about the missing output.
    note: u64,
    tail: VecDeque<u8>,
    failure: Option<String>,
}

impl Log {
    /// Opens a log file for its owner only; what an earlier program of that name wrote is kept.
    pub(crate) fn open(path: &Path, limit: u64) -> std::io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let inner = Inner {
            size: file.metadata()?.len(),
            file,
            limit,
            cut: 0,
            note: 0,
            tail: VecDeque::new(),
            failure: None,
        };
        Ok(Self {
            path: path.to_owned(),
            inner: Arc::new(Mutex::new(inner)),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes what comes until every writer is gone. A full disk does not hold up the program.
    pub(crate) async fn follow(self, mut pipe: Receiver, on_line: Option<OnLine>) {
        let mut lines = on_line.map(Lines::new);
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            let piece = &buffer[..read];
            self.write(piece);
            lines.iter_mut().for_each(|lines| lines.take(piece));
        }
        lines.iter_mut().for_each(Lines::end);
    }

    fn write(&self, bytes: &[u8]) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.remember(bytes);
        if let Err(error) = inner.store(bytes) {
            inner.failure = Some(format!("(the log file could not be written: {error})"));
        }
    }

    /// The last lines, at most `count`, oldest first.
    pub(crate) fn last_lines(&self, count: usize) -> Vec<String> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (front, back) = inner.tail.as_slices();
        let text = String::from_utf8_lossy(&[front, back].concat()).into_owned();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let lines = without_stacks(&lines);
        let last = &lines[lines.len().saturating_sub(count)..];
        let last = last.iter().map(|line| (*line).to_owned());
        last.chain(inner.failure.clone()).collect()
    }
}

/// A Go program that panics says why and then where: stacks that are longer than what is quoted, of use to its authors.
fn without_stacks<'a, 'b>(lines: &'a [&'b str]) -> &'a [&'b str] {
    let is_stack = |line: &&str| line.starts_with("goroutine ") && line.ends_with("]:");
    match lines.iter().position(is_stack) {
        Some(why @ 1..) => &lines[..why],
        _ => lines,
    }
}

impl Inner {
    fn remember(&mut self, bytes: &[u8]) {
        self.tail.extend(bytes);
        let excess = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..excess);
    }

    fn store(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        if self.size > self.limit.saturating_mul(2) {
            self.shorten()?;
        }
        Ok(())
    }

    /// Keeps the end, from the start of a line, and says how much was cut before it.
    fn shorten(&mut self) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(self.size - self.limit))?;
        let mut end = Vec::new();
        self.file.read_to_end(&mut end)?;
        let line = end.iter().position(|byte| *byte == b'\n');
        let kept = &end[line.map_or(0, |newline| newline + 1)..];
        self.cut += self.size - self.note - kept.len() as u64;
        let note = format!("[{} bytes were cut here]\n", self.cut);
        self.file.set_len(0)?;
        self.file.write_all(note.as_bytes())?;
        self.file.write_all(kept)?;
        self.note = note.len() as u64;
        self.size = self.note + kept.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Log;

    fn log(limit: u64) -> (tempfile::TempDir, Log) {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&folder.path().join("a.log"), limit).unwrap();
        (folder, log)
    }

    #[test]
    fn a_short_log_is_whole() {
        let (_folder, log) = log(64);
        log.write(b"one\ntwo\n");
        log.write(b"three");
        assert_eq!(
            std::fs::read_to_string(log.path()).unwrap(),
            "one\ntwo\nthree"
        );
        assert_eq!(log.last_lines(2), ["two", "three"]);
        assert_eq!(log.last_lines(9), ["one", "two", "three"]);
    }

    #[test]
    fn a_long_log_keeps_its_end_and_counts_what_was_cut() {
        let (_folder, log) = log(100);
        let mut written = 0;
        for number in 0..1000 {
            let line = format!("line {number}\n");
            written += line.len();
            log.write(line.as_bytes());
            assert!(std::fs::metadata(log.path()).unwrap().len() <= 200);
        }
        let text = std::fs::read_to_string(log.path()).unwrap();
        let (note, kept) = text.split_once('\n').unwrap();
        let cut = written - kept.len();
        assert_eq!(note, format!("[{cut} bytes were cut here]"));
        assert!(kept.starts_with("line 9"), "{kept}");
        assert!(kept.ends_with("line 999\n"), "{kept}");
    }

    #[test]
    fn the_last_lines_say_why_and_not_where() {
        let (_folder, log) = log(1000);
        log.write(b"starting\npanic: no space left on device\n\ngoroutine 1 [running]:\nmain.main()\n\tmain.go:28 +0x17\n");
        let expected = ["starting", "panic: no space left on device"];
        assert_eq!(log.last_lines(2), expected);
    }

    #[test]
    fn a_second_program_of_the_name_goes_on_behind_the_first() {
        let (_folder, log) = log(100);
        log.write(b"first\n");
        Log::open(log.path(), 100).unwrap().write(b"second\n");
        assert_eq!(
            std::fs::read_to_string(log.path()).unwrap(),
            "first\nsecond\n"
        );
    }

    #[test]
    fn a_disk_that_takes_nothing_is_said_and_the_lines_are_still_at_hand() {
        let log = Log::open("/dev/full".as_ref(), 100).unwrap();
        log.write(b"one\n");
        let lines = log.last_lines(5);
        assert_eq!(lines[0], "one");
        assert!(
            lines[1].starts_with("(the log file could not be written: "),
            "{lines:?}"
        );
    }
}
