//! Installing documents on a fresh control plane or target, before any trial.

use std::sync::Arc;

use crosscut_client::{Api, Mapper};
use crosscut_suite::model::{Provider, Resource};
use serde_json::Value;

use super::base::settle_error;
use super::lease::EmbeddedLease;
use crate::{ClusterError, Lease, Side};

/// The field manager of what is installed.
const FIELD_MANAGER: &str = "crosscut";

/// Installs Crossplane's own CRDs on the control plane and settles.
///
/// # Errors
/// [`ClusterError::Install`] or [`ClusterError::Settle`].
pub(super) async fn own_crds(
    lease: &mut EmbeddedLease,
    provider: &Provider,
) -> Result<(), ClusterError> {
    for crd in crosscut_crossplane::custom_resource_definitions() {
        create(lease, Side::Control, &crd, "crosscut's own Crossplane CRDs").await?;
    }
    lease
        .settle()
        .await
        .map(drop)
        .map_err(settle_error(provider))
}

/// Installs documents on the control plane, in order, and settles after each: a document may need
/// what the one before brings about.
///
/// # Errors
/// [`ClusterError::Install`] or [`ClusterError::Settle`].
pub(super) async fn resources(
    lease: &mut EmbeddedLease,
    provider: &Provider,
    resources: &[Resource],
) -> Result<(), ClusterError> {
    install(lease, Side::Control, provider, resources).await
}

/// Installs documents on the target, in order, and settles after each.
///
/// # Errors
/// [`ClusterError::Install`] or [`ClusterError::Settle`].
pub(super) async fn target_resources(
    lease: &mut EmbeddedLease,
    provider: &Provider,
    resources: &[Resource],
) -> Result<(), ClusterError> {
    install(lease, Side::Target, provider, resources).await
}

async fn install(
    lease: &mut EmbeddedLease,
    side: Side,
    provider: &Provider,
    resources: &[Resource],
) -> Result<(), ClusterError> {
    for resource in resources {
        let place = format!(
            "{}:{}",
            resource.place.source.name,
            resource.place.position().line
        );
        create(lease, side, &resource.node.to_value(), &place).await?;
        lease.settle().await.map_err(settle_error(provider))?;
    }
    Ok(())
}

async fn create(
    lease: &EmbeddedLease,
    side: Side,
    object: &Value,
    place: &str,
) -> Result<(), ClusterError> {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    Api::new(
        &lease.client(side),
        &Arc::new(Mapper::default()),
        FIELD_MANAGER,
    )
    .apply(object, FIELD_MANAGER)
    .await
    .map(drop)
    .map_err(|source| ClusterError::Install {
        what: format!("{} {} ({place})", text("/kind"), text("/metadata/name")),
        source: Box::new(source),
    })
}
