//! The JUnit report: a suite per provider, a case per scenario.
//!
//! A failed or unsettled trial is a `failure`; an errored one is an `error`. An unsupported trial is an
//! `error` of type `unsupported`, so that it does not look like a passed one. Most viewers do not show
//! JUnit's `skipped`.
//!
//! A case has the attributes `file` and `line` of its failure or of its scenario. Tools that annotate
//! files read them, though Jenkins' `junit-10.xsd` does not have them. A run that ended early has an
//! additional suite `crosscut` with one error.

use std::collections::BTreeMap;
use std::time::Duration;

use crosscut_events::{Failure, TrialReport, Verdict};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{Collected, Palette, ReportError, failure_text};

/// Returns the run as a JUnit XML document.
///
/// # Errors
/// Returns [`ReportError::Junit`] if the document cannot be written.
pub fn render(run: &Collected) -> Result<String, ReportError> {
    let mut suites: BTreeMap<&str, Vec<&TrialReport>> = BTreeMap::new();
    for report in run.trials() {
        suites
            .entry(&report.trial.provider)
            .or_default()
            .push(report);
    }
    let mut document = Report::new("crosscut");
    document.set_time(Duration::from_millis(run.duration_ms()));
    for (provider, trials) in suites {
        document.add_test_suite(suite(run, provider, &trials));
    }
    if let Some(reason) = run.ended_early() {
        document.add_test_suite(ended_early(run, reason));
    }
    let text = document.to_string().map_err(ReportError::Junit)?;
    Ok(without_skipped_total(&text))
}

/// Removes the number of skipped cases from the document: the schema (Jenkins' `junit-10.xsd`) has it in
/// suites only.
fn without_skipped_total(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<testsuites ") else {
        return text.to_owned();
    };
    let (attributes, after) = rest.split_once('>').unwrap_or((rest, ""));
    let kept: Vec<&str> = attributes
        .split_inclusive("\" ")
        .filter(|attribute| !attribute.starts_with("skipped="))
        .collect();
    format!("{before}<testsuites {}>{after}", kept.concat())
}

fn ended_early(run: &Collected, reason: &str) -> TestSuite {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("ended-early");
    status.set_message(reason);
    let mut case = TestCase::new("run", status);
    case.set_classname("crosscut");
    let mut suite = named(run, "crosscut");
    suite.add_test_case(case);
    suite
}

fn named(run: &Collected, name: &str) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.add_property(Property::new("cluster", run.cluster()));
    suite.add_property(Property::new("seed", run.seeds().to_string()));
    suite
}

fn suite(run: &Collected, provider: &str, trials: &[&TrialReport]) -> TestSuite {
    let mut suite = named(run, provider);
    suite.set_time(Duration::from_millis(
        trials.iter().map(|trial| trial.duration_ms).sum(),
    ));
    for report in trials {
        suite.add_test_case(case(provider, report));
    }
    suite
}

fn case(provider: &str, report: &TrialReport) -> TestCase {
    let mut case = TestCase::new(report.trial.scenario.as_str(), status(report));
    case.set_classname(provider);
    case.set_time(Duration::from_millis(report.duration_ms));
    let failed = report
        .failures
        .iter()
        .find_map(|failure| failure.location.as_ref());
    if let Some(location) = failed.or(report.location.as_ref()) {
        case.extra
            .insert("file".into(), location.file.as_str().into());
        case.extra
            .insert("line".into(), location.line.to_string().into());
    }
    let preparation = Property::new("preparation_ms", report.preparation_ms.to_string());
    case.add_property(preparation);
    if !report.warnings.is_empty() {
        let warnings: Vec<String> = report
            .warnings
            .iter()
            .map(|warning| format!("{}: {}", warning.about, warning.message))
            .collect();
        case.set_system_out(warnings.join("\n"));
    }
    case
}

fn status(report: &TrialReport) -> TestCaseStatus {
    let kind = match report.verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(report.reason.clone().unwrap_or_default());
            return status;
        }
        Verdict::Failed | Verdict::Unsettled => NonSuccessKind::Failure,
        Verdict::Errored | Verdict::Unsupported => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(report.verdict.as_str());
    status.set_message(message(report));
    status.set_description(details(&report.failures));
    status
}

fn message(report: &TrialReport) -> String {
    let message = match report.failures.first() {
        Some(failure) => in_short(failure),
        None => report.reason.clone().unwrap_or_default(),
    };
    match report.seed {
        Some(seed) => format!("with seed {seed}: {message}"),
        None => message,
    }
}

/// Returns a failure in one line: step, action, message and the first mismatch.
fn in_short(failure: &Failure) -> String {
    let place = match (failure.step.is_empty(), failure.action.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("{}: ", failure.action),
        (false, true) => format!("step \"{}\": ", failure.step),
        (false, false) => format!("step \"{}\", {}: ", failure.step, failure.action),
    };
    let field = failure
        .mismatches
        .first()
        .filter(|mismatch| !mismatch.path.is_empty());
    let field = field.map(|mismatch| format!(" ({} {})", mismatch.path, mismatch.message));
    format!("{place}{}{}", failure.message, field.unwrap_or_default())
}

fn details(failures: &[Failure]) -> String {
    failures
        .iter()
        .map(|failure| failure_text(failure, &Palette::plain()))
        .collect::<Vec<_>>()
        .join("\n")
}
