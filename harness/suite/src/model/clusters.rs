//! What the suite says of control planes that crosscut does not bring itself.

use camino::Utf8PathBuf;
use globset::Glob;
use serde_json::Value;

use super::Resource;

/// What the suite says of each kind of control plane that needs to be told.
#[derive(Clone, Debug, Default)]
pub struct Clusters {
    /// Clusters that the user has.
    pub kubeconfig: KubeconfigCluster,
    /// Clusters that are made by kind.
    pub kind: KindCluster,
}

/// How clusters are used that the user has.
#[derive(Clone, Debug, Default)]
pub struct KubeconfigCluster {
    /// Glob patterns of the contexts that are used without asking, wherever they lead.
    pub contexts: Vec<String>,
    /// True if what no provider there serves is stood in for.
    pub stand_ins: bool,
}

impl KubeconfigCluster {
    /// Returns true if a context may be used without asking.
    #[must_use]
    pub fn allows(&self, context: &str) -> bool {
        self.contexts.iter().any(|pattern| {
            Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(context))
        })
    }
}

/// How clusters are made by kind.
#[derive(Clone, Debug)]
pub struct KindCluster {
    /// The node image; kind's own default if there is none.
    pub image: Option<String>,
    /// The configuration of the cluster, a file of kind's own.
    pub config: Option<KindConfiguration>,
    /// Images of the local Docker that the nodes are given.
    pub load: Vec<String>,
    /// How Crossplane gets there.
    pub crossplane: KindCrossplane,
    /// Packages (Providers, Functions, Configurations) that are installed, and waited for, in order.
    pub packages: Vec<Resource>,
    /// True if what no provider there serves is stood in for.
    pub stand_ins: bool,
}

impl Default for KindCluster {
    fn default() -> KindCluster {
        KindCluster {
            image: None,
            config: None,
            load: Vec::new(),
            crossplane: KindCrossplane::Core,
            packages: Vec::new(),
            stand_ins: true,
        }
    }
}

/// A file with a configuration of kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindConfiguration {
    /// The file.
    pub path: Utf8PathBuf,
    /// What it says.
    pub text: String,
}

/// How Crossplane gets to a cluster of kind.
#[derive(Clone, Debug, PartialEq)]
pub enum KindCrossplane {
    /// The core runs beside the cluster, as a process, and calls the suite's functions.
    Core,
    /// It is there already, or the packages and images bring it.
    Present,
    /// Helm installs its chart.
    Chart(Chart),
}

/// A Helm chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What Helm is to install: a name in the repository, a path or a URL.
    pub chart: String,
    /// The URL of the repository, where the chart is a name in one.
    pub repository: Option<String>,
    /// The chart's version.
    pub version: Option<String>,
    /// Values for it; null for none.
    pub values: Value,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::KubeconfigCluster;

    #[rstest]
    #[case::the_same("staging", true)]
    #[case::by_pattern("dev-eu-1", true)]
    #[case::another("production", false)]
    #[case::a_part_is_not_enough("staging-2", false)]
    fn contexts_are_allowed(#[case] context: &str, #[case] allowed: bool) {
        let settings = KubeconfigCluster {
            contexts: vec!["staging".to_owned(), "dev-*".to_owned()],
            stand_ins: false,
        };
        assert_eq!(settings.allows(context), allowed);
    }
}
