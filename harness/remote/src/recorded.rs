//! A client that labels what it makes, and remembers it.

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
/// Groups whose objects are questions: nothing is made by asking them.
const QUESTIONS: [&str; 2] = ["authorization.k8s.io", "authentication.k8s.io"];

/// `client`, with everything that it makes labelled and remembered as the ledger says.
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
    // Whatever form of answer the sender likes best: what was made must be read here.
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(header::ACCEPT, json);
    parts.headers.remove(header::ACCEPT_ENCODING);
    let answer = client
        .send(Request::from_parts(parts, Body::from(body)))
        .await?;
    note(answer, ledger).await
}

/// An apply makes what is not there. What is there stays as it is, but for what this run made: an apply without the
/// label would take it away.
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

/// Remembers what the API server says that it made.
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

/// A request that may make an object.
#[derive(Debug, PartialEq, Eq)]
struct Making {
    /// Where; empty for cluster-wide objects.
    namespace: String,
    how: How,
}

/// In which ways an object comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// It must not be there.
    Create,
    /// It may be there already, and keeps what others say of it.
    Apply,
    /// It mostly is there already; of a few kinds it is made where it is not.
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

/// The namespace of a path that has as many parts behind its version as one of `lengths` says: cluster-wide first.
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
