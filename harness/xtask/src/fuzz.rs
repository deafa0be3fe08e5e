//! The fuzzer's targets, each run for a bounded time on a stable toolchain.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::TaskError;
use crate::cargo::{build_folder, done, project_root};

/// The flags of cargo-fuzz's builds, without a sanitizer, because the project has no unsafe code.
const FLAGS: [&str; 7] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The targets to run, as in fuzz/fuzz_targets; all by default.
    targets: Vec<String>,
    /// The seconds that each target runs.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
}

/// Builds and runs the targets, and keeps the inputs that they find in the build folder.
///
/// # Errors
/// Fails if a target cannot be built, or finds an input that breaks a property.
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let folder = project_root().join("fuzz");
    let known = names(&folder)?;
    let asked = &arguments.targets;
    if let Some(unknown) = asked.iter().find(|name| !known.contains(name)) {
        return Err(TaskError::NoFuzzTarget(unknown.clone(), known.join(", ")));
    }
    let targets = if asked.is_empty() { &known } else { asked };
    let built = build(&folder)?;
    for target in targets {
        fuzz(target, &folder, &built, arguments.seconds)?;
    }
    Ok(())
}

/// Returns the names of all targets, sorted.
fn names(folder: &Path) -> Result<Vec<String>, TaskError> {
    let failed = || TaskError::io("read the targets of the fuzzer");
    let files = std::fs::read_dir(folder.join("fuzz_targets")).map_err(failed())?;
    let mut names = Vec::new();
    for file in files {
        let path = file.map_err(failed())?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort_unstable();
    Ok(names)
}

/// The folders of the built targets and of the fuzzer's output.
struct Built {
    programs: PathBuf,
    work: PathBuf,
}

fn build(folder: &Path) -> Result<Built, TaskError> {
    let host = host()?;
    let work = build_folder()?.join("fuzz");
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(folder)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"))
        // With an explicit target, cargo does not use the flags for build scripts.
        .args(["build", "--release", "--locked", "--target", &host])
        .arg("--target-dir")
        .arg(&work);
    done(&mut command, "cargo build of the fuzzer's targets")?;
    let programs = work.join(&host).join("release");
    Ok(Built { programs, work })
}

/// Returns the compiler's host platform.
fn host() -> Result<String, TaskError> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.map_err(TaskError::io("run rustc -vV"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or(TaskError::Command {
        command: "rustc -vV".to_owned(),
        status: "no host".to_owned(),
    })
}

fn fuzz(target: &str, folder: &Path, built: &Built, seconds: u32) -> Result<(), TaskError> {
    let corpus = built.work.join("corpus").join(target);
    let artifacts = built.work.join("artifacts").join(target);
    for needed in [&corpus, &artifacts] {
        let made = std::fs::create_dir_all(needed);
        made.map_err(TaskError::io(format!("create {}", needed.display())))?;
    }
    let mut command = Command::new(built.programs.join(target));
    command
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-verbosity=0"])
        .args(["-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(&corpus)
        .arg(folder.join("seeds").join(target));
    done(&mut command, &format!("the fuzzer's target {target}"))
}
