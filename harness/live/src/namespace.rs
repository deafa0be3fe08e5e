//! A trial's own namespace on a control plane that all trials share.

use crosscut_client::{Api, ApiError, Connection};

use crosscut_objects::object;
use crosscut_suite::model::{Provider, Resource, Suite};
use serde_json::{Value, json};

use crosscut_cluster::ClusterError;
use crosscut_setup::install::FIELD_MANAGER;

/// Creates a namespace with the documents that the suite and the provider have in theirs. Returns the store's revision
/// at which all of them exist, or `None` if the API server's versions are no numbers.
///
/// # Errors
/// [`ClusterError::Start`].
pub async fn make_namespace(
    connection: &Connection,
    suite: &Suite,
    provider: &Provider,
    name: &str,
) -> Result<Option<u64>, ClusterError> {
    let api = Api::new(connection, FIELD_MANAGER);
    let failed = |error: ApiError| ClusterError::start(error, None);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let made = api.apply(&namespace, FIELD_MANAGER).await.map_err(failed)?;
    let mut last = revision(&made);
    let documents = suite.install.iter().chain(&provider.install);
    for document in documents.map(|resource: &Resource| resource.node.to_value()) {
        let (version, kind) = (object::api_version(&document), object::kind(&document));
        let namespaced = api.is_namespaced(version, kind).await;
        if let (Ok(true), Some(own)) = (namespaced, moved(&document, &suite.namespace, name)) {
            let made = api.apply(&own, FIELD_MANAGER).await.map_err(failed)?;
            last = last.max(revision(&made));
        }
    }
    Ok(last)
}

fn revision(object: &Value) -> Option<u64> {
    object::text(object, &["metadata", "resourceVersion"])
        .parse()
        .ok()
}

/// Returns a document for the trial's namespace if it has the suite's namespace or none. `None` for other documents.
fn moved(document: &Value, from: &str, to: &str) -> Option<Value> {
    let namespace = object::namespace(document);
    let is_there = namespace == from || namespace.is_empty();
    (is_there && object::kind(document) != "Namespace").then(|| {
        let mut document = document.clone();
        object::set(&mut document, &["metadata", "namespace"], json!(to));
        document
    })
}
