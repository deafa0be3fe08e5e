//! A client for a trial's own requests that protects objects which the run did not create.

use std::sync::Arc;

use bytes::Bytes;
use crosscut_objects::object;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Value, json};

use super::changes::Changes;
use super::mine::Mine;
use crosscut_cluster::NotMine;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The treatment of a trial's changes to objects that the run did not create.
#[derive(Clone)]
pub(super) enum Others {
    /// No change is allowed: the request fails with [`NotMine`] and is not sent.
    Remnant,
    /// Changes are sent, and recorded for restoration.
    Changed(Arc<Changes>),
}

/// Returns a client like `client` that treats changes to objects outside `mine` as `others` requires.
pub(super) fn guarded(client: &kube::Client, mine: &Mine, others: &Others) -> kube::Client {
    let (inner, mine, others) = (client.clone(), mine.clone(), others.clone());
    let service = tower::service_fn(move |request: Request<Body>| {
        let (inner, mine, others) = (inner.clone(), mine.clone(), others.clone());
        async move { pass(&inner, &mine, &others, request).await }
    });
    kube::Client::new(service, client.default_namespace())
}

async fn pass(
    client: &kube::Client,
    mine: &Mine,
    others: &Others,
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let is_change = matches!(
        *request.method(),
        Method::PATCH | Method::PUT | Method::DELETE
    );
    if !is_change || is_dry(&request) {
        return Ok(client.send(request).await?);
    }
    let path = request.uri().path().to_owned();
    let Some(place) = Place::of(&path) else {
        return Err(NotMine::all(&path).into());
    };
    if mine.owns(place.namespace) {
        return Ok(client.send(request).await?);
    }
    let Some(there) = look(client, place.object).await? else {
        return Ok(client.send(request).await?);
    };
    let request = match *request.method() {
        Method::DELETE => only_this(request, object::uid(&there)).await?,
        _ => request,
    };
    if mine.made(&there).await? {
        return Ok(client.send(request).await?);
    }
    match others {
        Others::Remnant => Err(NotMine::of(&there).into()),
        Others::Changed(changes) => change(client, changes, there, &place, request).await,
    }
}

/// Sends a change to an object of others, and records the object's previous state.
async fn change(
    client: &kube::Client,
    changes: &Changes,
    before: Value,
    place: &Place<'_>,
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let deletes = *request.method() == Method::DELETE;
    if deletes
        && matches!(
            object::kind(&before),
            "Namespace" | "CustomResourceDefinition"
        )
    {
        return Err(NotMine::with_more(&before).into());
    }
    let answer = client.send(request).await?;
    if !answer.status().is_success() {
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    let after = match deletes {
        true => None,
        false => Some(serde_json::from_slice(&body)?),
    };
    changes.note(before, after, place.is_status);
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn is_dry(request: &Request<Body>) -> bool {
    let query = request.uri().query();
    query.is_some_and(|query| query.contains("dryRun="))
}

/// Returns the object at `path`, or `None` if there is none.
async fn look(client: &kube::Client, path: &str) -> Result<Option<Value>, BoxError> {
    let request = Request::get(path)
        .header(http::header::ACCEPT, "application/json")
        .body(Body::empty())?;
    let answer = client.send(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    match status {
        StatusCode::NOT_FOUND => Ok(None),
        status if status.is_success() => Ok(Some(serde_json::from_slice(&body)?)),
        status => {
            let said = String::from_utf8_lossy(&body);
            Err(format!("whose {path} is cannot be known: {status}: {said}").into())
        }
    }
}

/// Adds the `uid` as a precondition to a deletion, so that a later object of the same name is not deleted.
async fn only_this(request: Request<Body>, uid: &str) -> Result<Request<Body>, BoxError> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut options = match body.is_empty() {
        true => json!({"apiVersion": "v1", "kind": "DeleteOptions"}),
        false => serde_json::from_slice(&body)?,
    };
    object::set(&mut options, &["preconditions", "uid"], json!(uid));
    let body = Bytes::from(serde_json::to_vec(&options)?);
    let json = http::HeaderValue::from_static("application/json");
    parts.headers.insert(http::header::CONTENT_TYPE, json);
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The object that a request's path addresses.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    /// Empty for cluster-wide objects.
    namespace: &'a str,
    /// The object's path, without a subresource.
    object: &'a str,
    is_status: bool,
}

impl<'a> Place<'a> {
    /// Returns `None` for a path that addresses all objects of a kind.
    fn of(path: &'a str) -> Option<Place<'a>> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (before, rest) = match parts[..] {
            ["api", _, ref rest @ ..] => (2, rest),
            ["apis", _, _, ref rest @ ..] => (3, rest),
            _ => return None,
        };
        let (namespace, length) = match rest {
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => ("", 2),
            ["namespaces", namespace, _, _, ..] => (*namespace, 4),
            ["namespaces", ..] => return None,
            [_, _, ..] => ("", 2),
            _ => return None,
        };
        let object = parts.get(..before + length)?;
        let end = object.iter().map(|part| part.len() + 1).sum::<usize>();
        Some(Place {
            namespace,
            object: path.get(..end)?,
            is_status: rest.get(length) == Some(&"status"),
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Place;

    #[rstest]
    #[case::a_namespace("/api/v1/namespaces/a", Some(("", "/api/v1/namespaces/a", false)))]
    #[case::its_status("/api/v1/namespaces/a/status", Some(("", "/api/v1/namespaces/a", true)))]
    #[case::a_secret("/api/v1/namespaces/a/secrets/s", Some(("a", "/api/v1/namespaces/a/secrets/s", false)))]
    #[case::a_widget("/apis/e.org/v1/namespaces/a/widgets/w/status", Some(("a", "/apis/e.org/v1/namespaces/a/widgets/w", true)))]
    #[case::a_scale("/apis/e.org/v1/widgets/w/scale", Some(("", "/apis/e.org/v1/widgets/w", false)))]
    #[case::all_secrets("/api/v1/namespaces/a/secrets", None)]
    #[case::all_nodes("/api/v1/nodes", None)]
    #[case::something_else("/version", None)]
    fn a_request_is_about_one_object(
        #[case] path: &str,
        #[case] expected: Option<(&str, &str, bool)>,
    ) {
        let place = Place::of(path);
        let found = place.map(|place| (place.namespace, place.object, place.is_status));
        assert_eq!(found, expected);
    }
}
