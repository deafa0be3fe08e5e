//! What expressions may know of this machine: its clock, and the environment variables that they may read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crosscut_expr::{Environment, Unset};
use crosscut_runner::Machine;
use crosscut_suite::Plan;

/// Reads what the expressions of a plan may know. With `env_all`, that is every variable.
pub(crate) fn read(plan: &Plan, env_all: bool) -> Machine {
    let suite = plan.trials.first().map(|trial| &trial.suite);
    let named: BTreeSet<String> =
        suite.map_or_else(BTreeSet::new, |suite| suite.env.iter().cloned().collect());
    let text = |name: std::ffi::OsString| name.into_string().ok();
    let variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
        .filter(|(name, _)| env_all || named.contains(name))
        .collect();
    let unset = if env_all {
        Unset::Any
    } else {
        Unset::Named(named)
    };
    Machine {
        environment: Environment { variables, unset },
        clock: Some(Arc::new(jiff::Timestamp::now)),
        chance: 0,
    }
}
