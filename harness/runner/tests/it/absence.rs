//! Tests of `absent`, and of `events` with `absent: true`: the absence of an object that could not exist proves
//! nothing.

use std::sync::Arc;
use std::time::Duration;

use crosscut_embedded::Embedded;
use crosscut_events::{Failure, TrialReport, Verdict};
use rstest::rstest;

use crate::judging::{document, plan, reports};

const LONG: Duration = Duration::from_secs(60);

/// A composite kind without a Composition, so that its objects are never synced. A Composition whose function does not
/// respond would do the same.
const DEFINITION: &str = "\
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: shops.example.org}
spec:
  scope: Namespaced
  group: example.org
  names: {kind: Shop, plural: shops}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}
";
const SUITE: &str = "spec: {install: [{file: definition.yaml}, {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: port, namespace: default}, data: {port: \"80\", colour: blue}}}]}\n";

const SHOP: &str =
    "{apply: {resource: {apiVersion: example.org/v1, kind: Shop, metadata: {name: s}, spec: {}}}}";
const ABSENT: &str =
    "{absent: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: shelf}}}}";
const NO_EVENT: &str =
    "{events: {resource: {type: Warning, involvedObject: {kind: ConfigMap}}, absent: true}}";

/// Returns the report of a scenario with these actions.
async fn judged(actions: &[&str]) -> TrialReport {
    let spec = format!("spec: {{steps: [{{actions: [{}]}}]}}\n", actions.join(", "));
    let files = [
        ("crosscut.yaml", document("Suite", "s", SUITE)),
        ("definition.yaml", DEFINITION.to_owned()),
        ("providers/objects.yaml", OBJECT_KIND.to_owned()),
        (
            "providers/provider.yaml",
            document("Provider", "local", "spec: {crds: [objects.yaml]}\n"),
        ),
        (
            "scenarios/scenario.yaml",
            document("Scenario", "one", &spec),
        ),
    ];
    let plan = plan(files);
    let cluster = Embedded::new(Arc::clone(&plan.suite), Arc::new(|_: &str| {}));
    reports(plan, cluster, LONG).await.remove(0)
}

fn failure(report: &TrialReport) -> &Failure {
    assert_eq!(report.verdict, Verdict::Failed, "{:?}", report.failures);
    &report.failures[0]
}

/// While a composite resource is not synced, its composed resources cannot exist.
#[rstest]
#[case::of_an_object(&[SHOP, ABSENT])]
#[case::of_an_event(&[SHOP, NO_EVENT])]
#[case::that_only_its_name_was_expected_of(
    &[SHOP, "{expect: {resource: {apiVersion: example.org/v1, kind: Shop, metadata: {name: s}}}}", ABSENT]
)]
#[case::that_was_expected_of_another(&[
    SHOP,
    "{apply: {resource: {apiVersion: example.org/v1, kind: Shop, metadata: {name: t}, spec: {}}}}",
    "{expect: {resource: {apiVersion: example.org/v1, kind: Shop, metadata: {name: t}, status: {\"(conditions[?type == 'Synced'].status)\": [\"False\"]}}}}",
    ABSENT,
])]
#[tokio::test]
async fn nothing_is_shown_by_what_is_hindered(#[case] actions: &[&str]) {
    let report = judged(actions).await;
    let failure = failure(&report);
    assert_eq!(failure.code, "absent::hindered", "{}", failure.message);
    assert!(
        failure
            .message
            .contains("Shop default/s is not synced (ReconcileError)"),
        "{}",
        failure.message
    );
    let help = failure.help.as_deref().unwrap();
    assert!(
        help.contains("expect the object's condition Synced"),
        "{help}"
    );
}

/// The kind of provider-kubernetes, without a ProviderConfig, so that its reconciles fail.
const OBJECT_KIND: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: objects.kubernetes.m.crossplane.io}
spec:
  group: kubernetes.m.crossplane.io
  scope: Namespaced
  names: {kind: Object, plural: objects, singular: object, listKind: ObjectList}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";
const OBJECT: &str = "{apply: {resource: {apiVersion: kubernetes.m.crossplane.io/v1alpha1, kind: Object, metadata: {name: o}, \
    spec: {providerConfigRef: {kind: ProviderConfig, name: nowhere}, forProvider: {manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: default}}}}}}}";
/// As [`OBJECT`], but it only observes, and so creates nothing.
const OBSERVER: &str = "{apply: {resource: {apiVersion: kubernetes.m.crossplane.io/v1alpha1, kind: Object, metadata: {name: o}, \
    spec: {managementPolicies: [Observe], providerConfigRef: {kind: ProviderConfig, name: nowhere}, \
    forProvider: {manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: default}}}}}}}";
const NOT_SYNCED: &str = "{expect: {resource: {apiVersion: kubernetes.m.crossplane.io/v1alpha1, kind: Object, metadata: {name: o}, \
    status: {\"(conditions[?type == 'Synced'].status)\": [\"False\"]}}}}";

/// A reconcile that keeps failing prevents the objects that it could create. For an Object: the kind of its manifest.
#[rstest]
#[case::the_manifest(&[OBJECT], "ConfigMap", false)]
#[case::another_kind(&[OBJECT], "Secret", true)]
#[case::the_manifest_of_an_observer(&[OBSERVER], "ConfigMap", true)]
#[case::that_is_expected_to_fail(&[OBJECT, NOT_SYNCED], "ConfigMap", true)]
#[tokio::test]
async fn a_reconcile_that_keeps_failing_hinders(
    #[case] actions: &[&str],
    #[case] kind: &str,
    #[case] passes: bool,
) {
    let absent = format!(
        "{{\"on\": target, absent: {{resource: {{apiVersion: v1, kind: {kind}, metadata: {{name: m}}}}}}}}"
    );
    let all: Vec<&str> = actions.iter().copied().chain([absent.as_str()]).collect();
    let report = judged(&all).await;
    if passes {
        assert_eq!(report.verdict, Verdict::Passed, "{:?}", report.failures);
        return;
    }
    let failure = failure(&report);
    assert_eq!(failure.code, "absent::hindered", "{}", failure.message);
    assert!(
        failure
            .message
            .contains("stand-in/object Object.kubernetes.m.crossplane.io default/o keeps failing"),
        "{}",
        failure.message
    );
}

/// A scenario about the failure expects it first.
#[rstest]
#[case::by_its_condition(&[
    SHOP,
    "{expect: {resource: {apiVersion: example.org/v1, kind: Shop, metadata: {name: s}, status: {\"(conditions[?type == 'Synced'].status)\": [\"False\"]}}}}",
    ABSENT,
    NO_EVENT,
])]
#[case::by_its_reason(&[
    SHOP,
    "{expect: {resource: {apiVersion: example.org/v1, kind: Shop, metadata: {name: s}, status: {\"(conditions[?reason == 'ReconcileError'] | length(@))\": 1}}}}",
    ABSENT,
])]
#[case::by_its_event(&[
    SHOP,
    "{events: {resource: {type: Warning, involvedObject: {kind: Shop, name: s}}}}",
    ABSENT,
])]
#[case::that_is_over(&[
    SHOP,
    "{delete: {apiVersion: example.org/v1, kind: Shop, name: s}}",
    ABSENT,
])]
#[case::that_is_of_others(&[ABSENT, NO_EVENT])]
#[tokio::test]
async fn what_is_expected_hinders_nothing(#[case] actions: &[&str]) {
    let report = judged(actions).await;
    assert_eq!(report.verdict, Verdict::Passed, "{:?}", report.failures);
}

#[rstest]
#[case::misspelt("v1", "ConfigMapp", "did you mean ConfigMap of v1?")]
#[case::another_group(
    "settings.example.org/v1",
    "ConfigMap",
    "did you mean ConfigMap of v1?"
)]
#[case::another_version("example.org/v2", "Shop", "did you mean Shop of example.org/v1?")]
#[case::unlike_all("example.org/v1", "Warehouse", "install its CRD")]
#[tokio::test]
async fn a_kind_that_is_not_served_shows_nothing(
    #[case] version: &str,
    #[case] kind: &str,
    #[case] helps: &str,
) {
    let resource =
        format!("{{resource: {{apiVersion: {version}, kind: {kind}, metadata: {{name: a}}}}}}");
    let report = judged(&[&format!("{{absent: {resource}}}")]).await;
    let failure = failure(&report);
    assert_eq!(failure.code, "absent::kind");
    let help = failure.help.as_deref().unwrap();
    assert!(help.starts_with(helps), "{help}");
    assert!(help.contains("served: false"), "{help}");
    let report = judged(&[&format!("{{absent: {resource}, served: false}}")]).await;
    assert_eq!(report.verdict, Verdict::Passed, "{:?}", report.failures);
}

#[tokio::test]
async fn a_kind_that_must_not_be_served_is_not() {
    let shop = "{absent: {resource: {apiVersion: example.org/v1, kind: Shop, metadata: {name: a}}}, served: false}";
    let report = judged(&[shop]).await;
    let failure = failure(&report);
    assert_eq!(failure.code, "absent::served");
    assert_eq!(
        failure.message,
        "the kind Shop of example.org/v1 is served, but must not be"
    );
}

/// As in Kleene's logic: a certain difference means absent, an expression that cannot be evaluated may match.
#[rstest]
#[case::that_cannot_be_evaluated("{\"(starts_with(length(port), '8'))\": true}", false)]
#[case::on_a_field_that_is_not_there("{\"(starts_with(nothing, '8'))\": true}", false)]
#[case::beside_what_does_not_differ("{colour: blue, \"(starts_with(nothing, '8'))\": true}", false)]
#[case::beside_what_differs("{colour: red, \"(starts_with(nothing, '8'))\": true}", true)]
#[case::with_a_guard("{\"(starts_with(nothing || '', '8'))\": true}", true)]
#[case::below_a_field_that_is_not_there("{nothing: {\"(starts_with(@, '8'))\": true}}", true)]
#[tokio::test]
async fn an_expression_is_evaluated(#[case] data: &str, #[case] passes: bool) {
    let absent = format!(
        "{{absent: {{resource: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: port}}, data: {data}}}}}}}"
    );
    let report = judged(&[&absent]).await;
    if passes {
        assert_eq!(report.verdict, Verdict::Passed, "{:?}", report.failures);
        return;
    }
    let failure = failure(&report);
    assert_eq!(failure.code, "absent::evaluation", "{}", failure.message);
    assert!(
        failure.message.starts_with("ConfigMap default/port may be"),
        "{}",
        failure.message
    );
    assert_eq!(failure.location.as_ref().unwrap().line, 4);
}

#[rstest]
#[case::of_a_definition(
    "apiextensions.crossplane.io/v1, kind: Composition, spec: {pipelin: []}",
    "no Composition can have the field spec.pipelin",
    "did you mean \"pipeline\"?"
)]
#[tokio::test]
async fn a_field_that_no_object_can_have_shows_nothing(
    #[case] resource: &str,
    #[case] says: &str,
    #[case] helps: &str,
) {
    let report = judged(&[&format!(
        "{{absent: {{resource: {{apiVersion: {resource}}}}}}}"
    )])
    .await;
    let failure = failure(&report);
    assert_eq!(failure.code, "absent::field");
    assert!(failure.message.starts_with(says), "{}", failure.message);
    assert_eq!(failure.help.as_deref(), Some(helps));
}

#[rstest]
#[case::no_version("kind: ConfigMap, metadata: {name: a}", "the object has no apiVersion")]
#[case::no_kind("apiVersion: v1, metadata: {name: a}", "the object has no kind")]
#[case::only_a_name("metadata: {name: a}", "the object has no apiVersion")]
#[tokio::test]
async fn an_assertion_about_no_kind_is_about_nothing(#[case] resource: &str, #[case] says: &str) {
    let report = judged(&[&format!("{{absent: {{resource: {{{resource}}}}}}}")]).await;
    assert_eq!(failure(&report).message, says);
}
