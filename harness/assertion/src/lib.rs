//! Assertion documents: trees of values and expressions that describe objects.
//!
//! The trees are those of Chainsaw (kyverno-json's assertion trees, Chainsaw 0.2.14), so that its documents can be
//! reused:
//!
//! - maps are subsets,
//! - lists have the same length,
//! - keys and values may be `(expressions)`,
//! - `~.` matches every element,
//! - `->name` binds a variable.
//!
//! Chainsaw's result may depend on chance, and it ends at the first mismatch. Here a binding is valid below and after
//! it, and every mismatch is reported, with its path and its place in the document.
//!
//! The crate reads no objects. [`Assertion::subject`] returns the objects to read.

mod check;
mod compile;
mod diff;
mod free;
mod grammar;
mod name;
mod problem;
mod subject;
mod template;
mod tree;

use crosscut_expr::{Budget, Scope};
use crosscut_yaml::{Node, Span};
use serde_json::Value;

pub use check::Mismatch;
pub use name::Name;
pub use problem::{Mark, Problem};
pub use subject::Subject;
pub use template::{template, template_fields, template_on, template_variables, template_within};

use tree::Tree;

/// A compiled assertion document.
#[derive(Debug)]
pub struct Assertion {
    root: Tree,
    document: Node,
}

impl Assertion {
    /// Compiles a document.
    ///
    /// # Errors
    /// Returns every [`Problem`] of the document: expressions that do not parse, unsupported engines.
    pub fn parse(document: &Node) -> Result<Assertion, Vec<Problem>> {
        let mut problems = Vec::new();
        let root = compile::tree(document, 0, &mut problems);
        if problems.is_empty() {
            Ok(Assertion {
                root,
                document: document.clone(),
            })
        } else {
            Err(problems)
        }
    }

    /// Returns the subject of the assertion: apiVersion, kind, name, namespace and labels, with their templates
    /// evaluated.
    ///
    /// # Errors
    /// Returns [`Problem`]s for templates that cannot be evaluated, and for names that are not text.
    pub fn subject(&self, scope: &Scope) -> Result<Subject, Vec<Problem>> {
        subject::subject(&self.document, scope)
    }

    /// Checks that the `involvedObject` in an assertion about an Event has valid names, if there is one.
    ///
    /// # Errors
    /// Returns [`Problem`]s for names that are not text, or empty.
    pub fn involved(&self, scope: &Scope) -> Result<(), Vec<Problem>> {
        match self.document.get("involvedObject") {
            Some(involved) => subject::names(
                involved,
                &["apiVersion", "kind", "name", "namespace"],
                scope,
            ),
            None => Ok(()),
        }
    }

    /// Returns every mismatch with `actual`. Empty if the assertion holds. All expressions share one budget.
    ///
    /// ```
    /// use crosscut_assertion::Assertion;
    /// use crosscut_expr::Scope;
    /// use crosscut_yaml::{Limits, parse};
    /// use serde_json::json;
    ///
    /// let document = "{kind: Widget, spec: {size: 3, (length(colour)): 4}}";
    /// let document = parse(document, &Limits::default()).unwrap().remove(0);
    /// let assertion = Assertion::parse(&document).unwrap();
    /// let widget = json!({"kind": "Widget", "spec": {"size": 5, "colour": "blue"}});
    /// let mismatches = assertion.check(&widget, &Scope::new());
    /// assert_eq!(mismatches.len(), 1);
    /// assert_eq!(mismatches[0].path, "spec.size");
    /// ```
    #[must_use]
    pub fn check(&self, actual: &Value, scope: &Scope) -> Vec<Mismatch> {
        check::check(&self.root, actual, scope, &Budget::new(scope))
    }

    /// Returns the place of the document.
    #[must_use]
    pub fn span(&self) -> Span {
        self.document.span
    }

    /// Returns the variables that the document does not bind itself, with their places.
    #[must_use]
    pub fn free_variables(&self) -> Vec<(String, Span)> {
        free::variables(&self.root)
    }

    /// Returns the name, the field and the place of each `$name.field` with such a variable.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String, Span)> {
        free::fields(&self.root)
    }

    /// Returns the difference between the expected (`-`) and the actual value (`+`), as lines of YAML.
    #[must_use]
    pub fn diff(&self, actual: &Value, scope: &Scope) -> String {
        diff::diff(&self.root, actual, scope, &Budget::new(scope))
    }
}
