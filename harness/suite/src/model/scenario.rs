//! A scenario: a story in steps of actions.

use std::sync::Arc;
use std::time::Duration;

use crosscut_assertion::Assertion;
use crosscut_yaml::Node;

use super::{Grpc, Place, Program, ProgramVerb, Request, Upstream};

/// A scenario.
#[derive(Debug)]
pub struct Scenario {
    /// The name, unique in the suite.
    pub name: String,
    /// What it shows, for readers.
    pub description: String,
    /// The providers that it is meant for, where it is not all of them.
    pub only: Option<Only>,
    /// The kinds of control planes that it is meant for, where it is not all of them.
    pub only_clusters: Option<Only>,
    /// The longest that a trial of it may take in real time, instead of the suite's.
    pub timeout: Option<Duration>,
    /// Names of ports that are handed out.
    pub ports: Vec<String>,
    /// The own programs under test, beside the suite's.
    pub programs: Vec<Arc<Program>>,
    /// Echo servers that run from before the first step to after the last.
    pub upstreams: Vec<Upstream>,
    /// Bound in order before the first step; a value may use the earlier ones.
    pub bindings: Vec<Binding>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// The place of its declaration.
    pub place: Place,
}

/// A scenario that is not meant for every provider, or for every kind of control plane.
#[derive(Clone, Debug)]
pub struct Only {
    /// The names of those that it is meant for.
    pub names: Vec<String>,
    /// The reason why the others are not.
    pub reason: String,
    /// The place where they are named.
    pub place: Place,
}

/// A named value.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The name; expressions write `$name`.
    pub name: String,
    /// The value, a template: strings that are `(expressions)` are evaluated.
    pub value: Node,
    /// The place of its declaration.
    pub place: Place,
}

/// A step.
#[derive(Debug)]
pub struct Step {
    /// The name; `step N` where the document gives none.
    pub name: String,
    /// Bound in order before the first action, for this step.
    pub bindings: Vec<Binding>,
    /// The actions in order.
    pub actions: Vec<Action>,
    /// The place of its declaration.
    pub place: Place,
}

/// One action of a step.
#[derive(Debug)]
pub struct Action {
    /// What is done.
    pub kind: ActionKind,
    /// On which of the trial's clusters.
    pub side: Side,
    /// Bound in order before the action, for this action.
    pub bindings: Vec<Binding>,
    /// Bound by an `Expect` from the object that its only assertion matched, for what follows in the scenario.
    pub outputs: Vec<Binding>,
    /// The time that an `Expect` waits for what programs under test have yet to do.
    pub within: Option<Duration>,
    /// True if a write may change objects that the run did not make, on clusters that others use.
    pub not_mine: bool,
    /// True if the kinds of an `Absent` are served.
    pub served: Served,
    /// The place of its declaration.
    pub place: Place,
}

/// What an action does.
#[derive(Debug)]
pub enum ActionKind {
    /// Creates objects, or merges them into what is there.
    Apply(Write),
    /// Merges patches into objects that must exist.
    Patch(Write),
    /// Deletes objects.
    Delete {
        /// Which objects.
        references: Vec<Reference>,
        /// What happens to what they own.
        propagation: Option<Propagation>,
    },
    /// Assertions that must hold when both clusters are at rest.
    Expect(Vec<Expectation>),
    /// Assertions that must match nothing when both clusters are at rest.
    Absent(Vec<Expectation>),
    /// A write that must be refused.
    Reject {
        /// The write: `Apply`, `Patch` or `Delete`.
        write: Box<ActionKind>,
        /// What the refusal must say.
        refusal: Refusal,
    },
    /// A number of objects that must match an assertion when both clusters are at rest.
    Count(Box<Count>),
    /// What is printed of objects, when both clusters are at rest.
    Table(Box<Table>),
    /// Assertions on Event objects.
    Events(Vec<EventJudgement>),
    /// Lets time pass on the clusters' clock.
    Sleep(Duration),
    /// Starts or ends programs under test.
    Program {
        /// What is done to them.
        verb: ProgramVerb,
        /// Which, in order.
        programs: Vec<Arc<Program>>,
    },
    /// HTTP requests and what their answers must look like.
    Request(Box<Request>),
    /// gRPC calls and what their answers must look like.
    Grpc(Box<Grpc>),
}

/// Whether a cluster must serve the kind of which objects are absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Served {
    /// It must: otherwise its objects' absence shows nothing.
    #[default]
    Must,
    /// It must not: the kind itself is absent.
    MustNot,
}

/// Which of a trial's two clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The cluster that Crossplane composes on.
    #[default]
    Control,
    /// The cluster that composed Objects and Releases act on.
    Target,
}

/// Objects or patches to write.
#[derive(Debug)]
pub struct Write {
    /// The objects, in order; templates.
    pub resources: Vec<Resource>,
    /// The subresource to write to, such as `status`; for `Patch` only.
    pub subresource: Option<String>,
    /// What happens to fields that the schema does not know.
    pub validation: Validation,
    /// How they are written.
    pub method: Method,
    /// What the API server must warn of.
    pub warnings: Option<Warnings>,
}

/// The way in which documents are written.
#[derive(Clone, Debug)]
pub enum Method {
    /// By JSON merge patches (RFC 7386); `Apply` creates what is not there.
    Merge,
    /// By strategic merge patches; for `Patch` only.
    Strategic,
    /// By a JSON patch (RFC 6902) of each object that the documents name; for `Patch` only.
    Json(Operations),
    /// By server-side apply; for `Apply` only.
    ServerSide {
        /// The field manager, a template of text.
        manager: Option<Node>,
        /// True if fields of other managers are taken over.
        force: bool,
    },
}

/// The operations of a JSON patch.
#[derive(Clone, Debug)]
pub struct Operations {
    /// A list of mappings.
    pub node: Node,
    /// True if their texts may be expressions.
    pub template: bool,
    /// The place where they are declared.
    pub place: Place,
}

/// Texts of warnings.
#[derive(Clone, Debug)]
pub struct Warnings {
    /// Each must be contained in a warning; templates. None: there must be no warning.
    pub texts: Vec<Node>,
    /// The place where they are declared.
    pub place: Place,
}

/// What the API server does with fields that a schema does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// The write is refused.
    #[default]
    Strict,
    /// They are dropped with a warning.
    Warn,
    /// They are dropped.
    Ignore,
}

/// A document to apply: a template whose `(expression)` strings are evaluated in the trial's scope.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The document.
    pub node: Node,
    /// The file that it is from, which need not be the scenario's.
    pub place: Place,
    /// True if texts may be expressions; otherwise the document is taken as it is.
    pub template: bool,
}

/// The number of objects match that an assertion.
#[derive(Debug)]
pub struct Count {
    /// The assertion whose matches are counted.
    pub expectation: Expectation,
    /// The number, or a template of one.
    pub exactly: Node,
    /// What each of them must be like as well.
    pub each: Option<Expectation>,
}

/// What is printed of objects, as `kubectl get` shows it.
#[derive(Debug)]
pub struct Table {
    /// Which objects.
    pub reference: Reference,
    /// True if they are in every namespace.
    pub everywhere: bool,
    /// An assertion on `columns`, `wide` and `rows`.
    pub expectation: Expectation,
}

/// Objects by name, or all of a kind.
#[derive(Clone, Debug)]
pub struct Reference {
    /// A template with `apiVersion`, `kind` and optionally `metadata` `name`, `namespace`, `labels`.
    pub node: Node,
    /// The place of its declaration.
    pub place: Place,
}

/// What a deletion does to what the object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Dependents are deleted after the owner.
    Background,
    /// Dependents are deleted before the owner.
    Foreground,
    /// Dependents stay.
    Orphan,
}

/// A compiled assertion document.
#[derive(Debug)]
pub struct Expectation {
    /// The assertion.
    pub assertion: Assertion,
    /// The document that it was compiled from.
    pub node: Node,
    /// True if it is about objects in every namespace.
    pub everywhere: bool,
    /// The document's place, in the file that it is from.
    pub place: Place,
}

/// An assertion on Event objects. `apiVersion: v1` and `kind: Event` are implied.
#[derive(Debug)]
pub struct EventJudgement {
    /// The assertion.
    pub expectation: Expectation,
    /// True: no Event may match. False: at least one must.
    pub absent: bool,
}

/// What a refusal must say. Every part that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// The HTTP status code.
    pub code: Option<u16>,
    /// The Status' reason, such as `Invalid`.
    pub reason: Option<String>,
    /// Texts that the message must contain; string nodes, templates.
    pub message: Vec<Node>,
}
