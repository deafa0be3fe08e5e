//! What a run hands out to the expressions of a trial: ports, programs and upstreams, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Program, Provider};

/// The ports, programs and upstreams that a scenario can name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offered {
    ports: BTreeSet<String>,
    programs: BTreeMap<String, Arc<Program>>,
    /// Nothing if no scenario has said which it brings.
    upstreams: Option<BTreeSet<String>>,
    /// The names of each provider's values; nothing if they are not known.
    values: Option<BTreeMap<String, BTreeSet<String>>>,
    /// True if there may be more, in a suite that could not be read.
    is_partial: bool,
}

impl Offered {
    /// Returns what a suite offers to all scenarios.
    pub(crate) fn new(ports: &[String], programs: &[Arc<Program>]) -> Offered {
        Offered::default().with(ports, programs)
    }

    /// Nothing is known about what is offered.
    pub(crate) fn unknown() -> Offered {
        Offered {
            is_partial: true,
            ..Offered::default()
        }
    }

    /// The same, and more.
    pub(crate) fn with(&self, ports: &[String], programs: &[Arc<Program>]) -> Offered {
        let mut offered = self.clone();
        offered.ports.extend(ports.iter().cloned());
        let named = |program: &Arc<Program>| (program.name.clone(), Arc::clone(program));
        offered.programs.extend(programs.iter().map(named));
        offered
    }

    /// The same, with the upstreams that a scenario brings.
    pub(crate) fn with_upstreams(self, upstreams: BTreeSet<String>) -> Offered {
        Offered {
            upstreams: Some(upstreams),
            ..self
        }
    }

    /// The same, with the values that providers have.
    pub(crate) fn with_values(self, providers: &[Arc<Provider>]) -> Offered {
        let names = |provider: &Arc<Provider>| {
            let values = provider.values.as_object().into_iter().flatten();
            let names = values.map(|(name, _)| name.clone()).collect();
            (provider.name.clone(), names)
        };
        Offered {
            values: Some(providers.iter().map(names).collect()),
            ..self
        }
    }

    /// The same, for a scenario that is meant for these providers.
    pub(crate) fn for_providers(mut self, only: &[String]) -> Offered {
        if let Some(values) = &mut self.values {
            values.retain(|provider, _| only.contains(provider));
        }
        self
    }

    /// The values that some provider has; nothing if they, or the providers, are not known.
    pub(crate) fn values(&self) -> Option<BTreeSet<&str>> {
        let values = self.values.as_ref().filter(|values| !values.is_empty())?;
        let names = values.values().flatten();
        Some(names.map(String::as_str).collect())
    }

    /// The same, as long as nobody knows which upstreams there will be.
    pub(crate) fn without_upstreams(&self) -> Offered {
        Offered {
            upstreams: None,
            ..self.clone()
        }
    }

    /// The upstreams, where they are known.
    pub(crate) fn upstreams(&self) -> Option<&BTreeSet<String>> {
        self.upstreams.as_ref()
    }

    /// Returns true if a port of this name is offered.
    pub(crate) fn has_port(&self, name: &str) -> bool {
        self.ports.contains(name)
    }

    /// A program by its name.
    pub(crate) fn program(&self, name: &str) -> Option<&Arc<Program>> {
        self.programs.get(name)
    }

    /// The names of all ports.
    pub(crate) fn ports(&self) -> impl Iterator<Item = &str> {
        self.ports.iter().map(String::as_str)
    }

    /// The names of all programs.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &str> {
        self.programs.keys().map(String::as_str)
    }

    /// Returns true if what is not offered here is not offered at all.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_partial
    }
}
