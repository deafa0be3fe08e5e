//! The language by its data-driven suite and by properties.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod budget;
mod certificates;
mod fuzzed;
mod properties;
mod robust;
mod suite;
mod surroundings;
