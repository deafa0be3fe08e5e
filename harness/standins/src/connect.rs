//! From a managed resource to its target, by way of its ProviderConfig.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_client::{Api, ApiError, Connection};

use crosscut_objects::{ObjectRef, object};
use serde_json::Value;

use crate::settings::{TargetError, Targets};

/// A managed resource without a connection to its target.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// A ProviderConfig that cannot be read.
    #[error("cannot get ProviderConfig: {kind}.{group} \"{name}\": {source}")]
    ProviderConfig {
        kind: String,
        group: String,
        name: String,
        source: ApiError,
    },
    /// A Secret with the kubeconfig that cannot be read.
    #[error("cannot get credentials: {0}")]
    Credentials(#[source] SecretError),
    /// A Secret with the identity that cannot be read.
    #[error(
        "cannot build kube client for provider config: cannot get REST config for provider: cannot extract {kind}: {source}"
    )]
    Identity { kind: String, source: SecretError },
    /// A source of credentials that the stand-ins do not implement.
    #[error("credentials from {origin} are unsupported by crosscut's stand-ins")]
    Unsupported { origin: String },
    /// A kubeconfig that leads to no cluster.
    #[error(transparent)]
    Target(TargetError),
}

/// A Secret, or a key of a Secret, that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("cannot get credentials secret: {0}")]
    Get(#[source] ApiError),
    #[error("the secret {namespace}/{name} has no key {key}")]
    NoKey {
        namespace: String,
        name: String,
        key: String,
    },
    #[error(transparent)]
    Base64(#[from] base64::DecodeError),
    #[error(transparent)]
    Utf8(#[from] std::string::FromUtf8Error),
}

/// Returns a connection to the cluster that a resource's `spec.providerConfigRef` leads to.
///
/// # Errors
/// Fails if the ProviderConfig or its Secrets cannot be read, or if the kubeconfig leads to no cluster.
pub(crate) async fn connect(
    api: &Api,
    own: &Connection,
    targets: &Arc<dyn Targets>,
    managed: &Value,
) -> Result<Connection, ConnectError> {
    let config = provider_config(api, managed).await?;
    match object::text(&config, &["spec", "credentials", "source"]) {
        "InjectedIdentity" => Ok(own.clone()),
        "Secret" => {
            let kubeconfig = secret(api, &config, "credentials")
                .await
                .map_err(ConnectError::Credentials)?;
            identify(api, &config).await?;
            targets
                .connect(&kubeconfig)
                .await
                .map_err(ConnectError::Target)
        }
        other => Err(ConnectError::Unsupported {
            origin: other.to_owned(),
        }),
    }
}

async fn provider_config(api: &Api, managed: &Value) -> Result<Arc<Value>, ConnectError> {
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
    found.map_err(|source| ConnectError::ProviderConfig {
        kind: kind.to_owned(),
        group: group.to_owned(),
        name: name.to_owned(),
        source,
    })
}

/// Checks that the Secret of an identity can be read. Targets here do not use identities.
async fn identify(api: &Api, config: &Value) -> Result<(), ConnectError> {
    let identity = &config["spec"]["identity"];
    if identity["source"] != "Secret" {
        return Ok(());
    }
    let kind = match object::text(identity, &["type"]) {
        "GoogleApplicationCredentials" => "Google Application Credentials",
        other => other,
    };
    let found = secret(api, config, "identity").await;
    found.map(drop).map_err(|source| ConnectError::Identity {
        kind: kind.to_owned(),
        source,
    })
}

/// Returns the value of the Secret's key that a part of a ProviderConfig refers to.
async fn secret(api: &Api, config: &Value, part: &str) -> Result<String, SecretError> {
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
    let secret = secret.map_err(SecretError::Get)?;
    let data = secret["data"][key]
        .as_str()
        .ok_or_else(|| SecretError::NoKey {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            key: key.to_owned(),
        })?;
    Ok(String::from_utf8(STANDARD.decode(data)?)?)
}
