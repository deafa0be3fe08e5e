//! What scenarios do to a cluster: finding, applying, patching and deleting objects of any kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosscut_client::{
    Address, Api as Client, ApiError, Connection, Deletion, Validation as FieldValidation, object,
};
use crosscut_suite::model::{Propagation, Validation};
use serde_json::{Value, json};

/// The field manager of everything that scenarios write.
const FIELD_MANAGER: &str = "crosscut";

/// One cluster of a trial.
pub(crate) struct Api {
    client: Client,
    namespace: String,
}

/// One object, or all objects of a kind that labels select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
}

/// A request that could not be made or was not granted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// No such kind is served: its CRD is missing, not established, or named wrongly.
    #[error("the control plane serves no kind {kind} in {api_version}")]
    NoSuchKind {
        /// The apiVersion that was asked for.
        api_version: String,
        /// The kind that was asked for.
        kind: String,
    },
    /// The object has no field that a request needs.
    #[error("the object has no {field}")]
    Incomplete {
        /// The field.
        field: &'static str,
    },
    /// The API server refused.
    #[error("{}", .0.message)]
    Refused(Box<kube::core::Status>),
    /// The request could not be made or answered.
    #[error("the control plane did not answer")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ApiError> for RequestError {
    fn from(error: ApiError) -> RequestError {
        match error {
            ApiError::Refused(status) => RequestError::Refused(status),
            ApiError::NoMatch { api_version, kind } => {
                RequestError::NoSuchKind { api_version, kind }
            }
            ApiError::Transport(source) => RequestError::Transport(source),
        }
    }
}

impl RequestError {
    /// Whether somebody else wrote meanwhile.
    fn is_conflict(&self) -> bool {
        matches!(self, RequestError::Refused(status) if status.code == 409 && status.reason == "Conflict")
    }
}

/// How often a write is tried that somebody else is quicker than. Controllers write now and then, not all the time.
const TRIES: usize = 5;

/// Tries again as long as somebody else wrote meanwhile: what is applied is meant for whatever is there.
async fn while_conflicting<Made>(mut make: impl FnMut() -> Made) -> Result<Arc<Value>, RequestError>
where
    Made: Future<Output = Result<Arc<Value>, RequestError>>,
{
    for _ in 1..TRIES {
        match make().await {
            Err(error) if error.is_conflict() => {}
            made => return made,
        }
    }
    make().await
}

impl Target {
    /// The object that a manifest describes.
    ///
    /// # Errors
    /// [`RequestError::Incomplete`] where apiVersion, kind or name is missing.
    pub(crate) fn of(manifest: &Value) -> Result<Target, RequestError> {
        let field = |text: &str, field: &'static str| {
            if text.is_empty() {
                Err(RequestError::Incomplete { field })
            } else {
                Ok(text.to_owned())
            }
        };
        Ok(Target {
            api_version: field(object::api_version(manifest), "apiVersion")?,
            kind: field(object::kind(manifest), "kind")?,
            namespace: field(object::namespace(manifest), "metadata.namespace").ok(),
            name: Some(field(object::name(manifest), "metadata.name")?),
            labels: BTreeMap::new(),
        })
    }
}

impl Api {
    /// `namespace` is where namespaced objects are that name none.
    pub(crate) fn new(client: &Connection, namespace: &str) -> Api {
        let client = Client::new(client, FIELD_MANAGER);
        Api {
            client,
            namespace: namespace.to_owned(),
        }
    }

    /// The objects that `target` names: one or none by name, any number otherwise.
    ///
    /// # Errors
    /// [`RequestError`]; a missing object is no error.
    pub(crate) async fn find(&self, target: &Target) -> Result<Vec<Arc<Value>>, RequestError> {
        let Target {
            api_version,
            kind,
            namespace,
            name,
            labels,
        } = target;
        let namespace = namespace.as_deref().unwrap_or(&self.namespace);
        let Some(name) = name else {
            return Ok(self
                .client
                .list(api_version, kind, namespace, labels)
                .await?);
        };
        match self
            .client
            .read(Address {
                api_version,
                kind,
                namespace,
                name,
            })
            .await
        {
            Ok(object) => Ok(vec![object]),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates the object, or merges it into what is there.
    ///
    /// # Errors
    /// [`RequestError`], [`RequestError::Refused`] above all.
    pub(crate) async fn apply(
        &self,
        manifest: &Value,
        validation: Validation,
    ) -> Result<Arc<Value>, RequestError> {
        let manifest = self.client.placed(manifest, &self.namespace).await?;
        // generateName asks for a new object each time.
        if manifest.pointer("/metadata/name").is_none()
            && manifest.pointer("/metadata/generateName").is_some()
        {
            return Ok(self
                .client
                .create_with(&manifest, fields(validation))
                .await?);
        }
        let target = Target::of(&manifest)?;
        while_conflicting(|| self.apply_once(&target, &manifest, validation)).await
    }

    async fn apply_once(
        &self,
        target: &Target,
        manifest: &Value,
        validation: Validation,
    ) -> Result<Arc<Value>, RequestError> {
        match self.find(target).await?.first() {
            None => Ok(self
                .client
                .create_with(manifest, fields(validation))
                .await?),
            Some(live) => {
                let mut patch = manifest.clone();
                let version = object::text(live, &["metadata", "resourceVersion"]);
                object::set(&mut patch, &["metadata", "resourceVersion"], json!(version));
                self.patch(target, &patch, None, validation).await
            }
        }
    }

    /// Merges a patch into an object or one of its subresources.
    ///
    /// # Errors
    /// [`RequestError`]; a missing object is refused with 404.
    pub(crate) async fn patch(
        &self,
        target: &Target,
        patch: &Value,
        subresource: Option<&str>,
        validation: Validation,
    ) -> Result<Arc<Value>, RequestError> {
        let address = Address {
            api_version: &target.api_version,
            kind: &target.kind,
            namespace: target.namespace.as_deref().unwrap_or(&self.namespace),
            name: target.name.as_deref().unwrap_or_default(),
        };
        let subresource = subresource.unwrap_or_default();
        Ok(self
            .client
            .merge_patch_with(address, subresource, patch, fields(validation))
            .await?)
    }

    /// Deletes one object, or every object that `target` selects. What is missing is no error.
    ///
    /// # Errors
    /// [`RequestError`].
    pub(crate) async fn delete(
        &self,
        target: &Target,
        propagation: Option<Propagation>,
    ) -> Result<(), RequestError> {
        let how = Deletion {
            propagation: propagation.map_or("", policy),
            uid: None,
        };
        for object in self.find(target).await? {
            match self.client.delete(Address::of(&object), how).await {
                Ok(()) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn fields(validation: Validation) -> FieldValidation {
    match validation {
        Validation::Strict => FieldValidation::Strict,
        Validation::Warn => FieldValidation::Warn,
        Validation::Ignore => FieldValidation::Ignore,
    }
}

fn policy(propagation: Propagation) -> &'static str {
    match propagation {
        Propagation::Background => "Background",
        Propagation::Foreground => "Foreground",
        Propagation::Orphan => "Orphan",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{RequestError, TRIES, Target, while_conflicting};

    fn refused(reason: &str) -> RequestError {
        let status = json!({"metadata": {}, "status": "Failure", "code": 409, "reason": reason, "message": reason});
        RequestError::Refused(Box::new(serde_json::from_value(status).unwrap()))
    }

    /// How often something is tried that fails so often with a reason, and whether it succeeds in the end.
    async fn tried(failures: usize, reason: &str) -> (usize, bool) {
        let mut tries = 0;
        let made = while_conflicting(|| {
            tries += 1;
            let fails = tries <= failures;
            async move {
                if fails {
                    Err(refused(reason))
                } else {
                    Ok(std::sync::Arc::new(json!({})))
                }
            }
        });
        let made = made.await.is_ok();
        (tries, made)
    }

    #[tokio::test]
    async fn who_was_too_slow_tries_again() {
        assert_eq!(tried(0, "Conflict").await, (1, true));
        assert_eq!(tried(2, "Conflict").await, (3, true));
        assert_eq!(tried(TRIES, "Conflict").await, (TRIES, false));
        assert_eq!(tried(1, "AlreadyExists").await, (1, false));
    }

    #[test]
    fn a_manifest_without_a_name_is_incomplete() {
        let error = Target::of(&json!({"apiVersion": "v1", "kind": "Secret"})).unwrap_err();
        assert_eq!(error.to_string(), "the object has no metadata.name");
    }
}
