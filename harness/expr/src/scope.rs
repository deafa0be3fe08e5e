//! What an expression can see besides the value that it is evaluated on.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// Names and what they are bound to. Cheap to clone; a child sees its parents' names and may hide them.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    tail: Option<Arc<Binding>>,
    clock: Option<jiff::Timestamp>,
    environment: Arc<BTreeMap<String, String>>,
}

#[derive(Debug)]
struct Binding {
    name: String,
    value: Value,
    parent: Option<Arc<Binding>>,
}

impl Scope {
    /// A scope that binds nothing.
    #[must_use]
    pub fn new() -> Scope {
        Scope::default()
    }

    /// This scope, with one more name.
    #[must_use]
    pub fn bind(&self, name: impl Into<String>, value: Value) -> Scope {
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

    /// What a name is bound to, innermost first.
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

    /// This scope, with a present for the functions that ask for it.
    #[must_use]
    pub fn with_clock(&self, now: jiff::Timestamp) -> Scope {
        Scope {
            clock: Some(now),
            ..self.clone()
        }
    }

    /// This scope, with the variables that `env` may read: nothing here reads the process's own.
    #[must_use]
    pub fn with_environment(&self, variables: BTreeMap<String, String>) -> Scope {
        Scope {
            environment: Arc::new(variables),
            ..self.clone()
        }
    }

    pub(crate) fn now(&self) -> Option<jiff::Timestamp> {
        self.clock
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }
}
