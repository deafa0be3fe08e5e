//! The measured path: the scenario that judges it, up to its routing step, followed by the measuring.
//!
//! The gateway's configuration comes from the scenario alone. The scenario's later steps are omitted: they change the
//! path, and end the router.

use std::io;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_suite::{Disk, Files, Selection, Trial, Walk, load_from};
use crosscut_yaml::{Limits, parse, to_yaml};
use serde_json::{Value, json};

use crate::bed::project;

/// The first argument of this program if it must measure.
pub(crate) const MEASURE: &str = "measure";
/// The scenario, and the last of its steps that runs.
const SCENARIO: &str = "routed-by-model";
const FOLDER: &str = "scenarios/gateway-inference-extension/validation/routed-by-model";
const LAST: &str = "the model in the body decides";

/// Returns the trial that measures, and writes the figures to `file`.
pub(crate) fn trial(file: &Path) -> Trial {
    let scenario = project().join(FOLDER).join("scenario.yaml");
    let text = Disk.read(&scenario).unwrap();
    let files = Replaced {
        text: with_measuring(&text, file),
        scenario,
    };
    let selection = Selection {
        scenarios: vec![SCENARIO.to_owned()],
        providers: vec!["aws".to_owned()],
        ..Selection::default()
    };
    let plan = load_from(&files, &project(), &selection);
    let plan = plan.unwrap_or_else(|report| panic!("{report:?}"));
    plan.trials.into_iter().next().unwrap()
}

/// Returns the scenario's text, with the measuring instead of the steps after the last one.
fn with_measuring(text: &str, file: &Path) -> String {
    let documents = parse(text, &Limits::default()).unwrap();
    let mut scenario = documents.first().unwrap().to_value();
    let steps = scenario["spec"]["steps"].as_array_mut().unwrap();
    let last = steps.iter().position(|step| step["name"] == LAST);
    steps.truncate(last.unwrap() + 1);
    steps.push(json!({
        "name": "it is measured",
        "actions": [{"program": {"start": ["relays", MEASURE]}}],
    }));
    scenario["spec"]["ports"] = json!(["relays"]);
    scenario["spec"]["programs"] = json!([relays(), measuring(file)]);
    to_yaml(&scenario)
}

/// Returns the relays into and out of Envoy's network namespace, without Envoy: their cost is not Envoy's.
fn relays() -> Value {
    let through = "(join(':', [to_string($ports.relays), to_string($upstreams.\"pool-a\".port)]))";
    let in_pod = project().join("fixtures/gateway/in-pod");
    let out = "($upstreams.\"pool-a\".port)";
    json!({
        "name": "relays",
        "start": "manual",
        "command": [in_pod.as_str(), "--in", through, "--out", out, "--", "sleep", "infinity"],
        // The port accepts connections before they can be relayed.
        "ready": {"http": {"port": "($ports.relays)"}},
    })
}

/// Returns the program that measures: this one, with the file for its figures and the addresses of the requests.
fn measuring(file: &Path) -> Value {
    let upstream = "(join(':', ['http://localhost', to_string($upstreams.\"pool-a\".port)]))";
    let relays = "(join(':', ['http://localhost', to_string($ports.relays)]))";
    json!({
        "name": MEASURE,
        "start": "manual",
        "command": [std::env::current_exe().unwrap(), MEASURE, file, "($url)", upstream, relays],
        "ready": {"exit": 0, "within": "8m"},
    })
}

/// The project's files, one of them with another text.
struct Replaced {
    scenario: Utf8PathBuf,
    text: String,
}

impl Files for Replaced {
    fn read(&self, file: &Utf8Path) -> io::Result<String> {
        match file == self.scenario {
            true => Ok(self.text.clone()),
            false => Disk.read(file),
        }
    }

    fn bytes(&self, file: &Utf8Path) -> io::Result<Vec<u8>> {
        Disk.bytes(file)
    }

    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
        Disk.list(path)
    }

    fn walk(&self, path: &Utf8Path) -> io::Result<Walk> {
        Disk.walk(path)
    }

    fn is_file(&self, file: &Utf8Path) -> bool {
        Disk.is_file(file)
    }

    fn is_executable(&self, file: &Utf8Path) -> bool {
        Disk.is_executable(file)
    }
}
