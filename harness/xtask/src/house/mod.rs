//! The structure of the project in figures, and the walls between its crates.

mod crates;
mod cycles;
mod figures;
mod source;

use crate::TaskError;
use crate::cargo::{metadata, project_root};

pub(crate) use source::{doc_blocks, files, sources};

use crates::{Crate, Rows};
use figures::Figures;

/// Arguments of `cargo xtask house`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Prints only the broken walls, and fails if there is one.
    #[arg(long)]
    check: bool,
}

/// Prints the structure, or checks the walls.
///
/// # Errors
/// Fails if the project cannot be read, or with `--check` if a wall is broken.
#[expect(
    clippy::print_stdout,
    reason = "a developer's tool that reports on the terminal"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let metadata = metadata()?;
    let crates = Crate::all(&metadata, &project_root())?;
    let rows = Rows::of(&metadata);
    let broken = rows.broken(&crates);
    if !arguments.check {
        print!("{}", Figures::of(&crates));
    }
    if broken.is_empty() {
        println!("no wall is broken");
        return Ok(());
    }
    for wall in &broken {
        println!("broken: {wall}");
    }
    match arguments.check {
        true => Err(TaskError::Walls(broken.len())),
        false => Ok(()),
    }
}
