//! The names that an expression can see, and the surroundings that some functions ask.

use std::sync::Arc;

use serde_json::Value;

use crate::budget::size;
use crate::surroundings::Surroundings;

/// Names and what they are bound to. Cheap to clone; a child sees its parents' names and may hide them.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    tail: Option<Arc<Binding>>,
    surroundings: Arc<Surroundings>,
    held: usize,
}

#[derive(Debug)]
struct Binding {
    name: String,
    value: Value,
    parent: Option<Arc<Binding>>,
}

impl Drop for Binding {
    /// Frees the parents one by one: a long chain must not take stack.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut binding) = next.and_then(Arc::into_inner) {
            next = binding.parent.take();
        }
    }
}

impl Scope {
    /// A scope that binds nothing.
    #[must_use]
    pub fn new() -> Scope {
        Scope::default()
    }

    /// This scope, with one more name.
    ///
    /// ```
    /// use crosscut_expr::Scope;
    /// use serde_json::json;
    ///
    /// let outer = Scope::new().bind("name", json!("a"));
    /// let inner = outer.bind("name", json!("b"));
    /// assert_eq!(outer.get("name"), Some(&json!("a")));
    /// assert_eq!(inner.get("name"), Some(&json!("b")));
    /// ```
    #[must_use]
    pub fn bind(&self, name: impl Into<String>, value: Value) -> Scope {
        let size = size(&value);
        let mut scope = self.bind_counted(name, value);
        scope.held = scope.held.saturating_add(size);
        scope
    }

    /// This scope, with one more name whose value the evaluation's budget has counted already.
    #[must_use]
    pub fn bind_counted(&self, name: impl Into<String>, value: Value) -> Scope {
        let binding = Binding {
            name: name.into(),
            value,
            parent: self.tail.clone(),
        };
        Scope {
            tail: Some(Arc::new(binding)),
            ..self.clone()
        }
    }

    /// Returns what a name is bound to, innermost first.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut binding = self.tail.as_deref();
        while let Some(current) = binding {
            if current.name == name {
                return Some(&current.value);
            }
            binding = current.parent.as_deref();
        }
        None
    }

    /// Returns about how many bytes the bound values take, those of hidden names among them.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// This scope, with other surroundings.
    #[must_use]
    pub fn with_surroundings(&self, surroundings: Surroundings) -> Scope {
        Scope {
            surroundings: Arc::new(surroundings),
            ..self.clone()
        }
    }

    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Scope;

    #[test]
    fn a_long_chain_of_names_takes_no_stack() {
        let mut scope = Scope::new();
        for number in 0..1_000_000 {
            scope = scope.bind("a", json!(number));
        }
        assert_eq!(scope.get("a"), Some(&json!(999_999)));
        drop(scope);
    }
}
