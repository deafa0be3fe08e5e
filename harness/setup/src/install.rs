//! Installing documents on a fresh control plane or target, before any trial.

use crosscut_client::{Api, ApiError};

use crosscut_objects::object;
use crosscut_suite::model::{Place, Resource};
use serde_json::Value;

use crosscut_cluster::{ClusterError, Lease, Side};

/// The field manager of what is installed.
pub const FIELD_MANAGER: &str = "crosscut";

/// A document, and where it is from; crosscut's own are from nowhere.
struct Document {
    object: Value,
    place: Option<Place>,
}

/// Installs Crossplane's own CRDs on the control plane and settles.
///
/// # Errors
/// [`ClusterError::Install`] or [`ClusterError::Settle`].
pub async fn crossplanes_crds(lease: &mut dyn Lease) -> Result<(), ClusterError> {
    let documents = crosscut_crossplane::custom_resource_definitions()
        .into_iter()
        .map(|object| Document {
            object,
            place: None,
        });
    install(lease, Side::Control, documents.collect()).await
}

/// Installs documents on the control plane, in order, and settles.
///
/// # Errors
/// [`ClusterError::Install`] or [`ClusterError::Settle`].
pub async fn on_control(
    lease: &mut dyn Lease,
    resources: impl IntoIterator<Item = &Resource>,
) -> Result<(), ClusterError> {
    install(lease, Side::Control, documents(resources)).await
}

/// Installs documents on the target, in order, and settles.
///
/// # Errors
/// [`ClusterError::Install`] or [`ClusterError::Settle`].
pub async fn on_target(
    lease: &mut dyn Lease,
    resources: impl IntoIterator<Item = &Resource>,
) -> Result<(), ClusterError> {
    install(lease, Side::Target, documents(resources)).await
}

fn documents<'a>(resources: impl IntoIterator<Item = &'a Resource>) -> Vec<Document> {
    let document = |resource: &Resource| Document {
        object: resource.node.to_value(),
        place: Some(resource.place.clone()),
    };
    resources.into_iter().map(document).collect()
}

async fn install(
    lease: &mut dyn Lease,
    side: Side,
    documents: Vec<Document>,
) -> Result<(), ClusterError> {
    let api = Api::new(lease.connection(side), FIELD_MANAGER);
    for document in &documents {
        let applied = match apply(&api, document, lease.namespace()).await {
            // It may need what the documents before it bring about: a definition that is to be established first.
            Err(error) if error.is_no_match() || error.is_not_found() => {
                settle(lease, &documents).await?;
                apply(&api, document, lease.namespace()).await
            }
            applied => applied,
        };
        applied.map_err(|error| install_error(document, error))?;
    }
    settle(lease, &documents).await
}

async fn apply(api: &Api, document: &Document, namespace: &str) -> Result<(), ApiError> {
    let object = api.placed(&document.object, namespace).await?;
    api.apply(&object, FIELD_MANAGER).await.map(drop)
}

async fn settle(lease: &mut dyn Lease, documents: &[Document]) -> Result<(), ClusterError> {
    let what = match documents {
        [] => return Ok(()),
        [one] => described(one),
        [first, .., last] => format!("{} to {}", described(first), described(last)),
    };
    lease
        .settle()
        .await
        .map(drop)
        .map_err(|source| ClusterError::Settle { what, source })
}

/// The kind and name of a document, for messages.
fn described(document: &Document) -> String {
    let object = &document.object;
    format!("{} {}", object::kind(object), object::name(object))
}

fn install_error(document: &Document, error: ApiError) -> ClusterError {
    ClusterError::Install {
        what: described(document),
        place: document.place.clone(),
        source: Box::new(error),
    }
}
