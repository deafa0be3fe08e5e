//! A trial: one scenario on one provider.

use std::sync::Arc;

use super::{ActionKind, Program, Provider, Scenario, Suite};

/// One scenario on one provider, with everything that is needed to run it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The suite that both are part of.
    pub suite: Arc<Suite>,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The provider.
    pub provider: Arc<Provider>,
    /// The reason why the trial is not run, where the scenario is not meant for the provider.
    pub skip: Option<String>,
}

impl Trial {
    /// The programs that it starts: by themselves before its first step, or by a step. One may be there several times.
    pub fn programs(&self) -> impl Iterator<Item = &Arc<Program>> {
        let declared = self.suite.programs.iter().chain(&self.scenario.programs);
        let actions = self.scenario.steps.iter().flat_map(|step| &step.actions);
        let acted_on = actions.flat_map(|action| match &action.kind {
            ActionKind::Program { programs, .. } => programs.as_slice(),
            _ => &[],
        });
        declared
            .filter(|program| !program.is_manual)
            .chain(acted_on)
    }
}
