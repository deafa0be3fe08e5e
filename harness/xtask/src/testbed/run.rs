//! The task: lists the parts, or builds the missing ones and links to them.

use std::path::PathBuf;
use std::time::Instant;

use clap::builder::PossibleValuesParser;

use super::cache::Cache;
use super::command::Log;
use super::go;
use super::list::{self, State};
use super::parts::{PARTS, Part, Source, every_part};
use super::pins::Pins;
use super::recipe::{self, Workplace};
use crate::{TaskError, with_causes};

/// Arguments of `cargo xtask testbed`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The parts to build; default: all but chainsaw.
    #[arg(value_name = "PART", value_parser = PossibleValuesParser::new(every_part().map(|part| part.name)))]
    parts: Vec<String>,
    /// Prints the built and the missing parts, and builds nothing.
    #[arg(long)]
    list: bool,
}

/// Builds the parts that are missing, or lists them.
///
/// # Errors
/// Fails if the cache folder cannot be used, or a part cannot be built. The other parts are still built.
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let cache = Cache::locate(|name| std::env::var_os(name).map(PathBuf::from))?;
    if arguments.list {
        let parts = named(&arguments.parts).unwrap_or_else(|| every_part().collect());
        let states: Vec<_> = parts
            .iter()
            .map(|part| (*part, state(&cache, part)))
            .collect();
        print(&list::text(cache.root(), &states));
        return Ok(());
    }
    let parts = named(&arguments.parts).unwrap_or_else(|| PARTS.iter().collect());
    build_all(&cache, &parts)
}

/// Returns the parts with these names, in the order of their builds. `None` if there are no names.
fn named(names: &[String]) -> Option<Vec<&'static Part>> {
    let chosen = |part: &&Part| names.iter().any(|name| name == part.name);
    (!names.is_empty()).then(|| every_part().filter(chosen).collect())
}

fn state(cache: &Cache, part: &Part) -> State {
    match recipe::pins(part) {
        Ok(pins) => match cache.find(part.name, &pins.key(), &part.products()) {
            Some(_) => State::Built(pins.key()),
            None => State::Missing,
        },
        Err(error) => State::Unknown(error),
    }
}

fn build_all(cache: &Cache, parts: &[&Part]) -> Result<(), TaskError> {
    print(&format!("test bed in {}\n", cache.root().display()));
    let _lock = cache.lock(|| print("another run is building; waiting for it to end\n"))?;
    let mut lacking = Vec::new();
    for part in parts {
        if let Err(error) = provide(cache, part) {
            print(&format!(
                "{}: not built: {}",
                part.name,
                with_causes(&error)
            ));
            lacking.push(part.name);
        }
    }
    if lacking.is_empty() {
        return Ok(());
    }
    Err(TaskError::Incomplete(lacking.join(", ")))
}

/// Finds or builds a part, and links to it.
fn provide(cache: &Cache, part: &Part) -> Result<(), TaskError> {
    let folder = find_or_build(cache, part)?;
    for program in part.programs() {
        cache.link(&format!("bin/{program}"), &folder.join("bin").join(program))?;
    }
    if part.has_crds() {
        cache.link(&format!("crds/{}", part.name), &folder.join("crds"))?;
    }
    match part.source {
        Source::Environment => cache.link(part.name, &folder),
        _ => Ok(()),
    }
}

fn find_or_build(cache: &Cache, part: &Part) -> Result<PathBuf, TaskError> {
    let pins = recipe::pins(part)?;
    match cache.find(part.name, &pins.key(), &part.products()) {
        Some(folder) => {
            print(&format!("{}: found {}\n", part.name, pins.key()));
            Ok(folder)
        }
        None => build(cache, part, &pins),
    }
}

fn build(cache: &Cache, part: &Part, pins: &Pins) -> Result<PathBuf, TaskError> {
    // The build of Go is a part of its own, so its time is not counted here.
    let go = go_for(cache, part)?;
    let started = Instant::now();
    let path = cache.log(part.name);
    print(&format!(
        "{}: building {}, log in {}\n",
        part.name,
        pins.key(),
        path.display()
    ));
    let place = cache.start(part.name)?;
    let work = Workplace {
        place: place.path(),
        lists: &cache.root().join("apt"),
        log: &Log::create(path)?,
        go: &go,
    };
    recipe::build(part, &work)?;
    let folder = cache.finish(place, part.name, pins, &part.products())?;
    print(&format!(
        "{}: built in {:.1} s\n",
        part.name,
        started.elapsed().as_secs_f64()
    ));
    Ok(folder)
}

/// Returns the Go that builds a part. Finds or builds it first if it is a part itself.
fn go_for(cache: &Cache, part: &Part) -> Result<PathBuf, TaskError> {
    match part.go_release() {
        Some(release) => Ok(find_or_build(cache, release)?.join(go::RELEASE_PROGRAM)),
        None => Ok(PathBuf::from("go")),
    }
}

#[expect(
    clippy::print_stdout,
    reason = "saying what it does is part of the task"
)]
fn print(text: &str) {
    print!("{text}");
}
