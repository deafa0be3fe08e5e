//! From a managed resource to its target, by way of its ProviderConfig.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_client::{Api, Connection};

use crosscut_objects::{ObjectRef, object};
use serde_json::Value;

use crate::settings::Targets;

/// A client of the cluster that a resource's `spec.providerConfigRef` leads to.
///
/// # Errors
/// Why there is none, in a chain of contexts.
pub(crate) async fn connect(
    api: &Api,
    own: &Connection,
    targets: &Arc<dyn Targets>,
    managed: &Value,
) -> Result<Connection, String> {
    let config = provider_config(api, managed)
        .await
        .map_err(|error| format!("cannot get ProviderConfig: {error}"))?;
    match object::text(&config, &["spec", "credentials", "source"]) {
        "InjectedIdentity" => Ok(own.clone()),
        "Secret" => {
            let kubeconfig = secret(api, &config, "credentials")
                .await
                .map_err(|error| format!("cannot get credentials: {error}"))?;
            identify(api, &config).await?;
            targets.connect(&kubeconfig).await
        }
        other => Err(format!(
            "credentials from {other} are unsupported by crosscut's stand-ins"
        )),
    }
}

async fn provider_config(api: &Api, managed: &Value) -> Result<Arc<Value>, String> {
    let reference = |field: &str| object::text(managed, &["spec", "providerConfigRef", field]);
    let group = object::group_of(object::api_version(managed));
    // Objects are v1alpha1 and Releases v1beta1, and so are their ProviderConfigs.
    let api_version = object::api_version(managed);
    let kind = match reference("kind") {
        "" => "ClusterProviderConfig",
        kind => kind,
    };
    let name = match reference("name") {
        "" => "default",
        name => name,
    };
    let namespace = if kind == "ProviderConfig" {
        object::namespace(managed)
    } else {
        ""
    };
    let address = ObjectRef {
        api_version,
        kind,
        namespace,
        name,
    };
    let found = api.read(address).await;
    found.map_err(|error| format!("{kind}.{group} \"{name}\": {error}"))
}

/// Identities are not asked for by targets here, but must be there.
async fn identify(api: &Api, config: &Value) -> Result<(), String> {
    let identity = &config["spec"]["identity"];
    if identity["source"] != "Secret" {
        return Ok(());
    }
    let kind = match object::text(identity, &["type"]) {
        "GoogleApplicationCredentials" => "Google Application Credentials",
        other => other,
    };
    let found = secret(api, config, "identity").await;
    found.map(drop).map_err(|error| {
        format!(
            "cannot build kube client for provider config: cannot get REST config for provider: cannot extract {kind}: {error}"
        )
    })
}

/// Returns what the Secret holds that a part of a ProviderConfig refers to.
async fn secret(api: &Api, config: &Value, part: &str) -> Result<String, String> {
    let reference = |field: &str| object::text(config, &["spec", part, "secretRef", field]);
    let (name, key) = (reference("name"), reference("key"));
    let namespace = match reference("namespace") {
        "" => object::namespace(config),
        namespace => namespace,
    };
    let address = ObjectRef {
        api_version: "v1",
        kind: "Secret",
        namespace,
        name,
    };
    let secret = api.read(address).await;
    let secret = secret.map_err(|error| format!("cannot get credentials secret: {error}"))?;
    let data = secret["data"][key]
        .as_str()
        .ok_or_else(|| format!("the secret {namespace}/{name} has no key {key}"))?;
    let bytes = STANDARD.decode(data).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
