//! Forwarding of one request of a program, and of the response.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::Body;
use serde_json::json;

use super::hops;

/// The maximum length of a request body, in bytes. API servers accept 3 MiB.
const LONGEST: usize = 8 << 20;

/// Sends a program's request to the API server and returns the response. A request that cannot be forwarded gets a
/// `Status` object as an API server would return it.
pub(super) async fn forward<B>(
    client: kube::Client,
    request: Request<B>,
) -> Result<Response<Body>, Infallible>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    Ok(pass_on(&client, request)
        .await
        .unwrap_or_else(|refused| refused.answer()))
}

async fn pass_on<B>(client: &kube::Client, request: Request<B>) -> Result<Response<Body>, Refused>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let request = asked(request).await?;
    let answer = client.send(request).await.map_err(|error| Refused {
        status: StatusCode::BAD_GATEWAY,
        reason: "ServiceUnavailable",
        message: format!("the API server does not answer: {error}"),
    })?;
    let (mut head, body) = answer.into_parts();
    hops::remove(&mut head.headers);
    Ok(Response::from_parts(head, body))
}

/// Returns the request for the API server. It keeps no HTTP version, because each connection has its own.
async fn asked<B>(request: Request<B>) -> Result<Request<Body>, Refused>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let (head, body) = request.into_parts();
    if hops::wants_upgrade(&head.headers) {
        return Err(Refused {
            status: StatusCode::NOT_IMPLEMENTED,
            reason: "MethodNotAllowed",
            message: "crosscut passes requests on, and no connections that become something else"
                .to_owned(),
        });
    }
    let body = Limited::new(body, LONGEST)
        .collect()
        .await
        .map_err(|error| unread(error.as_ref()))?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut asked = Request::new(Body::from(body.to_bytes()));
    *asked.method_mut() = head.method;
    *asked.uri_mut() = path.parse::<Uri>().unwrap_or_default();
    *asked.headers_mut() = head.headers;
    hops::remove(asked.headers_mut());
    // The client computes the length of the final body.
    asked.headers_mut().remove(header::CONTENT_LENGTH);
    Ok(asked)
}

fn unread(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Refused {
    if error.is::<LengthLimitError>() {
        return Refused {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            reason: "RequestEntityTooLarge",
            message: format!("the request has more than {LONGEST} bytes"),
        };
    }
    Refused {
        status: StatusCode::BAD_REQUEST,
        reason: "BadRequest",
        message: format!("the request ended too early: {error}"),
    }
}

/// A failure `Status` for a request that cannot be forwarded.
struct Refused {
    status: StatusCode,
    reason: &'static str,
    message: String,
}

impl Refused {
    fn answer(self) -> Response<Body> {
        let status = json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "reason": self.reason, "message": self.message, "code": self.status.as_u16(),
        });
        let mut answer = Response::new(Body::from(status.to_string().into_bytes()));
        *answer.status_mut() = self.status;
        answer.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/json"),
        );
        answer
    }
}
