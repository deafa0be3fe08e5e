//! Requests for objects of any kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::error::ApiError;
use crate::query;
use crate::question::Question;
use crate::write::{Change, Deletion, Validation, Write, Written};
use crosscut_objects::object;
use crosscut_objects::{ObjectRef, Reply};

const JSON: &str = "application/json";
const APPLY: &str = "application/apply-patch+yaml";
const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
/// What asks for the columns that `kubectl get` prints, and for nothing else (apimachinery's `meta/v1`).
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// One API server, as one client sees it. Cheap to clone.
///
/// A request waits as long as the client under it does; dropping the future gives it up.
#[derive(Clone)]
pub struct Api {
    connection: Connection,
    manager: Arc<str>,
}

impl Api {
    /// Requests through `connection`, which write fields in the name of `manager`.
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
    /// [`ApiError`], as for every request here; a missing object [is not found](ApiError::is_not_found).
    pub async fn get(&self, address: ObjectRef<'_>) -> Result<Value, ApiError> {
        self.read(address).await.map(Arc::unwrap_or_clone)
    }

    /// Reads one object that need not be changed; a server in this process shares it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn read(&self, address: ObjectRef<'_>) -> Result<Arc<Value>, ApiError> {
        self.send(Method::GET, address, "", "", None).await
    }

    /// Every object of a kind that has the labels, in the order of the server; an empty namespace means all. Items
    /// have their apiVersion and kind.
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
        let selector = query::selector(labels);
        let reply = self.ask(Method::GET, address, "", &selector, None).await?;
        match reply {
            Reply::List(items) => Ok(items),
            Reply::Object(list) => Ok(items(Arc::unwrap_or_clone(list), api_version, kind)),
        }
    }

    /// Creates an object, with unknown fields dropped.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn create(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        self.create_with(object, Validation::default()).await
    }

    /// Creates an object.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn create_with(
        &self,
        object: &Value,
        validation: Validation,
    ) -> Result<Arc<Value>, ApiError> {
        let address = ObjectRef {
            name: "",
            ..ObjectRef::of(object)
        };
        self.send(
            Method::POST,
            address,
            "",
            &self.query(validation),
            Some((JSON, object)),
        )
        .await
    }

    /// Replaces an object; its resourceVersion, where it has one, must be current.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn update(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        self.replace(object, "").await
    }

    /// Returns what [`Api::update`] would come to; nothing is written.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn dry_update(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        self.replace(object, "&dryRun=All").await
    }

    async fn replace(&self, object: &Value, options: &str) -> Result<Arc<Value>, ApiError> {
        let query = format!("{}{options}", self.query(Validation::default()));
        self.send(
            Method::PUT,
            ObjectRef::of(object),
            "",
            &query,
            Some((JSON, object)),
        )
        .await
    }

    /// Replaces an object's status; its resourceVersion, where it has one, must be current.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn update_status(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        let query = self.query(Validation::default());
        self.send(
            Method::PUT,
            ObjectRef::of(object),
            "/status",
            &query,
            Some((JSON, object)),
        )
        .await
    }

    /// Server-side apply in the name of `manager`, which takes fields over from others.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn apply(&self, object: &Value, manager: &str) -> Result<Arc<Value>, ApiError> {
        self.apply_to("", object, manager).await
    }

    /// Returns what [`Api::apply`] would give; nothing is written.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn dry_apply(&self, object: &Value, manager: &str) -> Result<Arc<Value>, ApiError> {
        let query = format!("{}&force=true&dryRun=All", query::as_manager(manager));
        let body = Some((APPLY, object));
        self.send(Method::PATCH, ObjectRef::of(object), "", &query, body)
            .await
    }

    /// Server-side apply of the status in the name of `manager`, which takes fields over from others.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn apply_status(
        &self,
        object: &Value,
        manager: &str,
    ) -> Result<Arc<Value>, ApiError> {
        self.apply_to("/status", object, manager).await
    }

    async fn apply_to(
        &self,
        subresource: &str,
        object: &Value,
        manager: &str,
    ) -> Result<Arc<Value>, ApiError> {
        let query = format!("{}&force=true", query::as_manager(manager));
        self.send(
            Method::PATCH,
            ObjectRef::of(object),
            subresource,
            &query,
            Some((APPLY, object)),
        )
        .await
    }

    /// Writes one object in any way, and returns what the API server warns of.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn write(&self, write: &Write<'_>) -> Result<Written, ApiError> {
        let manager = write.manager.unwrap_or(&self.manager);
        let mut query = format!(
            "{}{}",
            query::as_manager(manager),
            query::validation(write.validation)
        );
        if write.change == (Change::Apply { force: true }) {
            query.push_str("&force=true");
        }
        let (method, media_type) = match write.change {
            Change::Create => (Method::POST, JSON),
            Change::MergePatch => (Method::PATCH, MERGE_PATCH),
            Change::JsonPatch => (Method::PATCH, JSON_PATCH),
            Change::StrategicMergePatch => (Method::PATCH, STRATEGIC_PATCH),
            Change::Apply { .. } => (Method::PATCH, APPLY),
        };
        let subresource = match write.subresource {
            "" => String::new(),
            subresource => format!("/{subresource}"),
        };
        let mut address = write.address;
        if write.change == Change::Create {
            address.name = "";
        }
        let question = Question {
            method: &method,
            address,
            subresource: &subresource,
            query: &query,
            body: Some((media_type, write.body)),
        };
        let answer = self.connection.answer(question).await?;
        Ok(Written {
            object: one(answer.reply)?,
            warnings: answer.warnings,
        })
    }

    /// Returns the objects as `kubectl get` prints them: a `Table` of `meta.k8s.io/v1`. An empty namespace means all,
    /// and an empty name every object that has the labels.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn table(
        &self,
        address: ObjectRef<'_>,
        labels: &BTreeMap<String, String>,
    ) -> Result<Value, ApiError> {
        let selector = query::selector(labels);
        let question = Question {
            method: &Method::GET,
            address,
            subresource: "",
            query: &selector,
            body: None,
        };
        self.connection.document_of(question, TABLE).await
    }

    /// Changes an object by a JSON patch (RFC 6902).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn json_patch(
        &self,
        address: ObjectRef<'_>,
        patch: &Value,
    ) -> Result<Arc<Value>, ApiError> {
        let query = self.query(Validation::default());
        self.send(
            Method::PATCH,
            address,
            "",
            &query,
            Some((JSON_PATCH, patch)),
        )
        .await
    }

    /// Changes an object by a JSON merge patch (RFC 7386), with unknown fields dropped.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn merge_patch(
        &self,
        address: ObjectRef<'_>,
        patch: &Value,
    ) -> Result<Arc<Value>, ApiError> {
        self.merge_patch_with(address, "", patch, Validation::default())
            .await
    }

    /// Changes an object, or a subresource of it such as `status`, by a JSON merge patch (RFC 7386).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn merge_patch_with(
        &self,
        address: ObjectRef<'_>,
        subresource: &str,
        patch: &Value,
        validation: Validation,
    ) -> Result<Arc<Value>, ApiError> {
        let subresource = if subresource.is_empty() {
            String::new()
        } else {
            format!("/{subresource}")
        };
        let query = self.query(validation);
        self.send(
            Method::PATCH,
            address,
            &subresource,
            &query,
            Some((MERGE_PATCH, patch)),
        )
        .await
    }

    /// Asks for an object's deletion, which finalizers may hold up.
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
        self.send(Method::DELETE, address, "", "", Some((JSON, &options)))
            .await
            .map(drop)
    }

    /// The object in `namespace`, where its kind lives in one and it names none.
    ///
    /// # Errors
    /// [`ApiError::NoMatch`] where the kind is not served.
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

    /// Returns true if objects of this kind live in namespaces.
    ///
    /// # Errors
    /// [`ApiError::NoMatch`] where no such kind is served, and others.
    pub async fn is_namespaced(&self, api_version: &str, kind: &str) -> Result<bool, ApiError> {
        Ok(self
            .connection
            .resource(api_version, kind)
            .await?
            .namespaced)
    }

    /// Returns what objects of a kind are called in requests: `secrets`.
    ///
    /// # Errors
    /// [`ApiError::NoMatch`] where no such kind is served, and others.
    pub async fn resource_name(&self, api_version: &str, kind: &str) -> Result<String, ApiError> {
        Ok(self
            .connection
            .resource(api_version, kind)
            .await?
            .plural
            .clone())
    }

    /// A document that is not an object, such as the index of OpenAPI documents.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn document(&self, path: &str) -> Result<Value, ApiError> {
        self.connection.document(path).await
    }

    fn query(&self, validation: Validation) -> String {
        format!(
            "{}{}",
            query::as_manager(&self.manager),
            query::validation(validation)
        )
    }

    /// Asks for what is one object.
    async fn send(
        &self,
        method: Method,
        address: ObjectRef<'_>,
        subresource: &str,
        query: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Arc<Value>, ApiError> {
        one(self.ask(method, address, subresource, query, body).await?)
    }

    async fn ask(
        &self,
        method: Method,
        address: ObjectRef<'_>,
        subresource: &str,
        query: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Reply, ApiError> {
        let question = Question {
            method: &method,
            address,
            subresource,
            query,
            body,
        };
        self.connection.ask(question).await
    }
}

fn one(reply: Reply) -> Result<Arc<Value>, ApiError> {
    match reply {
        Reply::Object(object) => Ok(object),
        Reply::List(_) => Err(ApiError::Transport("a list in place of an object".into())),
    }
}

/// The items of a list, which do not say themselves what they are where their kind is a built-in one.
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
