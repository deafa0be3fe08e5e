//! Who asks: what clients say of themselves in the header `User-Agent`, which API servers write into audit logs.
//!
//! What crosscut asks for is told apart from what stand-ins do in the place of providers.

use http::Request;
use http::header::{HeaderName, HeaderValue, USER_AGENT};
use kube::client::Body;

const CROSSCUT: HeaderValue =
    HeaderValue::from_static(concat!("crosscut/", env!("CARGO_PKG_VERSION")));
const STAND_INS: HeaderValue =
    HeaderValue::from_static(concat!("crosscut-stand-ins/", env!("CARGO_PKG_VERSION")));

/// The header of crosscut's own requests, as a client's configuration takes it.
pub fn crosscut() -> (HeaderName, HeaderValue) {
    (USER_AGENT, CROSSCUT)
}

/// The same client, as the stand-ins use it.
pub fn of_stand_ins(client: &kube::Client) -> kube::Client {
    let namespace = client.default_namespace().to_owned();
    let client = client.clone();
    let named = tower::service_fn(move |mut request: Request<Body>| {
        request.headers_mut().insert(USER_AGENT, STAND_INS);
        let client = client.clone();
        async move { client.send(request).await }
    });
    kube::Client::new(named, namespace)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{Request, Response};
    use kube::client::Body;

    use super::{USER_AGENT, of_stand_ins};

    #[tokio::test]
    async fn requests_of_stand_ins_are_said_to_be_theirs() {
        let echo = tower::service_fn(|request: Request<Body>| async move {
            let agent = request.headers()[USER_AGENT].clone();
            Ok::<_, Infallible>(
                Response::builder()
                    .header(USER_AGENT, agent)
                    .body(Body::empty())
                    .unwrap(),
            )
        });
        let client = of_stand_ins(&kube::Client::new(echo, "default"));
        let request = Request::get("/version").header(USER_AGENT, "crosscut/1");
        let answer = client
            .send(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let agent = answer.headers()[USER_AGENT].to_str().unwrap();
        assert!(agent.starts_with("crosscut-stand-ins/"), "{agent}");
    }
}
