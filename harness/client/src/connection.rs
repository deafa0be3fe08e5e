//! How requests reach an API server: over HTTP, or, where it is in this process, handed over as values; and what
//! discovery said there, which every request goes by.

use std::fmt;
use std::sync::Arc;

use crosscut_objects::{Answer, Direct, Exchange, Reply};
use http::{HeaderValue, Method, header};
use serde_json::Value;

use crate::error::ApiError;
use crate::mapper::{Mapper, Resource};
use crate::question::{Question, base, request};
use crate::warning;

/// A way to one API server. Cheap to clone; clones share what discovery said.
#[derive(Clone)]
pub struct Connection {
    http: kube::Client,
    direct: Option<Arc<dyn Direct>>,
    mapper: Arc<Mapper>,
}

impl Connection {
    /// To a server in this process, which requests for objects reach directly and all others through `http`.
    #[must_use]
    pub fn direct(http: kube::Client, server: Arc<dyn Direct>) -> Connection {
        Connection {
            http,
            direct: Some(server),
            mapper: Arc::default(),
        }
    }

    /// The client for what is asked over HTTP.
    #[must_use]
    pub fn http(&self) -> &kube::Client {
        &self.http
    }

    /// The answer to a question about objects. Where a kind is not served as discovery said before, it is asked again.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Reply, ApiError> {
        self.answer(question).await.map(|answer| answer.reply)
    }

    /// As [`Connection::ask`], with what the API server warns of.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(crate) async fn answer(&self, question: Question<'_>) -> Result<Answer, ApiError> {
        let (api_version, kind) = (question.address.api_version, question.address.kind);
        let known = self.mapper.get(api_version, kind);
        let resource = match &known {
            Some(known) => Arc::clone(known),
            None => self.resource(api_version, kind).await?,
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
    ) -> Result<Answer, ApiError> {
        let path = question.path(resource);
        match &self.direct {
            Some(server) => server
                .exchange(&Exchange {
                    method: question.method,
                    path: &path,
                    query: question.query,
                    media_type: question.body.map_or("", |(media_type, _)| media_type),
                    body: question.body.map(|(_, body)| body),
                })
                .map_err(refused),
            None => {
                let (answer, warnings) =
                    warning::request(&self.http, question.over_http(path)?).await?;
                Ok(Answer {
                    reply: Reply::Object(Arc::new(answer)),
                    warnings,
                })
            }
        }
    }

    /// Returns the answer to a question about objects in another form, over HTTP.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(crate) async fn document_of(
        &self,
        question: Question<'_>,
        accept: &'static str,
    ) -> Result<Value, ApiError> {
        let (api_version, kind) = (question.address.api_version, question.address.kind);
        let resource = self.resource(api_version, kind).await?;
        let mut request = question.over_http(question.path(&resource))?;
        let accept = HeaderValue::from_static(accept);
        request.headers_mut().insert(header::ACCEPT, accept);
        Ok(self.http.request(request).await?)
    }

    /// A document that is not an object.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(crate) async fn document(&self, path: &str) -> Result<Value, ApiError> {
        Ok(self
            .http
            .request(request(&Method::GET, path, None)?)
            .await?)
    }

    /// Returns the resource that serves a kind.
    ///
    /// # Errors
    /// [`ApiError::NoMatch`] where none does, and others.
    pub(crate) async fn resource(
        &self,
        api_version: &str,
        kind: &str,
    ) -> Result<Arc<Resource>, ApiError> {
        if let Some(known) = self.mapper.get(api_version, kind) {
            return Ok(known);
        }
        let no_match = || {
            if let Some(server) = &self.direct {
                server.no_such_kind(api_version, kind);
            }
            ApiError::NoMatch {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
            }
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

/// Returns the error that a `Status` object is.
fn refused(status: Value) -> ApiError {
    match serde_json::from_value(status) {
        Ok(status) => ApiError::Refused(Box::new(status)),
        Err(error) => ApiError::Transport(Box::new(error)),
    }
}

impl From<&Connection> for Connection {
    fn from(connection: &Connection) -> Connection {
        connection.clone()
    }
}

impl From<kube::Client> for Connection {
    fn from(http: kube::Client) -> Connection {
        Connection {
            http,
            direct: None,
            mapper: Arc::default(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("direct", &self.direct.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::json;

    use super::*;
    use crate::Api;
    use crosscut_objects::ObjectRef;

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

    const THING: ObjectRef<'_> = ObjectRef {
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
            let api = Api::new(&connection, "test");
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
        let api = Api::new(server(&asked, &renamed), "test");
        api.read(THING).await.unwrap();
        *renamed.lock().unwrap() = Some("items");
        api.read(THING).await.unwrap();
        *renamed.lock().unwrap() = Some("");
        let error = api.read(THING).await.unwrap_err();
        assert!(error.is_no_match(), "{error}");
    }
}
