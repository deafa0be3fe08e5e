//! Requests for objects of any kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::address::{Address, Deletion, Validation};
use crate::connection::{Connection, Exchange, Reply};
use crate::error::ApiError;
use crate::mapper::{Mapper, Resource};
use crate::{object, query};

const JSON: &str = "application/json";
const APPLY: &str = "application/apply-patch+yaml";
const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A request for objects of a kind, whichever resource serves it.
#[derive(Clone, Copy)]
struct Question<'a> {
    method: &'a Method,
    address: Address<'a>,
    subresource: &'a str,
    query: &'a str,
    /// With its type.
    body: Option<(&'a str, &'a Value)>,
}

/// One API server, as one client sees it. Cheap to clone.
///
/// A request waits as long as the client under it does; dropping the future gives it up.
#[derive(Clone)]
pub struct Api {
    connection: Connection,
    mapper: Arc<Mapper>,
    manager: Arc<str>,
}

impl Api {
    /// Requests through `connection`, which write fields in the name of `manager`, with what discovery said before in
    /// `mapper`.
    #[must_use]
    pub fn new(connection: &Connection, mapper: &Arc<Mapper>, manager: &str) -> Self {
        Self {
            connection: connection.clone(),
            mapper: Arc::clone(mapper),
            manager: manager.into(),
        }
    }

    /// The same with what discovery said to anybody over this connection.
    #[must_use]
    pub fn alone(connection: impl Into<Connection>, manager: &str) -> Self {
        let connection = connection.into();
        Self::new(&connection, connection.mapper(), manager)
    }

    /// Reads one object.
    ///
    /// # Errors
    /// [`ApiError`], as for every request here; a missing object [is not found](ApiError::is_not_found).
    pub async fn get(&self, address: Address<'_>) -> Result<Value, ApiError> {
        self.read(address).await.map(Arc::unwrap_or_clone)
    }

    /// Reads one object that need not be changed; a server in this process shares it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn read(&self, address: Address<'_>) -> Result<Arc<Value>, ApiError> {
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
        let address = Address {
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
        let address = Address {
            name: "",
            ..Address::of(object)
        };
        self.send(
            Method::POST,
            address,
            "",
            &self.write(validation),
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

    /// What [`Api::update`] would come to; nothing is written.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn dry_update(&self, object: &Value) -> Result<Arc<Value>, ApiError> {
        self.replace(object, "&dryRun=All").await
    }

    async fn replace(&self, object: &Value, options: &str) -> Result<Arc<Value>, ApiError> {
        let query = format!("{}{options}", self.write(Validation::default()));
        self.send(
            Method::PUT,
            Address::of(object),
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
        let query = self.write(Validation::default());
        self.send(
            Method::PUT,
            Address::of(object),
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

    /// What [`Api::apply`] would give; nothing is written.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn dry_apply(&self, object: &Value, manager: &str) -> Result<Arc<Value>, ApiError> {
        let query = format!("{}&force=true&dryRun=All", query::as_manager(manager));
        let body = Some((APPLY, object));
        self.send(Method::PATCH, Address::of(object), "", &query, body)
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
            Address::of(object),
            subresource,
            &query,
            Some((APPLY, object)),
        )
        .await
    }

    /// Changes an object by a JSON patch (RFC 6902).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn json_patch(
        &self,
        address: Address<'_>,
        patch: &Value,
    ) -> Result<Arc<Value>, ApiError> {
        let query = self.write(Validation::default());
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
        address: Address<'_>,
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
        address: Address<'_>,
        subresource: &str,
        patch: &Value,
        validation: Validation,
    ) -> Result<Arc<Value>, ApiError> {
        let subresource = if subresource.is_empty() {
            String::new()
        } else {
            format!("/{subresource}")
        };
        let query = self.write(validation);
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
    pub async fn delete(&self, address: Address<'_>, how: Deletion<'_>) -> Result<(), ApiError> {
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

    /// Whether objects of this kind live in namespaces.
    ///
    /// # Errors
    /// [`ApiError::NoMatch`] where no such kind is served, and others.
    pub async fn is_namespaced(&self, api_version: &str, kind: &str) -> Result<bool, ApiError> {
        Ok(self.resource(api_version, kind).await?.namespaced)
    }

    /// What objects of a kind are called in requests: `secrets`.
    ///
    /// # Errors
    /// [`ApiError::NoMatch`] where no such kind is served, and others.
    pub async fn resource_name(&self, api_version: &str, kind: &str) -> Result<String, ApiError> {
        Ok(self.resource(api_version, kind).await?.plural.clone())
    }

    /// A document that is not an object, such as the index of OpenAPI documents.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn document(&self, path: &str) -> Result<Value, ApiError> {
        self.over_http(request(Method::GET, path, None)?).await
    }

    fn write(&self, validation: Validation) -> String {
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
        address: Address<'_>,
        subresource: &str,
        query: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Arc<Value>, ApiError> {
        match self.ask(method, address, subresource, query, body).await? {
            Reply::Object(object) => Ok(object),
            Reply::List(_) => Err(ApiError::Transport("a list in place of an object".into())),
        }
    }

    async fn ask(
        &self,
        method: Method,
        address: Address<'_>,
        subresource: &str,
        query: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Reply, ApiError> {
        let (api_version, kind) = (address.api_version, address.kind);
        let known = self.mapper.get(api_version, kind);
        let resource = match &known {
            Some(known) => Arc::clone(known),
            None => self.resource(api_version, kind).await?,
        };
        let question = Question {
            method: &method,
            address,
            subresource,
            query,
            body,
        };
        let answer = self.ask_for(&resource, question).await;
        if !answer.as_ref().is_err_and(ApiError::is_missing_route) {
            return answer;
        }
        // It is not served as it was, perhaps for good.
        self.mapper.forget(api_version, kind);
        match known {
            Some(_) => {
                let resource = self.resource(api_version, kind).await?;
                self.ask_for(&resource, question).await
            }
            None => answer,
        }
    }

    async fn ask_for(
        &self,
        resource: &Resource,
        question: Question<'_>,
    ) -> Result<Reply, ApiError> {
        let Question {
            method,
            query,
            body,
            ..
        } = question;
        let mut path = path(resource, question.address);
        path.push_str(question.subresource);
        match self.connection.server() {
            Some(server) => server.exchange(&Exchange {
                method,
                path: &path,
                query,
                media_type: body.map_or("", |(media_type, _)| media_type),
                body: body.map(|(_, body)| body),
            }),
            None => {
                if !query.is_empty() {
                    path.push('?');
                    path.push_str(query);
                }
                let request = request(method.clone(), &path, body)?;
                let answer = self.over_http(request).await?;
                Ok(Reply::Object(Arc::new(answer)))
            }
        }
    }

    async fn over_http(&self, request: Request<Vec<u8>>) -> Result<Value, ApiError> {
        Ok(self.connection.http().request(request).await?)
    }

    async fn resource(&self, api_version: &str, kind: &str) -> Result<Arc<Resource>, ApiError> {
        if let Some(known) = self.mapper.get(api_version, kind) {
            return Ok(known);
        }
        let no_match = || ApiError::NoMatch {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        };
        if api_version.is_empty() || kind.is_empty() {
            return Err(no_match());
        }
        match self.document(&base(api_version)).await {
            Ok(list) => self.mapper.learn(api_version, &list),
            Err(error) if error.is_not_found() => return Err(no_match()),
            Err(error) => return Err(error),
        }
        self.mapper.get(api_version, kind).ok_or_else(no_match)
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

fn base(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

fn path(resource: &Resource, address: Address<'_>) -> String {
    let mut path = base(address.api_version);
    if resource.namespaced && !address.namespace.is_empty() {
        path.push_str("/namespaces/");
        path.push_str(address.namespace);
    }
    path.push('/');
    path.push_str(&resource.plural);
    if !address.name.is_empty() {
        path.push('/');
        path.push_str(address.name);
    }
    path
}

fn request(
    method: Method,
    path: &str,
    body: Option<(&str, &Value)>,
) -> Result<Request<Vec<u8>>, ApiError> {
    let builder = Request::builder().method(method).uri(path);
    let built = match body {
        Some((content_type, value)) => {
            let bytes =
                serde_json::to_vec(value).map_err(|error| ApiError::Transport(Box::new(error)))?;
            builder
                .header(header::CONTENT_TYPE, content_type)
                .body(bytes)
        }
        None => builder.body(Vec::new()),
    };
    built.map_err(|error| ApiError::Transport(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use http::Response;
    use kube::client::Body;

    use super::*;

    type Paths = Arc<Mutex<Vec<String>>>;

    /// An API server that serves `things` until they are called `items`, and keeps the paths it was asked for.
    fn server(asked: &Paths, renamed: &Arc<Mutex<Option<&'static str>>>) -> Connection {
        let (asked, renamed) = (Arc::clone(asked), Arc::clone(renamed));
        let answer = tower::service_fn(move |request: Request<Body>| {
            let path = request.uri().path().to_owned();
            asked.lock().unwrap().push(path.clone());
            let plural = renamed.lock().unwrap().unwrap_or("things");
            let discovery =
                json!({"resources": [{"name": plural, "kind": "Thing", "namespaced": true}]});
            let object = format!("/apis/example.org/v1/namespaces/team/{plural}/a");
            let (code, body) = match path.as_str() {
                "/apis/example.org/v1" if plural.is_empty() => (200, json!({"resources": []})),
                "/apis/example.org/v1" => (200, discovery),
                path if path == object => (200, json!({"metadata": {"name": "a"}})),
                _ => (
                    404,
                    json!({"kind": "Status", "status": "Failure", "code": 404,
                    "message": "the server could not find the requested resource", "reason": "NotFound", "details": {}}),
                ),
            };
            async move {
                let response = Response::builder().status(code);
                response.body(Body::from(body.to_string().into_bytes()))
            }
        });
        kube::Client::new(answer, "team").into()
    }

    const THING: Address<'_> = Address {
        api_version: "example.org/v1",
        kind: "Thing",
        namespace: "team",
        name: "a",
    };

    #[tokio::test]
    async fn who_asks_over_one_connection_discovers_a_kind_once() {
        let (asked, renamed) = (Paths::default(), Arc::default());
        let connection = server(&asked, &renamed);
        for _ in 0..2 {
            let api = Api::alone(connection.clone(), "test");
            api.read(THING).await.unwrap();
        }
        let object = "/apis/example.org/v1/namespaces/team/things/a";
        assert_eq!(
            *asked.lock().unwrap(),
            ["/apis/example.org/v1", object, object]
        );
    }

    #[tokio::test]
    async fn what_is_served_no_longer_as_it_was_is_discovered_again() {
        let (asked, renamed) = (Paths::default(), Arc::default());
        let api = Api::alone(server(&asked, &renamed), "test");
        api.read(THING).await.unwrap();
        *renamed.lock().unwrap() = Some("items");
        api.read(THING).await.unwrap();
        *renamed.lock().unwrap() = Some("");
        let error = api.read(THING).await.unwrap_err();
        assert!(error.is_no_match(), "{error}");
    }
}
