//! The Go runtime of the programs that make up the environment: memory is spent for processor time.
//!
//! A run lasts minutes and its programs hold little, so Go's collector, which by default runs whenever the heap has
//! doubled, is the largest single part of what kube-apiserver does. Decision 010 has the figures.

use std::collections::BTreeMap;

/// The heap may grow to five times what lives before it is collected (`GOGC`; Go's own value is 100)...
const GROWTH: &str = "400";
/// ...while it stays below this (`GOMEMLIMIT`), from where on it is collected as often as that takes.
const LIMIT: &str = "1GiB";

/// Variables for a Go program's environment.
pub fn environment() -> BTreeMap<String, String> {
    let variables = [("GOGC", GROWTH), ("GOMEMLIMIT", LIMIT)];
    BTreeMap::from(variables.map(|(name, value)| (name.to_owned(), value.to_owned())))
}
