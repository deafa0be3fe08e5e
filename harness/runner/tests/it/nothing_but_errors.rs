//! Tests with a control plane that returns only errors: no action of a scenario passes.

use std::convert::Infallible;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_cluster::{Cluster, ClusterError, Lease, Rest, SettleError, Side};
use crosscut_events::Verdict;
use crosscut_suite::Trial;
use http::{Request, Response};
use kube::client::Body;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::judging::{document, plan, reports};

/// The response to every request.
#[derive(Clone, Copy, Debug)]
enum Errors {
    /// A Status, as API servers return it.
    Status(u16),
    /// A body that is no Status, as proxies return it.
    Page(u16),
    /// A page with status 200.
    Nonsense,
}

struct Broken(Errors);

#[async_trait]
impl Cluster for Broken {
    fn kind(&self) -> &str {
        "broken"
    }

    async fn lease(&self, _: &Trial, _: u64) -> Result<Box<dyn Lease>, ClusterError> {
        Ok(Box::new(BrokenLease(self.0)))
    }

    async fn close(&self) {}
}

struct BrokenLease(Errors);

#[async_trait]
impl Lease for BrokenLease {
    fn connection(&self, _: Side) -> Connection {
        let errors = self.0;
        let service = tower::service_fn(move |_: Request<Body>| async move {
            Ok::<_, Infallible>(answer(errors))
        });
        kube::Client::new(service, "default").into()
    }

    fn namespace(&self) -> &str {
        "default"
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        Ok(Rest::default())
    }

    async fn sleep(&mut self, _: Duration) -> Result<Rest, SettleError> {
        Ok(Rest::default())
    }

    async fn objects(&mut self, _: Side) -> Result<Vec<Value>, ClusterError> {
        Ok(Vec::new())
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        Ok(())
    }
}

fn answer(errors: Errors) -> Response<Body> {
    let (code, body) = match errors {
        Errors::Status(code) => {
            let reason = match code {
                404 => "NotFound",
                409 => "Conflict",
                _ => "",
            };
            let status = json!({
                "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", "code": code,
                "reason": reason, "message": "no",
            });
            (code, status.to_string())
        }
        Errors::Page(code) => (code, "<html>no</html>".to_owned()),
        Errors::Nonsense => (200, "<html>welcome</html>".to_owned()),
    };
    let body = Body::from(body.into_bytes());
    Response::builder().status(code).body(body).unwrap()
}

fn errors() -> impl Strategy<Value = Errors> {
    let code = || {
        prop::sample::select(vec![
            400, 401, 403, 404, 405, 409, 410, 422, 429, 500, 502, 503, 504,
        ])
    };
    prop_oneof![
        4 => code().prop_map(Errors::Status),
        2 => code().prop_map(Errors::Page),
        1 => Just(Errors::Nonsense),
    ]
}

/// An object that an action is about, with a name or without.
fn object() -> impl Strategy<
    Value = (
        &'static str,
        &'static str,
        Option<&'static str>,
        &'static str,
    ),
> {
    let kind = prop::sample::select(vec![
        ("v1", "ConfigMap"),
        ("v1", "Namespace"),
        ("apps/v1", "Deployment"),
        ("example.org/v1", "Shop"),
    ]);
    let name = prop::option::of(Just("one"));
    let rest = prop::sample::select(vec![
        "",
        ", data: {a: b}",
        ", \"(length(@) > `0`)\": true",
        ", status: {\"(conditions[?type == 'Ready'])\": []}",
    ]);
    (kind, name, rest).prop_map(|((version, kind), name, rest)| (version, kind, name, rest))
}

fn action() -> impl Strategy<Value = String> {
    let side = prop::sample::select(vec!["control", "target"]);
    let verb = prop::sample::select(vec![
        "apply",
        "patch",
        "delete",
        "expect",
        "absent",
        "unserved",
        "count",
        "no-count",
        "table",
        "json-patch",
        "server-side",
        "events",
        "no-events",
    ]);
    (verb, side, object()).prop_map(|(verb, side, (version, kind, name, rest))| {
        let named = name.map_or(String::new(), |name| format!("name: {name}, "));
        let about = format!("apiVersion: {version}, kind: {kind}");
        let written = format!("{{resource: {{{about}, metadata: {{name: one}}, data: {{a: b}}}}}}");
        let asserted =
            format!("{{resource: {{{about}, metadata: {{{named}labels: {{app: a}}}}{rest}}}}}");
        let event = format!("{{resource: {{type: Warning, involvedObject: {{kind: {kind}}}}}");
        let verb = match verb {
            "apply" | "patch" => format!("{verb}: {written}"),
            "delete" => format!("delete: {{{about}, {named}labels: {{}}}}"),
            "expect" | "absent" => format!("{verb}: {asserted}"),
            "unserved" => format!("absent: {asserted}, served: false"),
            "count" => format!("count: {{exactly: 2, {}", &asserted[1..]),
            "no-count" => format!("count: {{exactly: 0, {}", &asserted[1..]),
            "table" => format!("table: {{{about}, {named}rows: []}}"),
            "json-patch" => format!(
                "patch: {{type: json, operations: [{{op: remove, path: /data}}], resource: {{{about}, metadata: {{name: one}}}}}}"
            ),
            "server-side" => format!("apply: {{serverSide: {{}}, {}", &written[1..]),
            "events" => format!("events: {event}}}"),
            _ => format!("events: {event}, absent: true}}"),
        };
        format!("{{\"on\": {side}, {verb}}}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_passes(actions in prop::collection::vec(action(), 1..5), errors in errors()) {
        let spec = format!("spec: {{steps: [{{actions: [{}]}}]}}\n", actions.join(", "));
        let plan = plan([("scenarios/scenario.yaml", document("Scenario", "one", &spec))]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let report = runtime.block_on(reports(plan, Broken(errors), Duration::from_secs(60))).remove(0);
        prop_assert!(
            matches!(report.verdict, Verdict::Failed | Verdict::Errored),
            "{:?} on {errors:?}: {spec}",
            report.verdict
        );
    }
}
