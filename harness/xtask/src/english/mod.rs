//! The rules of English that a program can check, in comments and documents.
//!
//! Files that break rules from before have a number in the list of known places, which may only shrink.

mod known;
mod rules;

use std::path::Path;

use crate::TaskError;
use crate::cargo::project_root;
use crate::house::{files, sources};

use known::Known;
use rules::findings;

/// The folders with Rust.
const FOLDERS: [&str; 3] = ["harness", "reports", "fixtures"];
/// The documents and the folders with documents.
const DOCUMENTS: [&str; 5] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs",
    "fuzz/README.md",
];

/// Arguments of `cargo xtask english`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Prints each place whose path begins so, instead of checking.
    #[arg(long, value_name = "PATH")]
    list: Option<String>,
    /// Writes the numbers of today into the list of known places, where they are smaller.
    #[arg(long)]
    accept: bool,
}

/// A place that breaks a rule.
struct Finding {
    file: String,
    line: usize,
    what: String,
}

/// Checks comments and documents.
///
/// # Errors
/// Fails if a file breaks more rules than it is known to, or fewer than the list says.
#[expect(
    clippy::print_stdout,
    reason = "a developer's tool that reports on the terminal"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<(), TaskError> {
    let root = project_root();
    let found = all(&root)?;
    if let Some(path) = &arguments.list {
        let meant = found
            .iter()
            .filter(|one| one.file.starts_with(path.as_str()));
        for one in meant {
            println!("{}:{}: {}", one.file, one.line, one.what);
        }
        return Ok(());
    }
    let mut known = Known::read(&root)?;
    if arguments.accept {
        known.shrink(&found);
        known.write(&root)?;
    }
    let wrong = known.wrong(&found);
    if wrong.is_empty() {
        println!(
            "{} places are known to break a rule, and no other does",
            found.len()
        );
        return Ok(());
    }
    for line in &wrong {
        println!("{line}");
    }
    Err(TaskError::English(wrong.len()))
}

fn all(root: &Path) -> Result<Vec<Finding>, TaskError> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        for source in sources(&root.join(folder))? {
            let file = format!("{folder}/{}", source.name);
            found.extend(in_file(&file, &source.text, true));
        }
    }
    for name in DOCUMENTS {
        let path = root.join(name);
        for source in files(&path, "md")? {
            let file = format!("{name}/{}", source.name);
            found.extend(in_file(&file, &source.text, false));
        }
        if path.is_file() {
            let text = std::fs::read_to_string(&path);
            let text = text.map_err(TaskError::io(format!("read {name}")))?;
            found.extend(in_file(name, &text, false));
        }
    }
    Ok(found)
}

fn in_file(file: &str, text: &str, is_rust: bool) -> Vec<Finding> {
    let found = findings(text, is_rust).into_iter();
    let finding = |(line, what)| Finding {
        file: file.to_owned(),
        line,
        what,
    };
    found.map(finding).collect()
}
