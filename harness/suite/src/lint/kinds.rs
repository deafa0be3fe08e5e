//! Kinds that scenarios name and that nothing defines.

use std::collections::BTreeSet;

use crosscut_expr::Scope;
use crosscut_yaml::Node;

use crate::diagnostic::Diagnostic;
use crate::model::{
    ActionKind, Expectation, Method, Place, Reference, Resource, Served, Side, Suite, Write,
};
use crate::nearest::nearest;

/// Groups of Kubernetes 1.34's own API whose names have a dot; the others have none.
const BUILT_IN: [&str; 17] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Groups that Crossplane brings.
const CROSSPLANE: [&str; 4] = [
    "apiextensions.crossplane.io",
    "ops.crossplane.io",
    "pkg.crossplane.io",
    "protection.crossplane.io",
];

/// A warning for every file's first use of a kind that no CRD and no composite resource definition of the suite defines.
pub(crate) fn undefined(suite: &Suite) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let mut said = BTreeSet::new();
    for side in [Side::Control, Side::Target] {
        let defined = Defined::of(suite, side);
        for_each_use(suite, side, &mut |api_version, kind, place| {
            let group = api_version.split_once('/').map_or("", |(group, _)| group);
            let use_here = (
                place.source.name.clone(),
                api_version.to_owned(),
                kind.to_owned(),
            );
            if !defined.knows(group, kind) && said.insert(use_here) {
                warnings.push(warning(&defined, api_version, kind, place, side));
            }
        });
    }
    warnings
}

fn warning(
    defined: &Defined,
    api_version: &str,
    kind: &str,
    place: &Place,
    side: Side,
) -> Diagnostic {
    let cluster = match side {
        Side::Control => "control plane",
        Side::Target => "target",
    };
    let message = format!("nothing defines the kind {kind} of {api_version} on the {cluster}");
    let near = nearest(kind, defined.kinds.iter().map(|(_, kind)| kind.as_str()));
    let field = match side {
        Side::Control => "crds",
        Side::Target => "target.crds",
    };
    let help = match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!(
            "name its CRD in {field} of the provider, or expect the CRD where a composition brings it"
        ),
    };
    Diagnostic::warning("lint::unknown_kind", message, place.clone()).with_help(help)
}

/// The kinds that one side's cluster knows.
struct Defined {
    /// Group and kind.
    kinds: BTreeSet<(String, String)>,
    /// Groups of which some scenario expects a CRD, which a composition brings.
    groups: BTreeSet<String>,
}

impl Defined {
    fn of(suite: &Suite, side: Side) -> Defined {
        let mut defined = Defined {
            kinds: BTreeSet::new(),
            groups: BTreeSet::new(),
        };
        for provider in &suite.providers {
            let crds = match side {
                Side::Control => &provider.crds,
                Side::Target => &provider.target_crds,
            };
            crds.iter().for_each(|crd| defined.add(&crd.node));
        }
        if side == Side::Control {
            let installed = suite
                .providers
                .iter()
                .flat_map(|provider| &provider.install)
                .chain(&suite.install);
            installed.for_each(|object| defined.add(&object.node));
        }
        for_each_resource(suite, side, &mut |resource| defined.add(&resource.node));
        for_each_expectation(suite, side, &mut |expectation| defined.expect(expectation));
        defined
    }

    /// A CRD or a composite resource definition; they name kinds alike.
    fn add(&mut self, node: &Node) {
        let kind = node.get("kind").and_then(Node::as_str);
        if !matches!(
            kind,
            Some("CustomResourceDefinition" | "CompositeResourceDefinition")
        ) {
            return;
        }
        let Some(spec) = node.get("spec") else { return };
        let group = spec.get("group").and_then(Node::as_str).unwrap_or_default();
        for names in [spec.get("names"), spec.get("claimNames")]
            .into_iter()
            .flatten()
        {
            if let Some(kind) = names.get("kind").and_then(Node::as_str) {
                self.kinds.insert((group.to_owned(), kind.to_owned()));
            }
        }
    }

    fn expect(&mut self, expectation: &Expectation) {
        let Ok(subject) = expectation.assertion.subject(&Scope::new()) else {
            return;
        };
        if subject.kind.as_deref() == Some("CustomResourceDefinition") {
            let name = subject.name.as_deref().unwrap_or_default();
            self.groups
                .extend(name.split_once('.').map(|(_, group)| group.to_owned()));
        }
    }

    fn knows(&self, group: &str, kind: &str) -> bool {
        !group.contains('.')
            || BUILT_IN.contains(&group)
            || CROSSPLANE.contains(&group)
            || self.groups.contains(group)
            || self.kinds.contains(&(group.to_owned(), kind.to_owned()))
    }
}

/// Returns true if an apiVersion is one of Crossplane's own.
pub(crate) fn is_of_crossplane(api_version: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    CROSSPLANE.contains(&group)
}

/// Visits the apiVersion and kind of every object that a scenario writes, prints or judges on one side.
pub(crate) fn for_each_use(suite: &Suite, side: Side, visit: &mut dyn FnMut(&str, &str, &Place)) {
    for_each_resource(suite, side, &mut |resource| {
        let text = |field| {
            resource
                .node
                .get(field)
                .and_then(Node::as_str)
                .filter(|text| !text.starts_with('('))
        };
        if let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) {
            visit(api_version, kind, &resource.place);
        }
    });
    for_each_table(suite, side, &mut |reference| {
        let text = |field| reference.node.get(field).and_then(Node::as_str);
        if let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind"))
            && !api_version.starts_with('(')
            && !kind.starts_with('(')
        {
            visit(api_version, kind, &reference.place);
        }
    });
    let mut visit_kind = |expectation: &Expectation| {
        let Ok(subject) = expectation.assertion.subject(&Scope::new()) else {
            return;
        };
        if let (Some(api_version), Some(kind)) = (subject.api_version, subject.kind) {
            visit(&api_version, &kind, &expectation.place);
        }
    };
    for_each_expectation(suite, side, &mut visit_kind);
    for_each_absence(suite, side, &mut visit_kind);
}

fn for_each_action(suite: &Suite, side: Side, visit: &mut dyn FnMut(&ActionKind)) {
    let steps = suite.scenarios.iter().flat_map(|scenario| &scenario.steps);
    for action in steps
        .flat_map(|step| &step.actions)
        .filter(|action| action.side == side)
    {
        visit(&action.kind);
    }
}

fn for_each_resource(suite: &Suite, side: Side, visit: &mut dyn FnMut(&Resource)) {
    for_each_action(suite, side, &mut |action| match action {
        ActionKind::Apply(write) | ActionKind::Patch(write) => {
            write.resources.iter().for_each(&mut *visit);
        }
        ActionKind::Reject { write, .. } => {
            if let ActionKind::Apply(write) | ActionKind::Patch(write) = &**write {
                write.resources.iter().for_each(&mut *visit);
            }
        }
        _ => {}
    });
}

/// Every document of every action: what is written, and what is asserted.
pub(super) fn for_each_document(suite: &Suite, visit: &mut dyn FnMut(&Node, &Place)) {
    for side in [Side::Control, Side::Target] {
        for_each_resource(suite, side, &mut |resource| {
            if resource.template {
                visit(&resource.node, &resource.place);
            }
        });
        for_each_action(suite, side, &mut |action| match action {
            ActionKind::Expect(expectations) | ActionKind::Absent(expectations) => {
                expectations
                    .iter()
                    .for_each(|one| visit(&one.node, &one.place));
            }
            ActionKind::Count(count) => std::iter::once(&count.expectation)
                .chain(&count.each)
                .for_each(|one| visit(&one.node, &one.place)),
            ActionKind::Table(table) => {
                visit(&table.reference.node, &table.reference.place);
                visit(&table.expectation.node, &table.expectation.place);
            }
            ActionKind::Patch(Write {
                method: Method::Json(operations),
                ..
            }) if operations.template => visit(&operations.node, &operations.place),
            ActionKind::Events(events) => events
                .iter()
                .for_each(|one| visit(&one.expectation.node, &one.expectation.place)),
            _ => {}
        });
    }
}

/// Assertions of absence, except of kinds that must not be served.
fn for_each_absence(suite: &Suite, side: Side, visit: &mut dyn FnMut(&Expectation)) {
    let steps = suite.scenarios.iter().flat_map(|scenario| &scenario.steps);
    let here = steps
        .flat_map(|step| &step.actions)
        .filter(|action| action.side == side && action.served == Served::Must);
    for action in here {
        if let ActionKind::Absent(expectations) = &action.kind {
            expectations.iter().for_each(&mut *visit);
        }
    }
}

fn for_each_table(suite: &Suite, side: Side, visit: &mut dyn FnMut(&Reference)) {
    for_each_action(suite, side, &mut |action| {
        if let ActionKind::Table(table) = action {
            visit(&table.reference);
        }
    });
}

/// Assertions of presence, and of a number.
fn for_each_expectation(suite: &Suite, side: Side, visit: &mut dyn FnMut(&Expectation)) {
    for_each_action(suite, side, &mut |action| match action {
        ActionKind::Expect(expectations) => expectations.iter().for_each(&mut *visit),
        ActionKind::Count(count) => visit(&count.expectation),
        _ => {}
    });
}
