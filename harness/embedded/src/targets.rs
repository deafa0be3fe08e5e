//! How stand-ins reach the target: a kubeconfig whose server is a name instead of an address.

use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_standins::{TargetError, Targets};
use crosscut_yaml::{Limits, parse};
use serde_json::Value;

/// The name of the plane that composed Objects and Releases act on.
pub(super) const TARGET: &str = "target";

/// The server of the target in kubeconfigs. The name resolves nowhere but in this process.
const SERVER: &str = "https://target.crosscut.internal";

/// A kubeconfig that leads to the trial's target.
pub(super) fn kubeconfig() -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: {TARGET}\n  cluster:\n    server: {SERVER}\n\
         contexts:\n- name: {TARGET}\n  context:\n    cluster: {TARGET}\n    user: {TARGET}\n\
         users:\n- name: {TARGET}\n  user: {{}}\ncurrent-context: {TARGET}\n"
    )
}

/// The one target of a trial.
pub(super) struct InProcessTargets {
    target: Connection,
    /// What nearly everybody has: it need not be read again and again.
    ours: String,
}

impl InProcessTargets {
    pub(super) fn new(target: Connection) -> InProcessTargets {
        InProcessTargets {
            target,
            ours: kubeconfig(),
        }
    }
}

#[async_trait]
impl Targets for InProcessTargets {
    async fn connect(&self, kubeconfig: &str) -> Result<Connection, TargetError> {
        if kubeconfig == self.ours {
            return Ok(self.target.clone());
        }
        let server = current_server(kubeconfig)?;
        if server == SERVER {
            Ok(self.target.clone())
        } else {
            Err(format!(
                "no cluster answers at {server}: in the embedded control plane there is only {SERVER}"
            )
            .into())
        }
    }
}

/// The server of the kubeconfig's current context.
fn current_server(kubeconfig: &str) -> Result<String, String> {
    let documents = parse(kubeconfig, &Limits::default()).map_err(|errors| {
        errors
            .first()
            .map_or_else(String::new, |error| error.message.clone())
    })?;
    let config = documents
        .first()
        .map(crosscut_yaml::Node::to_value)
        .unwrap_or_default();
    let context = config["current-context"]
        .as_str()
        .ok_or("the kubeconfig has no current-context")?;
    let cluster = named(&config["contexts"], context)
        .and_then(|context| context["context"]["cluster"].as_str())
        .ok_or_else(|| format!("the kubeconfig has no context {context}"))?;
    named(&config["clusters"], cluster)
        .and_then(|cluster| cluster["cluster"]["server"].as_str())
        .map(str::to_owned)
        .ok_or_else(|| format!("the kubeconfig has no server for cluster {cluster}"))
}

fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|entry| entry["name"] == name)
}

#[cfg(test)]
mod tests {
    use super::{SERVER, current_server, kubeconfig};

    #[test]
    fn our_kubeconfig_names_the_target() {
        assert_eq!(current_server(&kubeconfig()).unwrap(), SERVER);
    }

    #[test]
    fn a_kubeconfig_without_a_context_says_so() {
        let error = current_server("current-context: nowhere\ncontexts: []\n").unwrap_err();
        assert_eq!(error, "the kubeconfig has no context nowhere");
    }
}
