//! A trial: one scenario on one provider.

use std::sync::Arc;

use super::{Provider, Scenario, Suite};

/// One scenario on one provider, with everything that is needed to run it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The suite that both are part of.
    pub suite: Arc<Suite>,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The provider.
    pub provider: Arc<Provider>,
    /// Why the trial is not run, where the scenario is not meant for the provider.
    pub skip: Option<String>,
}
