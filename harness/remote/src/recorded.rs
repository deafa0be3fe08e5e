//! A client that labels and records the objects that it creates.

use std::sync::Arc;

use crosscut_objects::object;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::Value;

use super::label::labelled;
use super::ledger::{Created, LABEL, Ledger};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const APPLY: &str = "application/apply-patch+yaml";
/// API groups whose objects are queries: a create request there stores nothing.
const QUESTIONS: [&str; 2] = ["authorization.k8s.io", "authentication.k8s.io"];

/// Returns a client like `client` that labels and records every object it creates, as `ledger` requires.
pub(crate) fn recorded(client: &kube::Client, ledger: &Arc<Ledger>) -> kube::Client {
    let (inner, ledger) = (client.clone(), Arc::clone(ledger));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (inner, ledger) = (inner.clone(), Arc::clone(&ledger));
        async move { pass(&inner, &ledger, request).await }
    });
    kube::Client::new(service, client.default_namespace())
}

async fn pass(
    client: &kube::Client,
    ledger: &Ledger,
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let Some(making) = Making::of(&request) else {
        return Ok(client.send(request).await?);
    };
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let is_to_label = ledger.labels(&making.namespace)
        && match making.how {
            How::Create => true,
            How::Apply => is_to_label(client, ledger, &parts).await?,
            How::Replace => false,
        };
    let body = match is_to_label {
        true => labelled(&parts.headers, &body, ledger.run()),
        false => body,
    };
    // The created object must be read here, so the response must be JSON, whatever the sender prefers.
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(header::ACCEPT, json);
    parts.headers.remove(header::ACCEPT_ENCODING);
    let answer = client
        .send(Request::from_parts(parts, Body::from(body)))
        .await?;
    note(answer, ledger).await
}

/// Returns true if an apply request gets the label: if the object is missing, or if this run created it. An apply
/// without the label would remove it from an object of this run.
async fn is_to_label(
    client: &kube::Client,
    ledger: &Ledger,
    parts: &Parts,
) -> Result<bool, BoxError> {
    let look = Request::get(parts.uri.path()).body(Body::empty())?;
    let answer = client.send(look).await?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Ok(true);
    }
    let body = answer.into_body().collect().await?.to_bytes();
    let there: Value = serde_json::from_slice(&body).unwrap_or_default();
    Ok(object::label(&there, LABEL) == ledger.run())
}

/// Records the object if the API server reports that it was created.
async fn note(answer: Response<Body>, ledger: &Ledger) -> Result<Response<Body>, BoxError> {
    if answer.status() != StatusCode::CREATED {
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    if let Some(created) = serde_json::from_slice(&body)
        .ok()
        .and_then(|object| Created::of(&object))
    {
        ledger.note(created);
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// A request that may create an object.
#[derive(Debug, PartialEq, Eq)]
struct Making {
    /// The namespace; empty for cluster-wide objects.
    namespace: String,
    how: How,
}

/// The ways to create an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// A create request, which fails if the object exists.
    Create,
    /// A server-side apply, which creates the object or updates its fields.
    Apply,
    /// A PUT, which mostly replaces an object. A few kinds are created by it if they do not exist.
    Replace,
}

impl Making {
    fn of<B>(request: &Request<B>) -> Option<Making> {
        let is_dry = request
            .uri()
            .query()
            .is_some_and(|query| query.contains("dryRun="));
        let content = request.headers().get(header::CONTENT_TYPE);
        let applies = content.is_some_and(|content| content == APPLY);
        let (how, lengths) = match *request.method() {
            _ if is_dry => return None,
            Method::POST => (How::Create, &[1, 3]),
            Method::PATCH if applies => (How::Apply, &[2, 4]),
            Method::PUT => (How::Replace, &[2, 4]),
            _ => return None,
        };
        let namespace = namespace(request.uri().path(), lengths)?;
        Some(Making { namespace, how })
    }
}

/// Returns the namespace of a path. `lengths` has the number of parts after the version, for cluster-wide objects and
/// for others.
fn namespace(path: &str, lengths: &[usize; 2]) -> Option<String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let rest = match parts[..] {
        ["api", _, ref rest @ ..] => rest,
        ["apis", group, _, ref rest @ ..] if !QUESTIONS.contains(&group) => rest,
        _ => return None,
    };
    match rest {
        rest if rest.len() == lengths[0] => Some(String::new()),
        ["namespaces", namespace, ..] if rest.len() == lengths[1] => Some((*namespace).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_namespace("POST", "/api/v1/namespaces", "", Some(("", How::Create)))]
    #[case::a_secret("POST", "/api/v1/namespaces/a/secrets?fieldManager=m", "", Some(("a", How::Create)))]
    #[case::a_definition("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "", Some(("", How::Create)))]
    #[case::an_apply("PATCH", "/apis/example.org/v1/namespaces/a/widgets/w", APPLY, Some(("a", How::Apply)))]
    #[case::an_apply_of_a_namespace("PATCH", "/api/v1/namespaces/a", APPLY, Some(("", How::Apply)))]
    #[case::a_replacement("PUT", "/api/v1/namespaces/a/endpoints/e", "", Some(("a", How::Replace)))]
    #[case::a_replacement_of_a_status("PUT", "/api/v1/namespaces/a/services/s/status", "", None)]
    #[case::an_apply_of_a_status(
        "PATCH",
        "/apis/example.org/v1/namespaces/a/widgets/w/status",
        APPLY,
        None
    )]
    #[case::a_merge("PATCH", "/api/v1/namespaces/a", "application/merge-patch+json", None)]
    #[case::a_subresource("POST", "/api/v1/namespaces/a/pods/p/eviction", "", None)]
    #[case::a_question(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "",
        None
    )]
    #[case::a_trial("POST", "/api/v1/namespaces?dryRun=All", "", None)]
    #[case::a_look("GET", "/api/v1/namespaces", "", None)]
    fn what_may_make_objects(
        #[case] method: &str,
        #[case] uri: &str,
        #[case] content: &str,
        #[case] expected: Option<(&str, How)>,
    ) {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::CONTENT_TYPE, content)
            .body(())
            .unwrap();
        let expected = expected.map(|(namespace, how)| Making {
            namespace: namespace.to_owned(),
            how,
        });
        assert_eq!(Making::of(&request), expected);
    }
}
