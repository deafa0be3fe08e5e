//! The settings of the stand-ins.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use crosscut_client::Connection;
use serde_json::Value;

/// The data of a connection Secret: plain text by key.
pub type ConnectionDetails = BTreeMap<String, String>;

/// An error of an environment that found no cluster for a kubeconfig. Environments have errors of their own.
pub type TargetError = Box<dyn std::error::Error + Send + Sync>;

/// A way from kubeconfigs to clusters.
#[async_trait]
pub trait Targets: Send + Sync {
    /// Returns a connection to the cluster of the kubeconfig's current context.
    ///
    /// # Errors
    /// Fails if the kubeconfig leads to no cluster. The error's text is a sentence fragment and follows `connect failed: `.
    async fn connect(&self, kubeconfig: &str) -> Result<Connection, TargetError>;
}

/// The settings of all stand-ins.
pub struct Settings {
    /// The place where kubeconfigs lead.
    pub targets: Arc<dyn Targets>,
    /// The settings for managed resources that are neither Object nor Release.
    pub managed: ManagedSettings,
}

/// The rules for managed resources. The first rule that matches applies.
#[derive(Clone, Debug, Default)]
pub struct ManagedSettings {
    /// The rules; a resource that none matches becomes ready under its own name.
    pub rules: Vec<ManagedRule>,
}

/// A rule for the managed resources of some kinds.
#[derive(Clone, Debug)]
pub struct ManagedRule {
    /// The groups, with `*` for anything.
    pub group: String,
    /// The kinds, with `*` for anything.
    pub kind: String,
    /// True if they become ready.
    pub ready: bool,
    /// True if their external name is their own name. Otherwise the provider chooses a name.
    pub external_name_from_name: bool,
    /// The value that is merged into their status; null for none.
    pub status: Value,
    /// The connection details that they publish if their spec asks for a Secret.
    pub connection: Option<ConnectionDetails>,
}

impl ManagedSettings {
    /// Returns the first rule that matches a kind.
    pub(crate) fn rule(&self, group: &str, kind: &str) -> Option<&ManagedRule> {
        self.rules
            .iter()
            .find(|rule| matches(&rule.group, group) && matches(&rule.kind, kind))
    }
}

/// Returns true if a pattern with `*` for anything matches a whole text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter()
                .any(|at| text.get(at..).is_some_and(|text| matches(rest, text)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::matches;

    #[rstest]
    #[case("*", "anything", true)]
    #[case("*.upbound.io", "ec2.aws.m.upbound.io", true)]
    #[case("ec2*upbound.io", "ec2.aws.m.upbound.io", true)]
    #[case("*.upbound.io", "upbound.io", false)]
    #[case("VPC", "VPC", true)]
    #[case("VPC", "VPCs", false)]
    fn patterns(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(matches(pattern, text), expected);
    }
}
