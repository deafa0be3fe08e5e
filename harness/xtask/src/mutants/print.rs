//! The printed output of the task: one line per mutant, and a summary.

#![expect(
    clippy::print_stdout,
    reason = "printing what became of the mutants is what the task is for"
)]

use std::time::Duration;

use super::catalogue::Mutant;
use super::outcome::{Tried, count};

/// Prints the mutants and their mistakes.
pub(crate) fn list(mutants: &[&Mutant]) {
    let width = mutants.iter().map(|mutant| mutant.name.len()).max();
    for mutant in mutants {
        println!(
            "{:width$}  {}",
            mutant.name,
            mutant.what,
            width = width.unwrap_or(0)
        );
    }
}

/// Prints the line for the run without a mutant, which passed.
pub(crate) fn unmutated(took: Duration) {
    println!(
        "without a mutant, every scenario passes ({:.1}s)",
        took.as_secs_f64()
    );
}

/// Prints the line for one mutant.
pub(crate) fn line(tried: &Tried<'_>) {
    let missed = match tried.is_missed() {
        true => format!("; not {}", tried.mutant.trial),
        false => String::new(),
    };
    println!(
        "{:<8} {:>5.1}s  {}: {}{missed}",
        tried.outcome.word(),
        tried.took.as_secs_f64(),
        tried.mutant.name,
        tried.outcome
    );
}

/// Prints the counts, and every mutant that survived or is broken.
pub(crate) fn summary(tried: &[Tried<'_>], took: Duration) {
    println!(
        "\n{} mutants in {:.0}s: {} killed, {} survived, {} broken",
        tried.len(),
        took.as_secs_f64(),
        count(tried, "killed"),
        count(tried, "survived"),
        count(tried, "broken"),
    );
    for one in tried.iter().filter(|one| one.outcome.word() != "killed") {
        println!(
            "{}: {}: {}",
            one.outcome.word(),
            one.mutant.name,
            one.mutant.what
        );
    }
}
