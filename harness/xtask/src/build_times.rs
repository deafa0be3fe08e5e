//! The compile time of each crate in a clean build.

use serde::Deserialize;

use crate::TaskError;
use crate::cargo::{cargo, done};

/// The number of printed crates.
const PRINTED: usize = 30;

/// Arguments of `cargo xtask build-times`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Builds with these cargo features in place of the default ones; may be empty.
    #[arg(long, value_name = "FEATURES")]
    features: Option<String>,
    /// Builds in the profile of `cargo run` instead of the release profile.
    #[arg(long)]
    dev: bool,
}

/// A part of a build in cargo's report.
#[derive(Debug, Deserialize)]
struct Unit {
    name: String,
    version: String,
    target: String,
    duration: f64,
}

/// Builds the program in a new folder and prints the slowest parts.
///
/// # Errors
/// Fails if the program cannot be built, or cargo's report cannot be read.
#[expect(
    clippy::print_stdout,
    reason = "a developer's tool that reports on the terminal"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let folder = tempfile::tempdir().map_err(TaskError::io("make a folder to build in"))?;
    let mut command = cargo();
    command
        .args(["build", "--locked", "--package", "crosscut", "--timings"])
        .arg("--target-dir")
        .arg(folder.path());
    if !arguments.dev {
        command.arg("--release");
    }
    if let Some(features) = &arguments.features {
        command.args(["--no-default-features", "--features", features]);
    }
    done(&mut command, "cargo build")?;
    let report = folder.path().join("cargo-timings/cargo-timing.html");
    let report = std::fs::read_to_string(report).map_err(TaskError::io("read cargo's report"))?;
    print!("{}", described(units(&report)?));
    Ok(())
}

/// Parses the parts of a build, which cargo's report contains as JSON.
fn units(report: &str) -> Result<Vec<Unit>, TaskError> {
    let from = "const UNIT_DATA = ";
    let data = report
        .find(from)
        .and_then(|at| report.get(at + from.len()..));
    let data = data.unwrap_or_default();
    let mut units = serde_json::Deserializer::from_str(data).into_iter::<Vec<Unit>>();
    match units.next() {
        Some(Ok(units)) => Ok(units),
        Some(Err(source)) => Err(TaskError::Output {
            what: "read cargo's report".to_owned(),
            source,
        }),
        None => Ok(Vec::new()),
    }
}

fn described(mut units: Vec<Unit>) -> String {
    units.sort_by(|one, other| other.duration.total_cmp(&one.duration));
    let total: f64 = units.iter().map(|unit| unit.duration).sum();
    let mut crates: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
    crates.sort_unstable();
    crates.dedup();
    let mut text = format!(
        "{} parts of {} crates, {total:.0} s one after the other\n",
        units.len(),
        crates.len()
    );
    for unit in units.iter().take(PRINTED) {
        let name = format!("{} {}{}", unit.name, unit.version, unit.target);
        text.push_str(&format!("{:8.1} s  {name}\n", unit.duration));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{described, units};

    #[test]
    fn the_slowest_parts_come_first() {
        let report = r#"<script>const UNIT_DATA = [
            {"i": 0, "name": "a", "version": "1.0.0", "mode": "todo", "target": "", "duration": 1.5, "features": []},
            {"i": 1, "name": "a", "version": "1.0.0", "mode": "run", "target": " build script", "duration": 2.5}
        ];
        const CONCURRENCY_DATA = [];</script>"#;
        let text = described(units(report).unwrap());
        assert_eq!(
            text,
            "2 parts of 1 crates, 4 s one after the other\n     2.5 s  a 1.0.0 build script\n     1.5 s  a 1.0.0\n"
        );
    }
}
