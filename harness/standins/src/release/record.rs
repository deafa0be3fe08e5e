//! The record of a release on the target: a Secret in the place of Helm's own.
//!
//! It has Helm's name, type and labels; its content is plain JSON instead of Helm's compressed form, and there are no
//! manifests in it, since nothing is rendered.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_client::{Api, ApiError, Deletion};

use crosscut_objects::object;
use serde_json::{Value, json};

use super::chart::Chart;
use super::secret;

/// One revision of a release.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) chart: Chart,
    pub(super) values: Value,
    pub(super) revision: u64,
}

impl Record {
    /// Returns true if another revision would be the same.
    pub(super) fn is(&self, wanted: &Record) -> bool {
        self.chart.is(&wanted.chart) && self.values == wanted.values
    }

    fn secret_name(&self) -> String {
        format!("sh.helm.release.v1.{}.v{}", self.name, self.revision)
    }

    fn to_secret(&self) -> Value {
        let content = json!({
            "name": self.name,
            "namespace": self.namespace,
            "version": self.revision,
            "chart": self.chart.to_value(),
            "config": self.values,
            "info": { "status": "deployed" },
        });
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "helm.sh/release.v1",
            "metadata": {
                "name": self.secret_name(),
                "namespace": self.namespace,
                "labels": {
                    "owner": "helm",
                    "name": self.name,
                    "status": "deployed",
                    "version": self.revision.to_string(),
                },
            },
            "data": { "release": STANDARD.encode(content.to_string()) },
        })
    }

    fn from_secret(secret: &Value) -> Option<Record> {
        let bytes = STANDARD.decode(secret["data"]["release"].as_str()?).ok()?;
        let content: Value = serde_json::from_slice(&bytes).ok()?;
        Some(Record {
            name: content["name"].as_str()?.to_owned(),
            namespace: content["namespace"].as_str()?.to_owned(),
            chart: Chart::from_value(&content["chart"]),
            values: content["config"].clone(),
            revision: content["version"].as_u64()?,
        })
    }
}

/// The deployed revision of a release.
pub(super) async fn latest(
    target: &Api,
    namespace: &str,
    name: &str,
) -> Result<Option<Record>, ApiError> {
    let all = secrets(target, namespace, name).await?;
    let records = all.iter().filter_map(|secret| Record::from_secret(secret));
    Ok(records.max_by_key(|record| record.revision))
}

/// Every revision that is recorded.
async fn secrets(target: &Api, namespace: &str, name: &str) -> Result<Vec<Arc<Value>>, ApiError> {
    let labels = [("owner", "helm"), ("name", name)];
    let labels: BTreeMap<String, String> = labels
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    target.list("v1", "Secret", namespace, &labels).await
}

pub(super) async fn create(target: &Api, record: &Record) -> Result<Record, ApiError> {
    target.create(&record.to_secret()).await?;
    Ok(record.clone())
}

/// The next revision; the one before is marked as Helm does.
pub(super) async fn replace(
    target: &Api,
    before: &Record,
    wanted: &Record,
) -> Result<Record, ApiError> {
    let next = Record {
        revision: before.revision + 1,
        ..wanted.clone()
    };
    let next = create(target, &next).await?;
    let superseded = json!({ "metadata": { "labels": { "status": "superseded" } } });
    let name = before.secret_name();
    target
        .merge_patch(secret(&before.namespace, &name), &superseded)
        .await?;
    Ok(next)
}

/// Takes out every revision.
pub(super) async fn remove(target: &Api, namespace: &str, name: &str) -> Result<(), ApiError> {
    for found in secrets(target, namespace, name).await? {
        let address = secret(namespace, object::name(&found));
        match target.delete(address, Deletion::default()).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
