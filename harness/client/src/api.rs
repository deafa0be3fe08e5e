//! Requests for objects of any kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::error::ApiError;
use crate::request::KindRequest;
use crate::write::{Change, Deletion, Write, Written};
use crosscut_objects::object;
use crosscut_objects::{Body, Content, FieldValidation, ObjectRef, Options};

const JSON: &str = "application/json";
const APPLY: &str = "application/apply-patch+yaml";
const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
/// The media type of the columns that `kubectl get` prints, without a fallback (apimachinery's `meta/v1`).
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// A client of one API server. Cheap to clone.
///
/// The underlying client decides how long a request waits. To cancel a request, drop its future.
#[derive(Clone)]
pub struct Api {
    connection: Connection,
    manager: Arc<str>,
}

impl Api {
    /// Returns a client that sends its requests through `connection` and owns fields as `manager`.
    #[must_use]
    pub fn new(connection: impl Into<Connection>, manager: &str) -> Self {
        Self {
            connection: connection.into(),
            manager: manager.into(),
        }
    }

    /// Reads one object.
    ///
    /// # Errors
    /// Returns an [`ApiError`], as every request here. A missing object [is not found](ApiError::is_not_found).
    pub async fn get(&self, address: ObjectRef<'_>) -> Result<Value, ApiError> {
        self.read(address).await.map(Arc::unwrap_or_clone)
    }

    /// Reads one object without a copy: a server in this process shares the object.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn read(&self, address: ObjectRef<'_>) -> Result<Arc<Value>, ApiError> {
        let request = KindRequest {
            method: &Method::GET,
            address,
            subresource: "",
            options: Options::default(),
            body: None,
        };
        self.one(request).await
    }

    /// Returns all objects of a kind with these labels, in the order of the server. An empty namespace means all
    /// namespaces. Items have their apiVersion and kind.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<Arc<Value>>, ApiError> {
        let address = ObjectRef {
            api_version,
            kind,
            namespace,
            name: "",
        };
        let request = KindRequest {
            method: &Method::GET,
            address,
            subresource: "",
            options: Options {
                labels: Some(labels),
                ..Options::default()
            },
            body: None,
        };
        match self.connection.send(request).await?.content {
            Content::List(items) => Ok(items),
            Content::Object(list) => Ok(items(Arc::unwrap_or_clone(list), api_version, kind)),
        }
    }

    /// Creates an object. Unknown fields are dropped.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn create(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        self.create_with(object, FieldValidation::default()).await
    }

    /// Creates an object.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn create_with(
        &self,
        object: &Value,
        validation: FieldValidation,
    ) -> Result<Arc<Value>, ApiError> {
        let address = ObjectRef {
            name: "",
            ..ObjectRef::of(object)
        };
        let request = KindRequest {
            method: &Method::POST,
            address,
            subresource: "",
            options: self.options(validation),
            body: Some(json_body(object)),
        };
        self.one(request).await
    }

    /// Replaces an object. If it has a resourceVersion, that must be the current one.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn update(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        self.replace(object, "", false).await
    }

    /// Returns the result of [`Api::update`] without writing the object.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn dry_update(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        self.replace(object, "", true).await
    }

    async fn replace(
        &self,
        object: &Value,
        subresource: &str,
        dry_run: bool,
    ) -> Result<Arc<Value>, ApiError> {
        let request = KindRequest {
            method: &Method::PUT,
            address: ObjectRef::of(object),
            subresource,
            options: Options {
                dry_run,
                ..self.options(FieldValidation::default())
            },
            body: Some(json_body(object)),
        };
        self.one(request).await
    }

    /// Replaces an object's status. If the object has a resourceVersion, that must be the current one.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn update_status(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        self.replace(object, "status", false).await
    }

    /// Applies an object on the server as `manager`, which takes over fields of other managers.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn apply(&self, object: &Value, manager: &str) -> Result<Arc<Value>, ApiError> {
        self.apply_to("", object, manager, false).await
    }

    /// Returns the result of [`Api::apply`] without writing the object.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn dry_apply(&self, object: &Value, manager: &str) -> Result<Arc<Value>, ApiError> {
        self.apply_to("", object, manager, true).await
    }

    /// Applies an object's status on the server as `manager`, which takes over fields of other managers.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn apply_status(
        &self,
        object: &Value,
        manager: &str,
    ) -> Result<Arc<Value>, ApiError> {
        self.apply_to("status", object, manager, false).await
    }

    async fn apply_to(
        &self,
        subresource: &str,
        object: &Value,
        manager: &str,
        dry_run: bool,
    ) -> Result<Arc<Value>, ApiError> {
        let request = KindRequest {
            method: &Method::PATCH,
            address: ObjectRef::of(object),
            subresource,
            options: Options {
                field_manager: manager,
                force: true,
                dry_run,
                ..Options::default()
            },
            body: Some(Body {
                media_type: APPLY,
                value: object,
            }),
        };
        self.one(request).await
    }

    /// Writes one object. Returns the object with the API server's warnings.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn write(&self, write: &Write<'_>) -> Result<Written, ApiError> {
        let (method, media_type) = match write.change {
            Change::Create => (Method::POST, JSON),
            Change::MergePatch => (Method::PATCH, MERGE_PATCH),
            Change::JsonPatch => (Method::PATCH, JSON_PATCH),
            Change::StrategicMergePatch => (Method::PATCH, STRATEGIC_PATCH),
            Change::Apply { .. } => (Method::PATCH, APPLY),
        };
        let mut address = write.address;
        if write.change == Change::Create {
            address.name = "";
        }
        let request = KindRequest {
            method: &method,
            address,
            subresource: write.subresource,
            options: Options {
                field_manager: write.manager.unwrap_or(&self.manager),
                force: write.change == (Change::Apply { force: true }),
                ..self.options(write.validation)
            },
            body: Some(Body {
                media_type,
                value: write.body,
            }),
        };
        let response = self.connection.send(request).await?;
        Ok(Written {
            object: one(response.content)?,
            warnings: response.warnings,
        })
    }

    /// Returns the objects as `kubectl get` prints them: a `Table` of `meta.k8s.io/v1`. An empty namespace means all
    /// namespaces, and an empty name means all objects with these labels.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn table(
        &self,
        address: ObjectRef<'_>,
        labels: &BTreeMap<String, String>,
    ) -> Result<Value, ApiError> {
        let request = KindRequest {
            method: &Method::GET,
            address,
            subresource: "",
            options: Options {
                labels: Some(labels),
                ..Options::default()
            },
            body: None,
        };
        self.connection.document_of(request, TABLE).await
    }

    /// Changes an object with a JSON patch (RFC 6902).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn json_patch(
        &self,
        address: ObjectRef<'_>,
        patch: &Value,
    ) -> Result<Arc<Value>, ApiError> {
        let request = KindRequest {
            method: &Method::PATCH,
            address,
            subresource: "",
            options: self.options(FieldValidation::default()),
            body: Some(Body {
                media_type: JSON_PATCH,
                value: patch,
            }),
        };
        self.one(request).await
    }

    /// Changes an object with a JSON merge patch (RFC 7386). Unknown fields are dropped.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn merge_patch(
        &self,
        address: ObjectRef<'_>,
        patch: &Value,
    ) -> Result<Arc<Value>, ApiError> {
        self.merge_patch_with(address, "", patch, FieldValidation::default())
            .await
    }

    /// Changes an object, or a subresource of it such as `status`, with a JSON merge patch (RFC 7386).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn merge_patch_with(
        &self,
        address: ObjectRef<'_>,
        subresource: &str,
        patch: &Value,
        validation: FieldValidation,
    ) -> Result<Arc<Value>, ApiError> {
        let request = KindRequest {
            method: &Method::PATCH,
            address,
            subresource,
            options: self.options(validation),
            body: Some(Body {
                media_type: MERGE_PATCH,
                value: patch,
            }),
        };
        self.one(request).await
    }

    /// Requests the deletion of an object. Finalizers may delay the deletion.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete(&self, address: ObjectRef<'_>, how: Deletion<'_>) -> Result<(), ApiError> {
        let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        if !how.propagation.is_empty() {
            object::set(&mut options, &["propagationPolicy"], json!(how.propagation));
        }
        if let Some(uid) = how.uid {
            object::set(&mut options, &["preconditions", "uid"], json!(uid));
        }
        let request = KindRequest {
            method: &Method::DELETE,
            address,
            subresource: "",
            options: Options::default(),
            body: Some(json_body(&options)),
        };
        self.one(request).await.map(drop)
    }

    /// Returns the object with the namespace `namespace` if its kind is namespaced and the object has none.
    ///
    /// # Errors
    /// Returns [`ApiError::NoMatch`] if the kind is not served.
    pub async fn placed(&self, object: &Value, namespace: &str) -> Result<Value, ApiError> {
        let mut object = object.clone();
        let namespaced = self
            .is_namespaced(object::api_version(&object), object::kind(&object))
            .await?;
        if namespaced && object::namespace(&object).is_empty() {
            object::set(&mut object, &["metadata", "namespace"], json!(namespace));
        }
        Ok(object)
    }

    /// Returns true if objects of this kind are namespaced.
    ///
    /// # Errors
    /// Returns [`ApiError::NoMatch`] if the kind is not served, and other errors.
    pub async fn is_namespaced(&self, api_version: &str, kind: &str) -> Result<bool, ApiError> {
        Ok(self
            .connection
            .resource(api_version, kind)
            .await?
            .namespaced)
    }

    /// Returns the name of a kind's resource in requests, such as `secrets`.
    ///
    /// # Errors
    /// Returns [`ApiError::NoMatch`] if the kind is not served, and other errors.
    pub async fn resource_name(&self, api_version: &str, kind: &str) -> Result<String, ApiError> {
        Ok(self
            .connection
            .resource(api_version, kind)
            .await?
            .plural
            .clone())
    }

    /// Reads a document that is not an object, such as the index of OpenAPI documents.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn document(&self, path: &str) -> Result<Value, ApiError> {
        self.connection.document(path).await
    }

    fn options(&self, field_validation: FieldValidation) -> Options<'_> {
        Options {
            field_manager: &self.manager,
            field_validation,
            ..Options::default()
        }
    }

    /// Sends a request whose response is one object.
    async fn one(&self, request: KindRequest<'_>) -> Result<Arc<Value>, ApiError> {
        one(self.connection.send(request).await?.content)
    }
}

fn json_body(value: &Value) -> Body<'_> {
    Body {
        media_type: JSON,
        value,
    }
}

fn one(content: Content) -> Result<Arc<Value>, ApiError> {
    match content {
        Content::Object(object) => Ok(object),
        Content::List(_) => Err(ApiError::Transport("a list in place of an object".into())),
    }
}

/// Returns the items of a list, with the apiVersion and kind that items of built-in kinds do not have.
fn items(mut list: Value, api_version: &str, kind: &str) -> Vec<Arc<Value>> {
    let Some(Value::Array(items)) = list.get_mut("items").map(Value::take) else {
        return Vec::new();
    };
    let complete = |mut item: Value| {
        object::set(&mut item, &["apiVersion"], json!(api_version));
        object::set(&mut item, &["kind"], json!(kind));
        Arc::new(item)
    };
    items.into_iter().map(complete).collect()
}
