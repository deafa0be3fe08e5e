//! The comparison of two runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::difference::differences;
use crate::ledger::{Entry, Ledger};
use crate::normal::Normaliser;
use crate::{Difference, Outcome, Outcomes, Values, marks};

/// The result of comparing two runs.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The number of trials with the same verdict in both runs.
    pub agreeing: usize,
    /// The number of compared objects.
    pub objects: usize,
    /// The differences that no entry of the ledger explains.
    pub unexplained: Vec<Difference>,
    /// The number of differences that each entry of the ledger explains, by the entry's id.
    pub explained: BTreeMap<String, usize>,
    /// The entries of the ledger that explain no difference. Entries with `sometimes` are not included.
    pub idle: Vec<Entry>,
}

impl Comparison {
    /// Returns true if the ledger explains every difference and has no idle entries.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.unexplained.is_empty() && self.idle.is_empty()
    }
}

/// Compares two runs of the same trials.
#[must_use]
pub fn compare(left: &Outcomes, right: &Outcomes, ledger: &Ledger) -> Comparison {
    let mut comparison = Comparison::default();
    let names: BTreeSet<&str> = left
        .trials()
        .chain(right.trials())
        .map(|(name, _)| name)
        .collect();
    let none = Outcome::default();
    for name in names {
        let one = left.get(name).unwrap_or(&none);
        let other = right.get(name).unwrap_or(&none);
        let mut found = verdicts(name, one, other);
        if found.is_empty() {
            comparison.agreeing += 1;
            found = objects(name, one, other, &mut comparison.objects);
        }
        for difference in found {
            match ledger.explains(&difference) {
                Some(entry) => *comparison.explained.entry(entry.id.clone()).or_default() += 1,
                None => comparison.unexplained.push(difference),
            }
        }
    }
    comparison.idle = ledger
        .entries()
        .filter(|entry| !entry.sometimes && !comparison.explained.contains_key(&entry.id))
        .cloned()
        .collect();
    comparison
}

fn verdicts(trial: &str, left: &Outcome, right: &Outcome) -> Vec<Difference> {
    if left.verdict.is_some() && left.verdict == right.verdict {
        return Vec::new();
    }
    vec![Difference {
        trial: trial.to_owned(),
        side: String::new(),
        object: String::new(),
        path: "verdict".to_owned(),
        values: Values {
            left: verdict(left),
            right: verdict(right),
            secret: false,
        },
    }]
}

fn verdict(outcome: &Outcome) -> Option<Value> {
    let mut text = outcome.verdict?.to_string();
    for failure in &outcome.failures {
        text.push_str(": ");
        text.push_str(failure);
    }
    Some(json!(text))
}

fn objects(trial: &str, left: &Outcome, right: &Outcome, count: &mut usize) -> Vec<Difference> {
    let sides: BTreeSet<&String> = left.objects.keys().chain(right.objects.keys()).collect();
    let all = |of: &'_ Outcome| marks::are_among(of.objects.values().flatten());
    let marked = all(left) || all(right);
    let normaliser = |of: &Outcome, against: &Outcome| {
        let objects = of.objects.values().flatten();
        Normaliser::new(objects, &of.namespace, &against.namespace).marked(marked)
    };
    let (normal, other_normal) = (normaliser(left, right), normaliser(right, left));
    let mut found = Vec::new();
    for side in sides {
        let of = |outcome: &'_ Outcome, normal: &Normaliser| {
            let objects = outcome.objects.get(side).map(Vec::as_slice);
            normal.normal(objects.unwrap_or_default())
        };
        let (one, other) = (of(left, &normal), of(right, &other_normal));
        let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        *count += names.len();
        for name in names {
            found.extend(object(trial, side, name, one.get(name), other.get(name)));
        }
    }
    found
}

fn object(
    trial: &str,
    side: &str,
    name: &str,
    left: Option<&Value>,
    right: Option<&Value>,
) -> Vec<Difference> {
    let places = match (left, right) {
        (Some(left), Some(right)) => differences(left, right),
        (left, right) => vec![(
            String::new(),
            Values {
                left: left.cloned(),
                right: right.cloned(),
                secret: false,
            },
        )],
    };
    places
        .into_iter()
        .map(|(path, values)| Difference {
            trial: trial.to_owned(),
            side: side.to_owned(),
            object: name.to_owned(),
            path,
            values,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crosscut_events::{Event, TrialId, TrialReport, Verdict};

    use super::*;

    fn run(verdict: Verdict, size: i64) -> Outcomes {
        let trial = TrialId {
            scenario: "s".to_owned(),
            provider: "p".to_owned(),
            cluster: "embedded".to_owned(),
        };
        let mut outcomes = Outcomes::default();
        outcomes.take(&Event::FinalObjects {
            trial: trial.clone(),
            side: "control".to_owned(),
            namespace: "team".to_owned(),
            objects: vec![json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "size": size})],
        });
        outcomes.take(&Event::TrialFinished(TrialReport::of(trial, verdict)));
        outcomes
    }

    #[test]
    fn equal_runs_agree() {
        let one = run(Verdict::Passed, 1);
        let comparison = compare(&one, &one, &Ledger::default());
        assert!(comparison.agrees());
        assert_eq!((comparison.agreeing, comparison.objects), (1, 1));
    }

    #[test]
    fn a_verdict_that_differs_is_no_agreement_whatever_the_ledger_says() {
        let (one, other) = (run(Verdict::Passed, 1), run(Verdict::Failed, 1));
        let comparison = compare(&one, &other, &Ledger::default());
        assert_eq!(comparison.unexplained.len(), 1);
        assert_eq!(comparison.unexplained[0].path, "verdict");
    }

    #[test]
    fn the_ledger_explains_differences_and_holds_nothing_else() {
        let (one, other) = (run(Verdict::Passed, 1), run(Verdict::Passed, 2));
        let ledger =
            "- {id: size, reason: r, test: t, side: control, object: 'Secret *', path: size}\n";
        let ledger = Ledger::read(ledger).unwrap();
        assert!(!compare(&one, &other, &Ledger::default()).agrees());
        assert!(compare(&one, &other, &ledger).agrees());
        assert!(!compare(&one, &one, &ledger).agrees());
    }

    #[test]
    fn what_differs_only_sometimes_may_stay_in_the_ledger() {
        let (one, other) = (run(Verdict::Passed, 1), run(Verdict::Passed, 2));
        let ledger = "- {id: size, reason: r, test: t, side: control, object: 'Secret *', path: size, sometimes: true}\n";
        let ledger = Ledger::read(ledger).unwrap();
        assert!(compare(&one, &other, &ledger).agrees());
        assert!(compare(&one, &one, &ledger).agrees());
    }

    #[test]
    fn a_trial_that_one_run_lacks_is_a_difference() {
        let comparison = compare(
            &run(Verdict::Passed, 1),
            &Outcomes::default(),
            &Ledger::default(),
        );
        assert!(!comparison.agrees());
    }
}
