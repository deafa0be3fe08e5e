//! What holds for every project; the fuzzer runs the same function.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use crosscut_suite::{Diagnostic, Selection, load_from};
use miette::{GraphicalReportHandler, GraphicalTheme};

/// What begins a file in the text; its path follows.
const FILE: &str = "#### ";

/// The text holds files, each after a line `#### path`; the text before the first is a scenario. Loading ends in a plan,
/// or in mistakes that can be drawn.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // Larger projects only make the fuzzer slow.
    if text.len() > 1 << 14 {
        return;
    }
    match load_from(&files(text), "/p".into(), &Selection::default()) {
        Ok(plan) => plan.warnings.iter().for_each(is_drawn),
        Err(report) => {
            assert!(!report.diagnostics.is_empty());
            assert!(!report.to_string().is_empty());
            report.diagnostics.iter().for_each(is_drawn);
        }
    }
}

fn files(text: &str) -> BTreeMap<Utf8PathBuf, String> {
    let header = "apiVersion: crosscut.dev/v1alpha1\nmetadata: {name: a}\n";
    let mut files = BTreeMap::from([
        (
            Utf8PathBuf::from("/p/crosscut.yaml"),
            format!("{header}kind: Suite\n"),
        ),
        (
            Utf8PathBuf::from("/p/providers/provider.yaml"),
            format!("{header}kind: Provider\n"),
        ),
    ]);
    let mut parts = text.split(FILE);
    if let Some(scenario) = parts.next().filter(|scenario| !scenario.is_empty()) {
        files.insert("/p/scenarios/scenario.yaml".into(), scenario.to_owned());
    }
    for part in parts {
        let (path, content) = part.split_once('\n').unwrap_or((part, ""));
        files.insert(Utf8PathBuf::from("/p").join(path), content.to_owned());
    }
    files
}

fn is_drawn(diagnostic: &Diagnostic) {
    let mut drawn = String::new();
    let handler =
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(80);
    assert!(
        handler.render_report(&mut drawn, diagnostic).is_ok(),
        "{diagnostic:?}"
    );
    assert!(drawn.contains(diagnostic.code()), "{drawn}");
    assert!(drawn.contains("help: "), "there is no help in\n{drawn}");
}
