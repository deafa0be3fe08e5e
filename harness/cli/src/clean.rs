//! `crosscut clean`: takes away what killed runs left on a cluster.

use std::path::PathBuf;

use crosscut_events::ExitStatus;
use crosscut_remote::kubeconfig::{Files, read};
use crosscut_remote::{Access, Leftovers};

use crate::arguments::CleanArguments;
use crate::clusters::ask;
use crate::{CommandError, output};

/// Lists what runs left, asks, and deletes it.
///
/// # Errors
/// [`CommandError`] if the cluster cannot be reached, or its user cannot be asked.
pub(crate) fn run(arguments: &CleanArguments) -> Result<ExitStatus, CommandError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)?
        .block_on(clean(arguments))
}

async fn clean(arguments: &CleanArguments) -> Result<ExitStatus, CommandError> {
    let named = arguments.kubeconfig.clone().map(PathBuf::from);
    let files = Files::from_variables(named, |name| std::env::var(name).ok());
    let kubeconfig = read(&files).map_err(CommandError::cluster)?;
    let context = arguments.context.as_deref();
    let access = Access::open(&kubeconfig, context, &files.describe()).await;
    let access = access.map_err(|error| CommandError::cluster(error.into()))?;
    let leftovers = Leftovers::find(&access, arguments.run.as_deref()).await;
    let leftovers = leftovers.map_err(CommandError::cluster)?;
    output::print(&listed(&leftovers), arguments.output)?;
    let count = leftovers.found.len();
    if count == 0 {
        return Ok(ExitStatus::Passed);
    }
    if !agreed(arguments, &access, count)? {
        output::print("nothing was deleted\n", arguments.output)?;
        return Ok(ExitStatus::Passed);
    }
    let kept = leftovers.delete().await;
    let mut said = format!("{} of {count} are gone\n", count - kept.len().min(count));
    for kept in &kept {
        said.push_str(&format!("left there: {}\n", kept.0));
    }
    output::print(&said, arguments.output)?;
    Ok(match kept.is_empty() {
        true => ExitStatus::Passed,
        false => ExitStatus::EnvironmentFailed,
    })
}

/// Returns what was found, run by run.
fn listed(leftovers: &Leftovers) -> String {
    let mut said = String::new();
    let mut last = None;
    for leftover in &leftovers.found {
        if last != Some(&leftover.run) {
            said.push_str(&format!("run {}:\n", leftover.run));
            last = Some(&leftover.run);
        }
        said.push_str(&format!("  {leftover}\n"));
    }
    if leftovers.found.is_empty() {
        said.push_str("no run left anything that can be seen\n");
    }
    for unseen in &leftovers.unseen {
        said.push_str(&format!("not looked at: {unseen}\n"));
    }
    said
}

fn agreed(arguments: &CleanArguments, access: &Access, count: usize) -> Result<bool, CommandError> {
    if arguments.yes {
        return Ok(true);
    }
    let question = format!(
        "delete these {count} objects from the cluster of the context \"{}\" ({})? A run that still goes on there, from here \
         or from another machine, loses what it made.",
        access.context, access.address
    );
    ask()(&question).ok_or_else(|| CommandError::Cluster {
        what: "nobody can be asked whether these objects may be deleted".to_owned(),
        help: Some("agree by --yes".to_owned()),
        source: None,
    })
}
