//! `cargo xtask mutate-fixture`: the proof that the scenarios notice mistakes in the system under test.
//!
//! Every mutant of `fixtures/dot-kubernetes/mutants.yaml` is a mistake that a maintainer could make. Each is
//! applied in a copy of the project, never in the checkout. The real binary judges trials there: first the one
//! that should notice the mistake, then, if it does not, all of them. If no trial notices a mutant, the scenarios
//! are too weak.

mod catalogue;
mod copy;
mod judge;
mod outcome;
mod part;
mod print;
mod workers;

use std::num::NonZeroUsize;
use std::time::Instant;

use serde_json::{Value, json};

use crate::{TaskError, cargo};
use catalogue::Catalogue;
use judge::Judge;
use outcome::Tried;
use part::Part;
use workers::Workers;

/// The kind of control plane that runs in process.
const EMBEDDED: &str = "embedded";

/// Arguments of `cargo xtask mutate-fixture`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The mutants to try; default: all.
    names: Vec<String>,

    /// Tries only the I-th of N parts of the mutants, to divide them between N machines.
    #[arg(long, value_name = "I/N")]
    part: Option<Part>,

    /// Judges every scenario on every mutant, to print all that notice it. Takes long.
    #[arg(long)]
    all: bool,

    /// The kind of control plane, as for `crosscut test --cluster`. On real ones a mutant takes a minute, and
    /// without a mutant only the trials that should notice the chosen mutants are judged.
    #[arg(long, value_name = "KIND", default_value = EMBEDDED)]
    cluster: String,

    /// The number of mutants that are tried at the same time; default: the number of processors, or one on real
    /// control planes, because a machine has only one set of them at a time.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Prints the mutants, one per line, and tries none.
    #[arg(long)]
    list: bool,
}

/// Tries the mutants, prints a line for each, and writes `reports/out/mutants.json`.
///
/// # Errors
/// Fails in these cases:
///
/// - a mutant survives or is not a believable mistake,
/// - a scenario fails without a mutant,
/// - a file cannot be read, or a program not built or run.
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let root = cargo::project_root();
    let catalogue = Catalogue::read(&root, &arguments.cluster)?;
    let selected = catalogue.select(&arguments.names)?;
    let chosen = match arguments.part {
        Some(part) => part.take(selected),
        None => selected,
    };
    if arguments.list {
        print::list(&chosen);
        return Ok(());
    }
    let judge = Judge::build(&arguments.cluster)?;
    let started = Instant::now();
    let workers = Workers::new(&root, &judge, jobs(arguments))?;
    print::unmutated(workers.unmutated(&chosen, arguments.cluster == EMBEDDED)?);
    let tried = workers.try_all(&chosen, arguments.all)?;
    print::summary(&tried, started.elapsed());
    write_json(&tried)?;
    verdict(&tried)
}

fn jobs(arguments: &Arguments) -> NonZeroUsize {
    let default = || match arguments.cluster.as_str() {
        EMBEDDED => std::thread::available_parallelism().ok(),
        _ => None,
    };
    arguments.jobs.or_else(default).unwrap_or(NonZeroUsize::MIN)
}

fn verdict(tried: &[Tried<'_>]) -> Result<(), TaskError> {
    let (survived, broken) = (
        outcome::count(tried, "survived"),
        outcome::count(tried, "broken"),
    );
    if survived + broken == 0 {
        Ok(())
    } else {
        Err(TaskError::Mutants { survived, broken })
    }
}

fn write_json(tried: &[Tried<'_>]) -> Result<(), TaskError> {
    let folder = cargo::project_root().join("reports/out");
    std::fs::create_dir_all(&folder).map_err(TaskError::io("create reports/out"))?;
    let mutants: Vec<Value> = tried.iter().map(Tried::to_json).collect();
    let text = format!("{:#}\n", json!({"schema": 1, "mutants": mutants}));
    std::fs::write(folder.join("mutants.json"), text).map_err(TaskError::io("write mutants.json"))
}
