//! What the stand-in for function-kcl makes of a program's result: its rules, and what it says of mistakes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crosscut_functions::{Command, CommandSettings, Function};
use crosscut_programs::StateFolder;
use crosscut_testkit::{Project, function_kcl};
use function_sdk_rust::proto::v1::{
    Ready, Resource, RunFunctionRequest, RunFunctionResponse, Severity, State, Status, Target,
};
use function_sdk_rust::resource::{json_to_struct, struct_to_json};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::composing::documents;

/// The function's program, and where its files are.
struct Started {
    command: Command,
    _root: TempDir,
}

impl std::ops::Deref for Started {
    type Target = Command;

    fn deref(&self) -> &Command {
        &self.command
    }
}

/// The function, started; `None` if it cannot be, which is said.
async fn started() -> Option<Started> {
    let program: PathBuf = match function_kcl() {
        Ok(program) => program,
        Err(reason) => {
            println!("skipped: {reason}");
            return None;
        }
    };
    let arguments = [
        "serve",
        "--insecure",
        "--workers",
        "1",
        "--address",
        "{address}",
    ];
    let mut settings = CommandSettings::new(program.to_str().unwrap(), arguments);
    // Python takes a second to be there, and much longer where every processor has other things to do.
    settings.start_deadline = Duration::from_secs(60);
    settings.call_deadline = Duration::from_secs(60);
    let root = tempfile::tempdir().unwrap();
    let (state, _) = StateFolder::open(root.path()).unwrap();
    let command = Command::start(&settings, &Arc::new(state)).await.unwrap();
    Some(Started {
        command,
        _root: root,
    })
}

fn resource(object: &Value) -> Resource {
    Resource {
        resource: Some(json_to_struct(object.as_object().unwrap())),
        ..Resource::default()
    }
}

/// A step after one that desired a ConfigMap `old` and the status `{a: 1, b: {c: 1}}`.
fn request(spec: &Value) -> RunFunctionRequest {
    let kind = json!({ "apiVersion": "a.io/v1", "kind": "A" });
    let mut observed = kind.clone();
    observed["metadata"] = json!({ "name": "x" });
    observed["spec"] = json!({ "whole": 3, "half": 0.5 });
    let mut desired = kind;
    desired["status"] = json!({ "a": 1, "b": { "c": 1 } });
    let old = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "k": "old" } });
    let input = json!({ "apiVersion": "krm.kcl.dev/v1alpha1", "kind": "KCLInput", "spec": spec });
    RunFunctionRequest {
        input: Some(json_to_struct(input.as_object().unwrap())),
        observed: Some(State {
            composite: Some(resource(&observed)),
            ..State::default()
        }),
        desired: Some(State {
            composite: Some(resource(&desired)),
            resources: [("old".to_owned(), resource(&old))].into(),
        }),
        ..RunFunctionRequest::default()
    }
}

async fn run(function: &Command, source: &str) -> RunFunctionResponse {
    let request = request(&json!({ "source": source, "params": { "mine": "p" } }));
    function.run(request).await.unwrap()
}

fn fatal(answer: &RunFunctionResponse) -> Option<&str> {
    let mut results = answer.results.iter();
    let fatal = results.find(|one| one.severity == Severity::Fatal as i32);
    fatal.map(|one| one.message.as_str())
}

/// A composed resource of an answer, and whether it is ready.
fn composed(answer: &RunFunctionResponse, name: &str) -> (Value, Ready) {
    let one = &answer.desired.as_ref().unwrap().resources[name];
    (struct_to_json(one.resource.as_ref().unwrap()), one.ready())
}

/// One program that uses every rule; what is expected of it stands below.
const EVERY_RULE: &str = r#"
_p = option("params")
_text = "line\n"
_map = lambda name: str, annotations: {str:}, text: str {
    {apiVersion = "v1", kind = "ConfigMap", metadata = {name = name, annotations = annotations}, data = {k = text}}
}
ignored = "not an object"
items = [
    {apiVersion = "a.io/v1", kind = "A", metadata.labels.x = "y", status = {b = {d = 2}, whole = "${_p.oxr.spec.whole}"}}
    _map("named", {}, "${_p.mine} ${_p.dcds.old.Resource.data.k} ${_p.dcds.old.Ready} ${_p.oxr.spec.half}")
    _map("by-annotation", {"krm.kcl.dev/composition-resource-name" = "key", "krm.kcl.dev/ready" = "True"}, _text)
    _map("kept", {"krm.kcl.dev/ready" = "False", a = "b"}, "line \n")
    _map("old", {}, "yes")
    {apiVersion = "meta.krm.kcl.dev/v1alpha1", kind = "Events", events = [
        {event = {type = "Warning", reason = "R", message = "m"}}
        {target = "CompositeAndClaim", event = {message = "n"}}
    ]}
    {apiVersion = "meta.krm.kcl.dev/v1alpha1", kind = "Conditions", conditions = [
        {condition = {type = "T", status = "True", reason = "R", message = "m"}}
        {condition = {type = "T", status = "False", reason = "second"}}
        {target = "CompositeAndClaim", condition = {type = "U", status = "Maybe", reason = "R"}}
    ]}
    _map("last", {}, _text)
]
"#;

#[tokio::test]
async fn every_rule_of_the_output() {
    let Some(function) = started().await else {
        return;
    };
    let answer = run(&function, EVERY_RULE).await;
    assert_eq!(fatal(&answer), None);
    let data = |name| composed(&answer, name).0["data"]["k"].clone();
    assert_eq!(data("named"), "p old Unspecified 0.5");
    assert_eq!(
        data("key"),
        "line",
        "an item's last text loses its last line break"
    );
    assert_eq!(data("last"), "line\n", "but not the last item's");
    assert_eq!(data("kept"), "line \n", "nor one that YAML has to quote");
    assert_eq!(
        data("old"),
        "yes",
        "an earlier step's resource of the same name is replaced"
    );
    let readiness = |name| composed(&answer, name).1;
    assert_eq!(readiness("key"), Ready::True);
    assert_eq!(readiness("kept"), Ready::False);
    assert_eq!(readiness("named"), Ready::Unspecified);
    let annotations = |name| composed(&answer, name).0["metadata"]["annotations"].clone();
    assert_eq!(annotations("key"), Value::Null);
    assert_eq!(annotations("kept"), json!({ "a": "b" }));
    let desired = answer.desired.as_ref().unwrap();
    assert_eq!(desired.resources.len(), 5);
    let composite = desired.composite.as_ref().unwrap().resource.as_ref();
    assert_eq!(
        struct_to_json(composite.unwrap()),
        json!({
            "apiVersion": "a.io/v1",
            "kind": "A",
            "status": { "a": 1, "b": { "c": 1, "d": 2 }, "whole": "3" },
        })
    );
    function.close().await;
}

#[tokio::test]
async fn events_and_conditions() {
    let Some(function) = started().await else {
        return;
    };
    let answer = run(&function, EVERY_RULE).await;
    let told = answer.results.iter().map(|one| {
        (
            one.severity(),
            one.reason.as_deref(),
            one.message.as_str(),
            one.target(),
        )
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (Severity::Warning, Some("R"), "m", Target::Composite),
            (Severity::Normal, None, "n", Target::CompositeAndClaim),
        ]
    );
    function.close().await;
}

#[tokio::test]
async fn conditions() {
    let Some(function) = started().await else {
        return;
    };
    let answer = run(&function, EVERY_RULE).await;
    let told = answer.conditions.iter().map(|one| {
        let message = one.message.as_deref();
        (
            one.r#type.as_str(),
            one.status(),
            one.reason.as_str(),
            message,
            one.target(),
        )
    });
    let of_two_the_first = (
        "T",
        Status::ConditionTrue,
        "R",
        Some("m"),
        Target::Composite,
    );
    let unknown = (
        "U",
        Status::ConditionUnknown,
        "R",
        None,
        Target::CompositeAndClaim,
    );
    assert_eq!(told.collect::<Vec<_>>(), [of_two_the_first, unknown]);
    function.close().await;
}

#[tokio::test]
async fn programs_without_items() {
    let Some(function) = started().await else {
        return;
    };
    let one = r#"{apiVersion = "v1", kind = "ConfigMap", metadata.name = "NAME"}"#;
    let stream = format!(
        "import manifests\nmanifests.yaml_stream([{}, {}])",
        one.replace("NAME", "a"),
        one.replace("NAME", "b")
    );
    let document = "apiVersion = \"v1\"\nkind = \"ConfigMap\"\nmetadata = {name = \"c\"}";
    for (source, names) in [
        (stream.as_str(), &["a", "b", "old"][..]),
        (document, &["c", "old"]),
    ] {
        let answer = run(&function, source).await;
        assert_eq!(fatal(&answer), None, "{source}");
        let mut found: Vec<_> = answer.desired.unwrap().resources.into_keys().collect();
        found.sort();
        assert_eq!(found, names, "{source}");
    }
    function.close().await;
}

/// Returns what KCL writes of a file, as YAML or as JSON.
fn evaluated(file: &Path, format: &str) -> Option<Value> {
    let program = function_kcl().ok()?;
    let output = std::process::Command::new(program)
        .args(["evaluate", "--format", format])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    documents(&String::from_utf8(output.stdout).unwrap()).pop()
}

/// function-kcl reads KCL's YAML as YAML 1.1, the stand-in its JSON: that is the same as long as KCL quotes what YAML 1.1
/// takes for something else.
#[test]
fn what_yaml_would_misread_is_quoted() {
    let words = json!([
        "y",
        "n",
        "Yes",
        "no",
        "ON",
        "off",
        "true",
        "Null",
        "~",
        "",
        "0x1f",
        "0b1",
        "0o7",
        "010",
        "1_000",
        "1.5",
        ".5",
        "1e3",
        "+1",
        "-1",
        ".inf",
        ".nan",
        "=",
        "<<",
        "1:30",
        "2024-01-01",
        " a",
        "a ",
        "a: b",
        "a #b",
        "- a",
        "[a]",
        "{a}",
        "!a",
        "&a",
        "*a",
        "%a",
        "@a",
        "|",
        "a\tb",
        "line\n",
        "two\nlines",
        "  indented\nlines\n",
        "--- a",
        "\u{7}",
        "\u{e4}",
    ]);
    let project = Project::new(&[("words.k", &format!("words = {words}\n"))]).unwrap();
    let file = project.file("words.k");
    let Some(yaml) = evaluated(&file, "yaml") else {
        println!("skipped: the test bed has no KCL");
        return;
    };
    assert_eq!(yaml, json!({ "words": words }));
    assert_eq!(evaluated(&file, "json"), Some(yaml));
}

/// A program, and a part of what is said of it.
const MISTAKES: [(&str, &str); 14] = [
    ("items = [", "InvalidSyntax"),
    ("items = [nothing]", "name 'nothing' is not defined"),
    (
        "items = [option('params').oxr.a.b]",
        "invalid value 'UndefinedType' to load attribute 'b'",
    ),
    ("assert False, 'not so'", "not so"),
    ("items = 1", "no list of objects"),
    ("items = [1]", "no list of objects"),
    (
        "items = [{kind = 'A', metadata.name = 'n'}, {kind = 'B', metadata.name = 'n'}]",
        "multiple composed resources with name \"n\" returned: A/n and B/n",
    ),
    (
        "items = [{metadata.annotations = {'krm.kcl.dev/ready' = 'Yes'}}]",
        "must be True, False, or Unspecified",
    ),
    (
        "items = [{apiVersion = 'meta.krm.kcl.dev/v1alpha1', kind = 'Cond'}]",
        "invalid kind \"Cond\"",
    ),
    (
        "items = [{apiVersion = 'meta.krm.kcl.dev/v1alpha1', kind = 'Context'}]",
        "unsupported",
    ),
    (
        "items = [{apiVersion = 'meta.krm.kcl.dev/v1alpha1', kind = 'Events', events = [{event = {type = 'Bad'}}]}]",
        "invalid type Bad",
    ),
    (
        "items = [{apiVersion = 'meta.krm.kcl.dev/v1alpha1', kind = 'Conditions', conditions = [{condition.type = 'Ready'}]}]",
        "reserved",
    ),
    ("oci://registry.example/program", "unsupported"),
    ("", "kcl source cannot be empty"),
];

#[tokio::test]
async fn a_mistake_is_a_fatal_result_and_desires_nothing_new() {
    let Some(function) = started().await else {
        return;
    };
    for (source, said) in MISTAKES {
        let answer = run(&function, source).await;
        let fatal = fatal(&answer).unwrap_or_else(|| panic!("{source} is no mistake"));
        assert!(fatal.contains(said), "{source}: {fatal}");
        assert!(!fatal.contains('\u{1b}'), "no colours: {fatal}");
        assert_eq!(
            answer.desired.unwrap(),
            request(&json!({})).desired.unwrap(),
            "{source}"
        );
    }
    let answer = run(&function, "items = []").await;
    assert_eq!(fatal(&answer), None, "the next request is answered as ever");
    function.close().await;
}

#[tokio::test]
async fn what_is_not_done_is_said() {
    let Some(function) = started().await else {
        return;
    };
    for (field, value) in [
        ("target", json!("Resources")),
        ("dependencies", json!("a = 1")),
        ("config", json!({ "sortKeys": true })),
        ("resources", json!([{ "name": "a" }])),
    ] {
        let mut spec = json!({ "source": "items = []" });
        spec[field] = value;
        let answer = function.run(request(&spec)).await.unwrap();
        let fatal = fatal(&answer).unwrap_or_default();
        assert!(
            fatal.contains(field) && fatal.contains("unsupported"),
            "{field}: {fatal}"
        );
    }
    function.close().await;
}
