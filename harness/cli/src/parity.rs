//! `crosscut parity`: the same trials on several kinds of control plane, compared.

use camino::Utf8Path;
use crosscut_events::{Event, ExitStatus, Seeds};
use crosscut_parity::{Comparison, Ledger, Outcomes, compare};
use crosscut_reports::safe;
use crosscut_suite::Trial;

use crate::arguments::{ClusterKind, ParityArguments, TrialArguments};
use crate::output::RunOutput;
use crate::places::Places;
use crate::test::current_folder;
use crate::{CommandError, judge, output};

/// The number of differences that are printed; all go to the file.
const PRINTED: usize = 40;

/// Judges on every kind and prints where they differ.
///
/// # Errors
/// [`CommandError`] where there are not two kinds, a control plane cannot be started or the ledger cannot be used.
pub(crate) fn run(arguments: &ParityArguments) -> Result<ExitStatus, CommandError> {
    if arguments.clusters.len() < 2 {
        return Err(CommandError::NothingToCompare);
    }
    let (mut plan, mut inputs) = judge::plan(&arguments.trials)?;
    plan.trials
        .retain(|trial| is_meant_for_all(trial, &arguments.clusters));
    let ledger = read_ledger(arguments.ledger.as_deref())?;
    if let Some(ledger) = &arguments.ledger {
        inputs.add(ledger);
    }
    if let Some(file) = arguments
        .differences
        .as_ref()
        .filter(|file| inputs.contain(file))
    {
        let file = file.to_string();
        return Err(CommandError::ReportOverInput { file });
    }
    let places = Places::new(&plan.suite.folder, &current_folder()?);
    let mut runs = Vec::new();
    for kind in &arguments.clusters {
        let mut outcomes = Outcomes::default();
        let mut output = RunOutput::new(&arguments.trials, Vec::new(), places.clone());
        let mut observe = |event: &Event| outcomes.take(event);
        let setting = judge::Setting {
            kind: *kind,
            seeds: Seeds::one(arguments.trials.seed),
            final_objects: true,
            fail_fast: false,
        };
        judge::judge(&plan, setting, &arguments.trials, &mut output, &mut observe)?;
        runs.push((*kind, outcomes));
    }
    let Some(((first, left), others)) = runs.split_first() else {
        return Ok(ExitStatus::Passed);
    };
    let mut agrees = true;
    let mut all = Vec::new();
    for (kind, right) in others {
        let known = ledger.between(first.name(), kind.name());
        let mut comparison = compare(left, right, &known);
        if !judges_everything(&arguments.trials) {
            // What explains nothing here may explain something in the trials that were left out.
            comparison.idle.clear();
        }
        agrees &= comparison.agrees();
        if !arguments.trials.show_secrets {
            let unexplained = comparison.unexplained.iter_mut();
            unexplained.for_each(|difference| difference.values.mask());
        }
        let text = described(*first, *kind, &comparison);
        output::print(&safe(&text), arguments.trials.output)?;
        all.extend(comparison.unexplained);
    }
    if let Some(file) = &arguments.differences {
        write(file, &all)?;
    }
    Ok(if agrees {
        ExitStatus::Passed
    } else {
        ExitStatus::Failed
    })
}

/// Returns true if the arguments leave no trial of the project out.
fn judges_everything(trials: &TrialArguments) -> bool {
    trials.paths.is_empty() && trials.providers.is_empty() && trials.scenarios.is_empty()
}

/// Returns what is judged on some of the kinds only cannot be compared.
fn is_meant_for_all(trial: &Trial, kinds: &[ClusterKind]) -> bool {
    let only = trial.scenario.only_clusters.as_ref();
    only.is_none_or(|only| {
        let mut names = kinds.iter().map(|kind| kind.name());
        names.all(|name| only.names.iter().any(|other| other == name))
    })
}

fn read_ledger(file: Option<&Utf8Path>) -> Result<Ledger, CommandError> {
    let Some(file) = file else {
        return Ok(Ledger::default());
    };
    let text = std::fs::read_to_string(file).map_err(|source| CommandError::ReadLedger {
        file: file.to_string(),
        source,
    })?;
    Ledger::read(&text).map_err(|source| CommandError::Ledger {
        file: file.to_string(),
        source,
    })
}

fn write(file: &Utf8Path, differences: &[crosscut_parity::Difference]) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(differences).map_err(std::io::Error::from);
    text.and_then(|text| std::fs::write(file, text))
        .map_err(|source| CommandError::WriteReport {
            file: file.to_string(),
            source,
        })
}

fn described(left: ClusterKind, right: ClusterKind, comparison: &Comparison) -> String {
    let mut text = format!(
        "      parity {} / {}: {} trials judged alike, {} objects compared, {} differences unexplained\n",
        left.name(),
        right.name(),
        comparison.agreeing,
        comparison.objects,
        comparison.unexplained.len(),
    );
    for difference in comparison.unexplained.iter().take(PRINTED) {
        text.push_str(&format!("      differs {difference}\n"));
    }
    if let Some(more) = comparison.unexplained.len().checked_sub(PRINTED + 1) {
        text.push_str(&format!("              … and {} more\n", more + 1));
    }
    for (id, count) in &comparison.explained {
        text.push_str(&format!("    explained {id}: {count}\n"));
    }
    for entry in &comparison.idle {
        text.push_str(&format!(
            "         idle {}: it explains nothing any more; take it out of the ledger\n",
            entry.id
        ));
    }
    text
}
