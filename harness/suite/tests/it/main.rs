//! Projects in memory: whatever they hold, they end in a plan or in mistakes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod disk;
mod fuzzed;
mod judged;
mod programs;
mod projects;
mod robust;
mod traffic;
mod writes;
