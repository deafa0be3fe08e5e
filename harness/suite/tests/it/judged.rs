//! Documents that judge nothing, or something else than was meant: mistakes and warnings.

use crosscut_suite::Selection;
use rstest::rstest;

use crate::projects::{Files, STEPS, document, files, loaded, said, scenario};

/// The codes of what is said about a project, each once, without what is marked.
fn codes(files: &Files) -> String {
    let mut codes: Vec<String> = said(files)
        .iter()
        .map(|one| one.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    codes.dedup();
    codes.join(" ")
}

const OBJECT: &str = "{apiVersion: v1, kind: Secret, metadata: {name: a}}";

#[rstest]
#[case::no_steps("{steps: []}", "suite::empty")]
#[case::no_actions("{steps: [{actions: []}]}", "suite::empty")]
#[case::two_steps_without_actions("{steps: [{actions: []}, {actions: []}]}", "suite::empty")]
#[case::nothing_but_sleep(
    "{steps: [{actions: [{sleep: 1s}]}, {actions: [{sleep: 2s}]}]}",
    "suite::empty"
)]
#[case::no_documents("{steps: [{actions: [{expect: {resources: []}}]}]}", "suite::empty")]
#[case::no_documents_to_apply("{steps: [{actions: [{apply: {resources: []}}]}]}", "suite::empty")]
#[case::no_documents_to_patch("{steps: [{actions: [{patch: {resources: []}}]}]}", "suite::empty")]
#[case::no_events("{steps: [{actions: [{events: {resources: []}}]}]}", "suite::empty")]
#[case::a_refusal_of_nothing(
    "{steps: [{actions: [{reject: {apply: {resources: []}, code: 422}}]}]}",
    "suite::empty"
)]
#[case::something(STEPS, "")]
fn a_scenario_judges_something(#[case] spec: &str, #[case] expected: &str) {
    let spec = document("Scenario", "first", spec);
    assert_eq!(
        codes(&files(&[("scenarios/scenario.yaml", spec)])),
        expected
    );
}

#[rstest]
#[case::empty("", "suite::empty")]
#[case::a_comment("# nothing\n", "suite::empty")]
#[case::commented_out("---\n# {apiVersion: v1}\n---\n", "suite::empty")]
#[case::a_list_of_nothing("{apiVersion: v1, kind: List, items: []}", "suite::empty")]
#[case::one_document_of_two(
    "---\n# the first\n---\n{apiVersion: v1, kind: Secret, data: {}}\n",
    "lint::empty_document"
)]
#[case::no_yaml("a: [", "yaml::syntax")]
#[case::a_document("{apiVersion: v1, kind: Secret, data: {}}", "")]
fn a_file_of_an_action_has_documents(#[case] text: &str, #[case] expected: &str) {
    for verb in ["expect", "absent", "apply"] {
        let action = format!("{{{verb}: {{file: objects.yaml}}}}");
        let files = files(&[
            ("scenarios/scenario.yaml", scenario(&action)),
            ("scenarios/objects.yaml", text.to_owned()),
        ]);
        assert_eq!(codes(&files), expected, "{verb}");
    }
}

#[test]
fn an_empty_file_among_others_is_named() {
    let files = files(&[
        (
            "scenarios/scenario.yaml",
            scenario("{apply: {file: '*-objects.yaml'}}"),
        ),
        ("scenarios/1-objects.yaml", OBJECT.to_owned()),
        ("scenarios/2-objects.yaml", "# to do\n".to_owned()),
    ]);
    assert_eq!(codes(&files), "lint::empty_file");
}

#[rstest]
#[case::any_refusal("", "lint::any_refusal")]
#[case::by_code(", code: 422", "")]
#[case::by_reason(", reason: Invalid", "")]
#[case::by_message(", message: spec.size", "")]
#[case::by_messages(", message: [spec.size, 10]", "suite::wrong_type")]
#[case::by_an_empty_message(", message: ''", "suite::empty")]
#[case::by_blanks(", message: '  '", "suite::empty")]
#[case::by_no_message(", message: []", "suite::empty")]
#[case::by_an_empty_one_of_two(", message: [a, '']", "suite::empty")]
#[case::by_an_empty_reason(", reason: ''", "suite::empty")]
fn a_refusal_has_a_reason(#[case] parts: &str, #[case] expected: &str) {
    let action = format!("{{reject: {{apply: {{resource: {OBJECT}}}{parts}}}}}");
    let files = files(&[("scenarios/scenario.yaml", scenario(&action))]);
    assert_eq!(codes(&files), expected);
}

/// The scenario applies the Secret `a` first.
#[rstest]
#[case::the_name_of_what_was_applied("kind: Secret, metadata: {name: a}", "", "lint::only_a_name")]
#[case::another_name("kind: Secret, metadata: {name: b}", "", "")]
#[case::another_namespace("kind: Secret, metadata: {name: a, namespace: b}", "", "")]
#[case::another_kind("kind: ConfigMap, metadata: {name: a}", "", "")]
#[case::after_another_write(
    "kind: Secret, metadata: {name: a}",
    "{delete: {apiVersion: v1, kind: Secret, name: b}}, ",
    ""
)]
#[case::after_another_expectation(
    "kind: Secret, metadata: {name: a}",
    "{absent: {resource: {apiVersion: v1, kind: Secret, metadata: {name: b}}}}, ",
    "lint::only_a_name"
)]
#[case::labels("kind: Secret, metadata: {name: a, labels: {b: c}}", "", "")]
#[case::a_field("kind: Secret, metadata: {name: a}, type: Opaque", "", "")]
#[case::an_expression("kind: Secret, metadata: {name: a}, (data): null", "", "")]
#[case::a_kind("kind: Secret", "", "lint::only_a_name")]
#[case::a_kind_in_a_namespace("kind: Secret, metadata: {namespace: b}", "", "lint::only_a_name")]
#[case::a_kind_with_labels("kind: Secret, metadata: {labels: {b: c}}", "", "")]
fn an_expectation_can_fail(#[case] fields: &str, #[case] before: &str, #[case] expected: &str) {
    let of = |expect: &str| {
        let action = format!("{{apply: {{resource: {OBJECT}}}}}, {before}{expect}");
        codes(&files(&[("scenarios/scenario.yaml", scenario(&action))]))
    };
    let expect = format!("expect: {{resource: {{apiVersion: v1, {fields}}}}}");
    assert_eq!(of(&format!("{{{expect}}}")), expected);
    let outputs = "outputs: [{name: o, value: (metadata.uid)}]";
    let used = "{apply: {resource: {apiVersion: v1, kind: Secret, a: ($o)}}}";
    assert_eq!(
        of(&format!("{{{expect}, {outputs}}}, {used}")),
        "",
        "outputs are what it is for"
    );
    let absent = expect.replace("expect", "absent");
    assert_eq!(
        of(&format!("{{{absent}}}")),
        "",
        "a name is all that may be absent"
    );
}

/// `$values` against what all providers have.
#[rstest]
#[case::of_one_provider("($values.colour)", "", "")]
#[case::of_none("($values.color)", "", "lint::unknown_value")]
#[case::within_an_expression("(join('-', [$values.color, 'a']))", "", "lint::unknown_value")]
#[case::all_of_them("($values)", "", "")]
#[case::of_a_provider_that_it_is_not_for(
    "($values.colour)",
    "providers: {only: [local], reason: r}, ",
    "lint::unknown_value"
)]
#[case::of_a_binding_of_that_name("($values.x)", "bindings: [{name: values, value: {x: 1}}], ", "")]
fn values_that_providers_have(#[case] text: &str, #[case] spec: &str, #[case] expected: &str) {
    let resource =
        format!("{{apiVersion: v1, kind: Secret, metadata: {{name: \"{text}\"}}, a: 1}}");
    for verb in ["apply", "expect"] {
        let spec =
            format!("{{{spec}steps: [{{actions: [{{{verb}: {{resource: {resource}}}}}]}}]}}");
        let files = files(&[
            (
                "scenarios/scenario.yaml",
                document("Scenario", "first", &spec),
            ),
            (
                "providers/aws/provider.yaml",
                document("Provider", "aws", "{values: {colour: blue}}"),
            ),
        ]);
        assert_eq!(codes(&files), expected, "{verb}");
    }
}

const CRD: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boxes.example.org}
spec:
  group: example.org
  names: {kind: Box, plural: boxes}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer}
              sides: {type: array, items: {type: object, properties: {length: {type: integer}}}}
              tags: {type: object, additionalProperties: {type: object, properties: {text: {type: string}}}}
              port: {x-kubernetes-int-or-string: true}
              list: {type: array, x-kubernetes-preserve-unknown-fields: true, items: {type: object, properties: {a: {type: string}}}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              object: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
          status: {type: object, properties: {conditions: {type: array, items: {type: object, properties: {type: {type: string}}}}}}
";

/// The kinds' fields are those of the CRD above.
#[rstest]
#[case::a_field("spec: {size: 1}", "")]
#[case::another_field("spec: {sizee: 1}", "sizee")]
#[case::at_the_top("spek: {size: 1}", "spek")]
#[case::in_an_element("spec: {sides: [{length: 1}, {lenght: 1}]}", "lenght")]
#[case::in_every_element("spec: {~.sides: {lenght: 1}}", "lenght")]
#[case::in_a_map("spec: {tags: {any: {text: a, txt: b}}}", "txt")]
#[case::absent_or_null("spec: {(sizee): null}", "(sizee)")]
#[case::bound("spec: {sizee->s: 1}", "sizee->s")]
#[case::of_an_expression_that_filters(
    "status: {\"(conditions[?type == 'Ready'])\": [{anything: 1}]}",
    ""
)]
#[case::of_an_expression_that_counts("spec: {sides: {(length(@)): 2}}", "")]
#[case::of_what_keeps_all("spec: {free: {a: {b: 1}}, object: {kind: A}}", "")]
#[case::of_a_list_that_keeps_all("spec: {list: [{a: b, c: d}]}", "")]
#[case::of_a_port("spec: {port: 80}", "")]
#[case::of_metadata("metadata: {anything: 1}", "")]
fn fields_that_a_kind_has(#[case] fields: &str, #[case] expected: &str) {
    for verb in ["expect", "absent"] {
        let action = format!(
            "{{{verb}: {{resource: {{apiVersion: example.org/v1, kind: Box, {fields}}}}}}}"
        );
        let files = files(&[
            ("scenarios/scenario.yaml", scenario(&action)),
            (
                "providers/local/provider.yaml",
                document("Provider", "local", "{crds: [box.yaml]}"),
            ),
            ("providers/local/box.yaml", CRD.to_owned()),
        ]);
        let expected: Vec<String> = match expected {
            "" => Vec::new(),
            field => vec![format!("suite::no_such_field {field}")],
        };
        assert_eq!(said(&files), expected, "{verb}");
    }
}

#[rstest]
#[case::another_version(
    "expect: {resource: {apiVersion: example.org/v2, kind: Box, spec: {a: 1}}}",
    ""
)]
#[case::another_cluster(
    "'on': target, absent: {resource: {apiVersion: example.org/v1, kind: Box, spec: {a: 1}}}",
    ""
)]
#[case::a_kind_by_an_expression(
    "absent: {resource: {apiVersion: example.org/v1, kind: ($provider), spec: {a: 1}}}",
    ""
)]
#[case::a_kind_that_another_provider_has(
    "absent: {resource: {apiVersion: example.org/v1, kind: Box, spec: {a: 1}}}",
    "suite::no_such_field"
)]
fn schemas_are_looked_up(#[case] action: &str, #[case] expected: &str) {
    let files = files(&[
        (
            "scenarios/scenario.yaml",
            scenario(&format!("{{{action}}}")),
        ),
        (
            "providers/local/provider.yaml",
            document("Provider", "local", "{crds: [box.yaml]}"),
        ),
        ("providers/local/box.yaml", CRD.to_owned()),
    ]);
    assert_eq!(codes(&files).replace("lint::unknown_kind", ""), expected);
}

/// What a scenario applies or expects may be another schema than that of the beginning.
#[rstest]
#[case::applied("{apply: {file: box.yaml}}")]
#[case::expected(
    "{expect: {resource: {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: boxes.example.org}, spec: {}}}}"
)]
fn a_schema_that_changes_is_not_known(#[case] first: &str) {
    let action = format!(
        "{first}, {{absent: {{resource: {{apiVersion: example.org/v1, kind: Box, spec: {{new: 1}}}}}}}}"
    );
    let files = files(&[
        ("scenarios/scenario.yaml", scenario(&action)),
        ("scenarios/box.yaml", CRD.to_owned()),
        (
            "providers/local/provider.yaml",
            document("Provider", "local", "{crds: [../../scenarios/box.yaml]}"),
        ),
    ]);
    assert_eq!(codes(&files), "");
}

/// Composite resources have fields that Crossplane adds.
#[rstest]
#[case::of_the_definition("spec: {size: 1}", "")]
#[case::of_crossplane("spec: {crossplane: {compositionRef: {name: a}}}", "")]
#[case::of_its_status(
    "status: {\"(conditions[?type == 'Synced'])\": [{status: 'True'}], conditions: []}",
    ""
)]
#[case::of_nobody("spec: {sizee: 1}", "suite::no_such_field")]
#[case::of_nobody_below("spec: {sides: [{lenght: 1}]}", "suite::no_such_field")]
fn fields_of_a_composite_resource(#[case] fields: &str, #[case] expected: &str) {
    let definition = CRD
        .replace("apiextensions.k8s.io/v1", "apiextensions.crossplane.io/v2")
        .replace("CustomResourceDefinition", "CompositeResourceDefinition");
    let action =
        format!("{{expect: {{resource: {{apiVersion: example.org/v1, kind: Box, {fields}}}}}}}");
    let files = files(&[
        (
            "crosscut.yaml",
            document("Suite", "s", "{install: [{file: definition.yaml}]}"),
        ),
        ("definition.yaml", definition),
        ("scenarios/scenario.yaml", scenario(&action)),
    ]);
    assert_eq!(codes(&files), expected);
}

#[rstest]
#[case::declared("{name: f, builtin: auto-ready}", "f", "")]
#[case::another("{name: f, builtin: auto-ready}", "g", "lint::unknown_function")]
#[case::an_expression("{name: f, builtin: auto-ready}", "($provider)", "")]
#[case::a_program_that_is_not_there("{name: f, command: [./f, '{port}']}", "f", "lint::no_program")]
#[case::a_program_of_the_path("{name: f, command: [f, '{port}']}", "f", "")]
fn functions_that_are_declared(
    #[case] function: &str,
    #[case] called: &str,
    #[case] expected: &str,
) {
    let composition = format!(
        "{{apiVersion: apiextensions.crossplane.io/v1, kind: Composition, metadata: {{name: c}}, spec: {{pipeline: [{{step: a, functionRef: {{name: {called}}}}}]}}}}"
    );
    let spec = format!("{{functions: [{function}], install: [{{resource: {composition}}}]}}");
    let files = files(&[
        ("crosscut.yaml", document("Suite", "s", &spec)),
        (
            "scenarios/scenario.yaml",
            document("Scenario", "first", STEPS),
        ),
    ]);
    assert_eq!(codes(&files), expected);
}

#[rstest]
#[case::two_of_one_name("[box.yaml, more]", "lint::duplicate_crd")]
#[case::a_folder_without_one("[box.yaml, none]", "lint::no_crd lint::unused_file")]
#[case::one("[box.yaml]", "")]
fn crds_of_a_provider(#[case] crds: &str, #[case] expected: &str) {
    let mut files = files(&[
        (
            "providers/local/provider.yaml",
            document("Provider", "local", &format!("{{crds: {crds}}}")),
        ),
        ("providers/local/box.yaml", CRD.to_owned()),
        ("more/box.yaml", CRD.to_owned()),
        ("none/notes.txt", "to do".to_owned()),
    ]);
    for folder in ["more", "none"] {
        let moved: Vec<_> = files
            .keys()
            .filter(|path| path.starts_with(format!("/p/{folder}")))
            .cloned()
            .collect();
        for path in moved {
            let text = files.remove(&path).unwrap_or_default();
            let below = path.strip_prefix("/p").unwrap().to_owned();
            files.insert(
                camino::Utf8PathBuf::from("/p/providers/local").join(below),
                text,
            );
        }
    }
    if !crds.contains("more") {
        files.retain(|path, _| !path.starts_with("/p/providers/local/more"));
    }
    if !crds.contains("none") {
        files.retain(|path, _| !path.starts_with("/p/providers/local/none"));
    }
    assert_eq!(codes(&files), expected);
}

/// Files, folders and links below the searched folders that nothing reads.
#[rstest]
#[case::of_another_name("scenarios/a/scenarios.yaml", "a: 1")]
#[case::in_capitals("scenarios/a/Scenario.YAML", "a: 1")]
#[case::set_aside("scenarios/a/scenario.yaml.disabled", "a: 1")]
#[case::data_of_nobodys("scenarios/objects.yml", "a: 1")]
#[case::of_the_wrong_folder("scenarios/provider.yaml", "a: 1")]
#[case::a_folder_of_notes("scenarios/later/notes.md", "to do")]
#[case::of_providers("providers/aws/Provider.yaml", "a: 1")]
#[case::a_crd_of_nobodys("providers/aws/crds/box.yaml", "a: 1")]
fn what_is_not_read_is_named(#[case] path: &str, #[case] text: &str) {
    let scenario = (
        "scenarios/scenario.yaml",
        document("Scenario", "first", STEPS),
    );
    let files = files(&[scenario, (path, text.to_owned())]);
    assert_eq!(codes(&files), "lint::unused_file");
}

#[rstest]
#[case::empty("")]
#[case::a_comment("# later\n")]
fn an_empty_scenario_is_named(#[case] text: &str) {
    let files = files(&[
        (
            "scenarios/scenario.yaml",
            document("Scenario", "first", STEPS),
        ),
        ("scenarios/more/scenario.yaml", text.to_owned()),
    ]);
    assert_eq!(codes(&files), "lint::empty_file");
}

#[test]
fn notes_beside_documents_need_no_word() {
    let files = files(&[
        (
            "scenarios/scenario.yaml",
            document("Scenario", "first", STEPS),
        ),
        ("scenarios/README.md", "text".to_owned()),
        ("providers/.gitkeep", String::new()),
    ]);
    assert_eq!(codes(&files), "");
}

#[test]
fn a_suite_without_a_provider_has_one() {
    let mut files = files(&[(
        "scenarios/scenario.yaml",
        document("Scenario", "first", STEPS),
    )]);
    files.retain(|path, _| !path.starts_with("/p/providers"));
    let plan = loaded(&files, &Selection::default()).unwrap();
    let names: Vec<&str> = plan
        .trials
        .iter()
        .map(|trial| trial.provider.name.as_str())
        .collect();
    assert_eq!(names, ["default"]);
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn folders_that_are_named_must_have_providers() {
    let mut files = files(&[
        (
            "crosscut.yaml",
            document("Suite", "s", "{providers: [elsewhere]}"),
        ),
        ("elsewhere/notes.md", String::new()),
        (
            "scenarios/scenario.yaml",
            document("Scenario", "first", STEPS),
        ),
    ]);
    files.retain(|path, _| !path.starts_with("/p/providers"));
    assert_eq!(codes(&files), "suite::no_provider");
}
