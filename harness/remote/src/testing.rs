//! An in-process cluster for tests: the embedded API server, with responses to access reviews.

use std::convert::Infallible;
use std::sync::Arc;

use crosscut_apiserver::{ApiServer, Options};
use crosscut_controller::{Scheduler, SettleLimits, VirtualClock, builtin};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Value, json};

use super::access::Access;

/// A cluster that serves new kinds once it has settled.
pub(super) struct InProcess {
    pub(super) client: kube::Client,
    scheduler: Scheduler,
}

impl InProcess {
    pub(super) fn new() -> InProcess {
        let clock = VirtualClock::new();
        let server = ApiServer::new(Options {
            clock: Arc::new(clock.clone()),
            seed: 0,
            admission: Vec::new(),
        });
        let mut scheduler = Scheduler::new(clock, 0);
        let (connection, log) = crosscut_testkit::in_process(server);
        let plane = scheduler.add_plane("control", connection, log);
        for controller in builtin::controllers() {
            scheduler.add(&plane, controller);
        }
        InProcess {
            client: plane.connection().http().clone(),
            scheduler,
        }
    }

    pub(super) async fn settle(&mut self) {
        self.scheduler
            .settle(&SettleLimits::default())
            .await
            .unwrap();
    }

    /// Returns access for a user who may do everything except `denied`, each as `verb resource`.
    pub(super) fn connection(&self, denied: &[&str]) -> Access {
        let denied: Arc<[String]> = denied.iter().map(|&one| one.to_owned()).collect();
        let inner = self.client.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (inner, denied) = (inner.clone(), Arc::clone(&denied));
            async move { Ok::<_, Infallible>(answer(&inner, &denied, request).await) }
        });
        Access {
            context: "test".to_owned(),
            address: "https://test.invalid".to_owned(),
            kubeconfig: "{}".to_owned(),
            client: kube::Client::new(service, "default"),
        }
    }
}

async fn answer(
    client: &kube::Client,
    denied: &[String],
    request: Request<Body>,
) -> Response<Body> {
    if !request.uri().path().ends_with("/selfsubjectaccessreviews") {
        return client.send(request).await.unwrap();
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut review: Value = serde_json::from_slice(&body).unwrap();
    let asked = &review["spec"]["resourceAttributes"];
    let asked = format!(
        "{} {}",
        asked["verb"].as_str().unwrap(),
        asked["resource"].as_str().unwrap()
    );
    review["status"] = json!({"allowed": !denied.contains(&asked)});
    let body = Body::from(review.to_string().into_bytes());
    Response::builder().status(201).body(body).unwrap()
}
