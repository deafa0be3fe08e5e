//! `cargo xtask mutate-fixture`: proof that the scenarios notice when the system under test is wrong.
//!
//! Every mutant of `fixtures/dot-kubernetes/mutants.yaml` is a mistake that a maintainer could make.
//! Each is made in a copy of the project, never in the checkout, and trials are judged there by the
//! real binary: first the one that should notice, then, if it does not, all of them. A mutant that no
//! trial notices says that the scenarios are too weak.

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

/// The kind of control plane that needs nothing but this process.
const EMBEDDED: &str = "embedded";

/// The mutants to try, and the way.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Mutants to try; default: all.
    names: Vec<String>,

    /// Try only the I-th of N parts of them, as one of N machines does.
    #[arg(long, value_name = "I/N")]
    part: Option<Part>,

    /// Judge every scenario on every mutant, to see all that notice it. Takes its time.
    #[arg(long)]
    all: bool,

    /// The kind of control plane to judge on, as `crosscut test --cluster` takes it. On real ones a mutant takes a
    /// minute, and only the trials that should notice the chosen mutants are judged without any.
    #[arg(long, value_name = "KIND", default_value = EMBEDDED)]
    cluster: String,

    /// The number of mutants that are tried at the same time; default: the number of processors, or one on real control
    /// planes, of which a machine has one set at a time.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Print the mutants, one a line, and try none.
    #[arg(long)]
    list: bool,
}

/// Tries the mutants, prints a line for each and writes `reports/out/mutants.json`.
///
/// # Errors
/// Where a mutant survives or is no believable mistake, where the scenarios do not all pass without
/// any, and where something cannot be read, built or run.
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
