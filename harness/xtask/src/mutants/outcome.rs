//! The outcome of a mutant, from the report of the scenarios.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::catalogue::Mutant;
use crate::TaskError;

/// The parts of a run's report that decide about a mutant.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    trials: Vec<Trial>,
}

#[derive(Debug, Deserialize)]
struct Trial {
    scenario: String,
    provider: String,
    verdict: String,
    failures: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    message: String,
}

impl Report {
    /// Reads the JSON report of a run.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is not a report.
    pub(crate) fn read(file: &Path) -> Result<Report, TaskError> {
        let what = format!("read {}", file.display());
        let text = std::fs::read_to_string(file).map_err(TaskError::io(&what))?;
        serde_json::from_str(&text).map_err(|source| TaskError::Output { what, source })
    }

    /// Returns true if any trial was judged. A run that could not begin decides nothing about a mutant.
    pub(crate) fn judged_any(&self) -> bool {
        self.trials.iter().any(|trial| trial.verdict != "skipped")
    }

    /// Returns the outcome. Only a failed trial notices a mistake. Any other verdict means that the mistake is not
    /// believable, because a maintainer would notice it without scenarios.
    pub(crate) fn outcome(self) -> Outcome {
        let mut killers: BTreeMap<String, Killer> = BTreeMap::new();
        let mut broken = None;
        for trial in self.trials {
            match trial.verdict.as_str() {
                "passed" => killers.entry(trial.scenario).or_default().passed += 1,
                "failed" => {
                    let why = trial.in_words();
                    let killer = killers.entry(trial.scenario).or_default();
                    if killer.failed.is_empty() {
                        killer.why = why;
                    }
                    killer.failed.push(trial.provider);
                }
                "skipped" => {}
                _ => broken = broken.or_else(|| Some(trial.in_words())),
            }
        }
        killers.retain(|_, killer| !killer.failed.is_empty());
        match (killers.is_empty(), broken) {
            (false, _) => Outcome::Killed(killers),
            (true, Some(broken)) => Outcome::Broken(broken),
            (true, None) => Outcome::Survived,
        }
    }
}

impl Trial {
    fn in_words(&self) -> String {
        let message = self
            .failures
            .first()
            .map(|failure| failure.message.as_str());
        format!(
            "{}::{} is {}: {}",
            self.scenario,
            self.provider,
            self.verdict,
            message.unwrap_or("no reason given")
        )
    }
}

/// The verdicts of a scenario that noticed a mutant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Killer {
    failed: Vec<String>,
    passed: usize,
    /// The message of the first failure.
    why: String,
}

/// The outcome of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The mutant was noticed by these scenarios.
    Killed(BTreeMap<String, Killer>),
    /// The mutant was not noticed: all trials passed.
    Survived,
    /// No assertion failed, but the run or a trial broke for this reason. The mutant is not a believable mistake.
    Broken(String),
}

impl Outcome {
    /// Returns the outcome in one word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Outcome::Killed(_) => "killed",
            Outcome::Survived => "survived",
            Outcome::Broken(_) => "broken",
        }
    }

    /// Returns the message of every scenario that noticed the mutant, one per line.
    pub(crate) fn whys(&self) -> String {
        match self {
            Outcome::Killed(killers) => killers
                .values()
                .map(|killer| format!("\n  {}", killer.why))
                .collect(),
            _ => String::new(),
        }
    }
}

/// The maximum number of displayed names of scenarios.
const SHOWN: usize = 3;

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Killed(killers) => {
                let names: Vec<String> = killers.iter().take(SHOWN).map(in_words).collect();
                write!(
                    formatter,
                    "{}: {}",
                    scenarios(killers.len()),
                    names.join(", ")
                )?;
                match killers.len() > SHOWN {
                    true => write!(formatter, ", …"),
                    false => Ok(()),
                }
            }
            Outcome::Survived => write!(formatter, "every scenario passed"),
            Outcome::Broken(reason) => write!(formatter, "{reason}"),
        }
    }
}

fn scenarios(number: usize) -> String {
    match number {
        1 => "1 scenario".to_owned(),
        more => format!("{more} scenarios"),
    }
}

/// Returns the scenario's name, with the providers on which it failed. They are left out if it failed on several
/// and passed on none.
fn in_words((scenario, killer): (&String, &Killer)) -> String {
    match (killer.failed.len(), killer.passed) {
        (2.., 0) => scenario.clone(),
        _ => format!("{scenario} ({})", killer.failed.join(" ")),
    }
}

/// Returns the number of mutants that have this outcome.
pub(crate) fn count(tried: &[Tried<'_>], word: &str) -> usize {
    tried
        .iter()
        .filter(|one| one.outcome.word() == word)
        .count()
}

/// A mutant that was tried.
pub(crate) struct Tried<'a> {
    /// The mutant.
    pub(crate) mutant: &'a Mutant,
    /// The outcome of the mutant.
    pub(crate) outcome: Outcome,
    /// The time of building and judging.
    pub(crate) took: Duration,
}

impl Tried<'_> {
    /// Returns true if the mutant was noticed, but not by the trial that should notice it.
    pub(crate) fn is_missed(&self) -> bool {
        let (scenario, provider) = self.mutant.scenario_and_provider();
        let noticed = |killer: &Killer| killer.failed.iter().any(|failed| failed == provider);
        match &self.outcome {
            Outcome::Killed(killers) => !killers.get(scenario).is_some_and(noticed),
            _ => false,
        }
    }

    /// Returns the mutant and its outcome for the JSON report.
    pub(crate) fn to_json(&self) -> Value {
        let killed_by = match &self.outcome {
            Outcome::Killed(killers) => killers
                .iter()
                .map(|(scenario, killer)| json!({"scenario": scenario, "providers": killer.failed}))
                .collect(),
            _ => Vec::new(),
        };
        let mut value = json!({
            "name": self.mutant.name,
            "what": self.mutant.what,
            "file": self.mutant.file,
            "trial": self.mutant.trial,
            "outcome": self.outcome.word(),
            "killed_by": killed_by,
            "duration_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        });
        if let Outcome::Broken(reason) = &self.outcome {
            value["reason"] = json!(reason);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use std::time::Duration;

    use super::{Outcome, Report, Tried};
    use crate::mutants::catalogue::Mutant;

    fn outcome(trials: &[(&str, &str, &str)]) -> Outcome {
        report(trials).outcome()
    }

    fn report(trials: &[(&str, &str, &str)]) -> Report {
        let trial = |(scenario, provider, verdict): &(&str, &str, &str)| -> Value {
            json!({"scenario": scenario, "provider": provider, "verdict": verdict, "cluster": "embedded",
                   "failures": [{"code": "a", "message": "it went wrong"}]})
        };
        let trials: Vec<Value> = trials.iter().map(trial).collect();
        serde_json::from_value(json!({"schema": 1, "trials": trials})).unwrap()
    }

    #[test]
    fn one_failed_trial_kills_whatever_else_went_wrong() {
        let outcome = outcome(&[
            ("a", "aws", "passed"),
            ("b", "aws", "errored"),
            ("c", "aws", "failed"),
        ]);
        assert_eq!(outcome.word(), "killed");
        assert_eq!(outcome.to_string(), "1 scenario: c (aws)");
        assert_eq!(outcome.whys(), "\n  c::aws is failed: it went wrong");
    }

    #[test]
    fn providers_are_named_where_not_all_noticed_and_three_scenarios_are_enough() {
        let outcome = outcome(&[
            ("a", "aws", "passed"),
            ("a", "google", "failed"),
            ("b", "aws", "failed"),
            ("b", "google", "failed"),
            ("c", "aws", "failed"),
            ("d", "aws", "failed"),
        ]);
        assert_eq!(
            outcome.to_string(),
            "4 scenarios: a (google), b, c (aws), …"
        );
    }

    #[test]
    fn a_mutant_survives_where_everything_passes() {
        let outcome = outcome(&[("a", "aws", "passed"), ("a", "azure", "skipped")]);
        assert_eq!(outcome, Outcome::Survived);
    }

    #[test]
    fn a_run_that_could_not_begin_says_nothing_about_the_mutant() {
        assert!(!report(&[]).judged_any());
        assert!(!report(&[("a", "azure", "skipped")]).judged_any());
        assert!(report(&[("a", "aws", "passed"), ("a", "azure", "skipped")]).judged_any());
    }

    #[test]
    fn a_run_that_judges_nothing_says_nothing_about_the_scenarios() {
        for verdict in ["errored", "unsettled", "unsupported"] {
            let outcome = outcome(&[("a", "aws", "passed"), ("b", "aws", verdict)]);
            assert_eq!(outcome.word(), "broken");
            assert_eq!(
                outcome.to_string(),
                format!("b::aws is {verdict}: it went wrong")
            );
        }
    }

    #[test]
    fn a_mutant_is_missed_where_its_own_trial_does_not_notice_it() {
        let mutant = Mutant {
            name: "m".to_owned(),
            what: "a mistake".to_owned(),
            trial: "a::aws".to_owned(),
            file: "a.rs".to_owned(),
            find: "right".to_owned(),
            replace: "wrong".to_owned(),
            ..Mutant::default()
        };
        let tried = |trials| Tried {
            mutant: &mutant,
            outcome: outcome(trials),
            took: Duration::ZERO,
        };
        assert!(tried(&[("a", "aws", "passed"), ("b", "aws", "failed")]).is_missed());
        assert!(tried(&[("a", "aws", "passed"), ("a", "azure", "failed")]).is_missed());
        let noticed = tried(&[("a", "aws", "failed"), ("b", "aws", "passed")]);
        assert!(!noticed.is_missed());
        let killed_by = serde_json::json!([{"scenario": "a", "providers": ["aws"]}]);
        assert_eq!(noticed.to_json()["killed_by"], killed_by);
    }
}
