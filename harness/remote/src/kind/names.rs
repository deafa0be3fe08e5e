//! The names of clusters of kind. By name a run finds its own clusters and those of killed runs.

use crate::{digest, run_name};

/// The names of a run's clusters, made from the name of the run's folder: `crosscut-USER-RANDOM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    prefix: String,
    name: String,
}

impl Names {
    /// Returns names for one run, whose clusters are deleted with it.
    pub(super) fn of_run(folder: &str) -> Names {
        let prefix = prefix(folder);
        Names {
            name: format!("{prefix}{}", run_name(folder)),
            prefix,
        }
    }

    /// Returns names that all runs with the same settings share, for clusters that are kept.
    pub(super) fn kept(folder: &str, settings: &str) -> Names {
        Names {
            name: format!("crosscut-kept-{}", digest(settings)),
            prefix: prefix(folder),
        }
    }

    /// Returns the name of the control plane's cluster.
    pub(super) fn control(&self) -> String {
        format!("{}-control", self.name)
    }

    /// Returns the name of the target's cluster.
    pub(super) fn target(&self) -> String {
        format!("{}-target", self.name)
    }

    /// Returns those of `clusters` that belong to ended runs of this user. `alive` has the names of the existing
    /// folders of runs.
    pub(super) fn left_over(&self, clusters: &[String], alive: &[String]) -> Vec<String> {
        let alive: Vec<String> = alive.iter().map(|folder| run_name(folder)).collect();
        let is_left = |cluster: &&String| {
            let rest = cluster.strip_prefix(&self.prefix);
            rest.and_then(|rest| rest.split_once('-'))
                .is_some_and(|(run, side)| {
                    matches!(side, "control" | "target") && !alive.iter().any(|name| name == run)
                })
        };
        clusters.iter().filter(is_left).cloned().collect()
    }
}

/// Returns `crosscut-USER-`, the prefix of the user's folders of runs.
fn prefix(folder: &str) -> String {
    let user = folder.rsplit_once('-').map_or(folder, |(user, _)| user);
    format!("{user}-")
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::run_name;

    const FOLDER: &str = "crosscut-1000-AbCdEfGh";

    #[test]
    fn only_clusters_of_this_users_dead_runs_are_left_over() {
        let names = Names::of_run(FOLDER);
        let dead = format!("crosscut-1000-{}-target", run_name("crosscut-1000-dead"));
        let clusters = [
            names.control(),
            dead.clone(),
            format!("crosscut-0-{}-control", run_name("crosscut-0-dead")),
            Names::kept(FOLDER, "settings").control(),
            "crosscut-1000-mine".to_owned(),
            "kind".to_owned(),
        ];
        let left = names.left_over(&clusters, &[FOLDER.to_owned()]);
        assert_eq!(left, [dead]);
    }

    #[test]
    fn kept_clusters_are_called_after_their_settings() {
        let name = |settings| Names::kept(FOLDER, settings).control();
        assert_eq!(name("a"), name("a"));
        assert_ne!(name("a"), name("b"));
        assert_ne!(Names::of_run(FOLDER).control(), name("a"));
    }
}
