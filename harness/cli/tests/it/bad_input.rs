//! Mistakes in documents: every class of them, as the user sees it. The golden files hold whole outputs.

use std::io::Write as _;

use rstest::{Context, rstest};

use crate::project::{PROVIDER, SCENARIO, SUITE, WIDGETS, assert_golden, project, ran};

const SUITE_FILE: &str = "crosscut.yaml";
const PROVIDER_FILE: &str = "providers/local/provider.yaml";
const WIDGETS_FILE: &str = "providers/local/widgets.yaml";
const SCENARIO_FILE: &str = "scenarios/defaults/scenario.yaml";

/// A document with one text replaced. A text that is not there is a mistake of the test.
fn changed(document: &str, from: &str, to: &str) -> String {
    assert!(document.contains(from), "{from} is not in\n{document}");
    document.replacen(from, to, 1)
}

/// The suite with a `spec`.
fn suite(spec: &str) -> String {
    changed(SUITE, "spec: {}", &format!("spec:\n{spec}"))
}

/// The scenario with these steps alone.
fn scenario(steps: &str) -> String {
    let (head, _) = SCENARIO
        .split_once("  - name: a widget gets a size")
        .unwrap();
    format!("{head}{steps}")
}

#[rstest]
#[case::yaml_that_does_not_parse(&[(SCENARIO_FILE, "apiVersion: [\n".to_owned())])]
#[case::yaml_with_tabs(&[(SCENARIO_FILE, changed(SCENARIO, "  name: defaults", "\tname: defaults"))])]
#[case::yaml_with_an_unknown_alias(&[(SCENARIO_FILE, changed(SCENARIO, "name: defaults", "name: *default"))])]
#[case::yaml_with_a_key_that_is_none(&[(SCENARIO_FILE, changed(SCENARIO, "{name: other}", "{name: (join('-', ['a', 'b']))}"))])]
#[case::yaml_without_a_document(&[(SUITE_FILE, "# to do\n".to_owned())])]
#[case::yaml_with_two_suites(&[(SUITE_FILE, format!("{SUITE}---\n{SUITE}"))])]
#[case::duplicate_keys(&[
    (SCENARIO_FILE, changed(SCENARIO, "            size: 3\n", "            size: 3\n            colour: red\n")),
    (PROVIDER_FILE, changed(PROVIDER, "kind: Provider", "kind: Provider\nkind: Provider")),
])]
#[case::unknown_fields(&[
    (SUITE_FILE, suite("  scenario: [scenarios]\n")),
    (PROVIDER_FILE, changed(PROVIDER, "  crds:", "  crsd:")),
    (SCENARIO_FILE, changed(SCENARIO, "    - absent:", "    - absnet:")),
])]
#[case::wrong_types(&[
    (SUITE_FILE, suite("  namespace: 3\n  install: yes\n  functions: {name: f}\n")),
    (PROVIDER_FILE, changed(PROVIDER, "[widgets.yaml]", "widgets.yaml\n  standIns: {managed: [{ready: maybe}]}")),
    (SCENARIO_FILE, scenario(concat!(
        "  - name: {a: b}\n    actions:\n    - sleep: 10\n    - sleep: soon\n    - expect:\n",
        "    - expect: {resource: text}\n    - on: target\n      sleep: 1s\n",
        "    - reject: {delete: {apiVersion: v1, kind: Secret, name: a}, code: 200, message: 3}\n",
    ))),
])]
#[case::missing_fields(&[
    (SUITE_FILE, suite("  functions:\n  - builtin: auto-ready\n")),
    (PROVIDER_FILE, changed(PROVIDER, "metadata:\n  name: local", "metadata: {}")),
    (SCENARIO_FILE, scenario(concat!(
        "  - name: a\n  - name: b\n    actions:\n    - {}\n    - sleep: 1s\n      delete: {kind: Widget}\n",
        "    - apply: {}\n    - apply: {resource: {metadata: {name: w}}}\n    - delete: {kind: Widget}\n",
        "    - delete: {apiVersion: v1, kind: Secret}\n",
        "    - reject: {code: 400}\n    bindings: [{name: x}, {name: 1x, value: 1}]\n",
    ))),
])]
#[case::missing_files(&[
    (SUITE_FILE, suite("  scenarios: [scenarios, stories]\n  install: [{file: base/*.yaml}]\n")),
    (PROVIDER_FILE, changed(PROVIDER, "widgets.yaml", "widgts.yaml")),
    (SCENARIO_FILE, scenario("  - actions:\n    - apply: {file: widget.yml}\n")),
    ("scenarios/defaults/widget.yaml", "kind: Widget\n".to_owned()),
])]
#[case::wrong_kinds(&[
    (SUITE_FILE, changed(SUITE, "v1alpha1", "v1")),
    (PROVIDER_FILE, changed(PROVIDER, "kind: Provider", "kind: Scenario")),
    (SCENARIO_FILE, changed(SCENARIO, "kind: Scenario", "kind: Scenaro")),
])]
#[case::crds_that_are_none(&[
    (WIDGETS_FILE, changed(WIDGETS, "kind: CustomResourceDefinition", "kind: ConfigMap")),
])]
#[case::wrong_names(&[
    (PROVIDER_FILE, format!("{PROVIDER}---\n{PROVIDER}")),
    (SCENARIO_FILE, changed(SCENARIO, "name: defaults", "name: The Defaults")),
])]
#[case::unknown_providers_and_bindings(&[
    (SCENARIO_FILE, changed(
        &changed(SCENARIO, "$values.colour", "$valeus.colour"),
        "  steps:",
        "  bindings: [{name: a, value: ($b)}, {name: b, value: ($a)}]\n  steps:",
    )),
])]
#[case::unknown_providers(&[
    (SCENARIO_FILE, changed(SCENARIO, "  steps:", "  providers:\n    only: [locla, moon]\n    reason: it has colours\n  steps:")),
])]
#[case::expressions(&[
    (SCENARIO_FILE, changed(
        &changed(SCENARIO, "colour: ($values.colour)", "colour: ($values.)"),
        "            colour: blue\n            size: 3\n",
        concat!(
            "            (length(colour): 4\n            \"(size == `3`\": true\n            (colour = 'blue'): true\n",
            "            size: (lenght(@))\n            \"\\u0028size > )\": true\n            (cel; size > 2): true\n",
            "            grösse: (größe + )\n",
        ),
    )),
])]
#[case::functions(&[
    (SUITE_FILE, suite(concat!(
        "  functions:\n  - name: none\n  - name: two\n    builtin: auto-ready\n    address: 127.0.0.1:9\n",
        "  - name: deaf\n    command: [./function]\n  - name: empty\n    command: []\n",
        "  - name: auto\n    builtin: auto-redy\n  - name: slow\n    builtin: auto-ready\n    deadline: 5\n",
        "  - name: slow\n    builtin: auto-ready\n",
    ))),
])]
#[case::clusters(&[
    (SUITE_FILE, suite(concat!(
        "  clusters:\n    docker: {}\n    kubeconfig:\n      contexts: ['[a', 3]\n      standIns: maybe\n    kind:\n",
        "      config: missing.yaml\n      load: image:v1\n      packages: [Provider]\n      standins: false\n",
        "      crossplane: {repository: 'https://charts.example.org', valeus: {}}\n",
    ))),
])]
#[case::how_crossplane_gets_there(&[(SUITE_FILE, suite("  clusters: {kind: {crossplane: helm}}\n"))])]
#[case::crossplane_as_a_number(&[(SUITE_FILE, suite("  clusters: {kind: {crossplane: 2}}\n"))])]
#[case::patterns(&[
    (PROVIDER_FILE, format!("{PROVIDER}  standIns: {{managed: [{{match: {{group: '[a'}}}}]}}\n")),
    (SCENARIO_FILE, scenario("  - actions:\n    - apply: {file: '{a,b'}\n    - apply: {file: '*.json'}\n")),
])]
#[case::expressions_without_an_end(&[
    (SCENARIO_FILE, changed(
        &changed(SCENARIO, "{name: other}", "{name: (join('-', $values))}"),
        "            size: 3\n",
        "            (size: 3\n            (colour)->c: blue\n",
    )),
])]
#[case::events_of_another_kind(&[
    (SCENARIO_FILE, scenario("  - actions:\n    - events: {resource: {kind: Widget, reason: Created}}\n")),
])]
#[case::kinds_that_nothing_defines(&[
    (SCENARIO_FILE, changed(SCENARIO, "kind: Widget\n          metadata: {name: w}\n          spec:\n            colour: blue", "kind: Wigdet\n          metadata: {name: w}\n          spec:\n            colour: blue")),
])]
#[case::files_and_bindings_that_nothing_uses(&[
    (SCENARIO_FILE, changed(SCENARIO, "  steps:", "  bindings: [{name: size, value: 3}]\n  steps:")),
    ("scenarios/defaults/old.yaml", "kind: Widget\n".to_owned()),
])]
fn what_lint_says(#[context] context: Context, #[case] changes: &[(&str, String)]) {
    let changes: Vec<(&str, &str)> = changes
        .iter()
        .map(|(path, content)| (*path, content.as_str()))
        .collect();
    let ran = ran(&project(&changes), &["lint"]);
    let case = context.description.unwrap();
    assert_golden(&format!("bad_input/{case}"), &ran);
    every_mistake_is_helped(&ran.2);
}

/// A code, a place and help, for each mistake. Files that hold nothing have no place.
fn every_mistake_is_helped(err: &str) {
    let mistakes = err.matches("::").count();
    let helped = err.matches("help: ").count();
    assert!(
        mistakes > 0 && helped >= mistakes,
        "{mistakes} mistakes, {helped} helped in\n{err}"
    );
}

#[test]
fn all_mistakes_of_all_documents_are_shown_at_once() {
    let scenario = SCENARIO
        .replace("    - absent:", "    - absnet:")
        .replace("colour: ($values.colour)", "colour: ($valeus.colour)")
        .replace("size: 3\n", "(length(: 3\n");
    let provider = PROVIDER.replace("  crds:", "  crsd:");
    let project = project(&[
        (SUITE_FILE, "kind: [\n"),
        ("scenarios/defaults/scenario.yaml", &scenario),
        ("scenarios/other/scenario.yml", "a: 1\na: 2\nb: 1\nb: 2\n"),
        ("providers/local/provider.yaml", &provider),
    ]);
    let ran = ran(&project, &["lint"]);
    assert_golden("bad_input/all_at_once", &ran);
    let tested = crate::project::ran(&project, &["test"]);
    assert_eq!(tested, ran, "test says the same as lint, and runs nothing");
}

#[test]
fn an_expression_on_a_kind_that_nothing_defines_fails_at_run_time() {
    let scenario = SCENARIO.replacen(
        "kind: Widget\n          metadata: {name: w}\n          spec:\n            colour: blue",
        "kind: Gadget\n          metadata: {name: w}\n          spec:\n            colour: blue",
        1,
    );
    let project = project(&[(SCENARIO_FILE, &scenario)]);
    assert_golden(
        "bad_input/unknown_kind_at_run_time",
        &ran(&project, &["test"]),
    );
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let project = project(&[]);
    for file in [SUITE_FILE, PROVIDER_FILE, WIDGETS_FILE, SCENARIO_FILE] {
        std::fs::write(project.file(file), b"kind: \xff\xfe\n").unwrap();
    }
    assert_golden("bad_input/not_utf8", &ran(&project, &["lint"]));
}

#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let project = project(&[]);
    let pipe = project.file(SCENARIO_FILE);
    std::fs::remove_file(&pipe).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let linked = project.file("scenarios/endless");
    std::fs::create_dir(&linked).unwrap();
    std::os::unix::fs::symlink("/dev/zero", linked.join("scenario.yaml")).unwrap();
    assert_golden("bad_input/no_regular_file", &ran(&project, &["lint"]));
}

#[test]
fn text_that_makes_much_of_itself_is_bounded() {
    let deep = format!("a: {}1{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let block: String = (0..5_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{}", level - 1);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            [below.as_str(); 10].join(", ")
        ));
    }
    let project = project(&[
        ("scenarios/deep/scenario.yaml", &deep),
        ("scenarios/block/scenario.yaml", &block),
        ("scenarios/bomb/scenario.yaml", &bomb),
    ]);
    std::fs::create_dir(project.file("scenarios/long")).unwrap();
    let mut long = std::fs::File::create(project.file("scenarios/long/scenario.yaml")).unwrap();
    long.write_all(b"# ").unwrap();
    // A hole: it takes no room, and reads as a gigabyte.
    long.set_len(1 << 30).unwrap();
    let (code, _, err) = ran(&project, &["lint"]);
    assert_eq!(code, 2, "{err}");
    for part in [
        "scenarios/deep/scenario.yaml",
        "scenarios/block/scenario.yaml",
        "nested deeper than 100 levels",
        "more than 2000000 nodes, aliases expanded",
        "scenarios/long/scenario.yaml cannot be read: file too large",
        "documents have at most 16 MiB",
    ] {
        assert!(err.contains(part), "{part} is missing in\n{err}");
    }
    assert!(err.len() < 20_000, "{} bytes of diagnostics", err.len());
}

#[test]
fn a_file_from_another_editor_is_read() {
    let with_mark = format!("\u{feff}{}", SCENARIO.replace('\n', "\r\n"));
    let (code, out, err) = ran(&project(&[(SCENARIO_FILE, &with_mark)]), &["test"]);
    assert_eq!(code, 0, "{out}{err}");
}
