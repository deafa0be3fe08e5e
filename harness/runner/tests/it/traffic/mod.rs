//! Tests of requests and gRPC calls of scenarios, on the embedded control plane.

mod answered;
mod failing;

use std::sync::Arc;
use std::time::Duration;

use crosscut_embedded::Embedded;
use crosscut_events::{Failure, TrialReport, Verdict};
use crosscut_suite::Plan;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::judging::{self, document};

const REFLECTION: &str = r#"
syntax = "proto3";
package grpc.reflection.v1;
import "services.proto";
service ServerReflection {
  rpc ServerReflectionInfo (stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
message ServerReflectionRequest {
  oneof message_request { string file_containing_symbol = 4; string list_services = 7; }
}
message ServerReflectionResponse { ListServiceResponse list_services_response = 6; }
"#;
const SERVICES: &str = r#"
syntax = "proto3";
package grpc.reflection.v1;
message ListServiceResponse { repeated ServiceResponse service = 1; }
message ServiceResponse { string name = 1; }
"#;

fn plan(spec: &str, grpc: &str) -> Plan {
    let provider = format!("spec: {{values: {{grpc: \"{grpc}\"}}}}\n");
    let scenario = format!("spec:\n{spec}");
    judging::plan([
        (
            "providers/provider.yaml",
            document("Provider", "local", &provider),
        ),
        (
            "scenarios/scenario.yaml",
            document("Scenario", "it", &scenario),
        ),
        ("scenarios/body.json", "{\"model\": \"a\"}\n".to_owned()),
        ("scenarios/reflection.proto", REFLECTION.to_owned()),
        ("scenarios/services.proto", SERVICES.to_owned()),
    ])
}

/// Starts a gRPC server with health and reflection; returns its address.
async fn grpc_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (reporter, health) = tonic_health::server::health_reporter();
    let not_serving = tonic_health::ServingStatus::NotServing;
    reporter.set_service_status("pool", not_serving).await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap();
    let server = Server::builder()
        .add_service(health)
        .add_service(reflection);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    address
}

/// Runs a scenario with this spec.
async fn report(spec: &str) -> TrialReport {
    let plan = plan(spec, &grpc_server().await);
    let cluster = Embedded::new(Arc::clone(&plan.suite), Arc::new(|_: &str| {}));
    let mut reports = judging::reports(plan, cluster, Duration::from_secs(120)).await;
    reports.pop().unwrap()
}

async fn passes(spec: &str) {
    let report = report(spec).await;
    assert_eq!(report.verdict, Verdict::Passed, "{:#?}", report.failures);
}

async fn failure(spec: &str, verdict: Verdict) -> Failure {
    let mut report = report(spec).await;
    assert_eq!(report.verdict, verdict, "{:#?}", report.failures);
    report.failures.remove(0)
}

/// Returns a scenario with two upstreams and one step with these actions.
fn with_upstreams(actions: &str) -> String {
    format!(
        "  upstreams: [{{name: a}}, {{name: b, status: 503}}]\n  steps:\n  - actions:\n{actions}"
    )
}
