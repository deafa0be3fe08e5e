//! Upstreams, requests and gRPC calls: what can be known to be wrong before a run.

use crosscut_suite::{Selection, load_from};
use miette::Diagnostic as _;
use rstest::rstest;

use crate::projects::{Files, document, files, said, scenario};

const PROTO: &str = "syntax = \"proto3\";\npackage shop;\nimport \"item.proto\";\nservice Orders { rpc Place (Item) returns (Item); rpc Follow (stream Item) returns (stream Item); }\n";
const ITEM: &str =
    "syntax = \"proto3\";\npackage shop;\nmessage Item { string name = 1; bytes note = 2; }\n";

fn with_files(scenario: String) -> Files {
    files(&[
        ("scenarios/scenario.yaml", scenario),
        ("scenarios/body.json", "{}".to_owned()),
        ("scenarios/orders.proto", PROTO.to_owned()),
        ("scenarios/item.proto", ITEM.to_owned()),
        (
            "scenarios/broken.proto",
            "syntax = \"proto3\";\nmessage {}\n".to_owned(),
        ),
        (
            "scenarios/lonely.proto",
            "syntax = \"proto3\";\nimport \"none.proto\";\n".to_owned(),
        ),
        ("scenarios/no.binpb", "hello".to_owned()),
    ])
}

/// Returns what is said of the documents; every mistake must come with help.
fn said_with_help(files: &Files) -> Vec<String> {
    if let Err(report) = load_from(files, "/p".into(), &Selection::default()) {
        for diagnostic in &report.diagnostics {
            assert!(diagnostic.help().is_some(), "{diagnostic} has no help");
        }
    }
    let mut said = said(files);
    // Each case names one of the files.
    said.retain(|one| !one.starts_with("lint::unused_file"));
    said
}

#[rstest]
#[case::least("url: 'http://localhost/a', answer: {}", &[])]
#[case::all("method: POST, url: ($values.url), path: /a, headers: {a: b, c: [d, ($values.e)]}, body: {json: {a: ($index)}, size: 99}, protocol: h2, tls: {ca: {file: body.json}, certificate: ($values.a), key: ($values.b), serverName: a.example.org}, times: 9, parallel: 3, timeout: 1s, within: 1m, answer: {a: ($index), b: ($request.sha256)}, answers: {count: 9}", &[])]
#[case::no_url("answer: {}", &["suite::missing_field {answer: {}}"])]
#[case::no_expectation("url: 'http://localhost'", &["suite::missing_field {url: 'http://localhost'}"])]
#[case::a_typing_mistake("url: 'http://localhost', anwser: {}", &["suite::unknown_field anwser"])]
#[case::an_invalid_url("url: 'localhost:80', answer: {}", &["suite::url 'localhost:80'"])]
#[case::a_url_without_a_scheme("url: /a, answer: {}", &["suite::url /a"])]
#[case::a_url_that_is_no_text("url: 80, answer: {}", &["suite::wrong_type 80"])]
#[case::a_path_without_a_slash("url: ($values.url), path: a, answer: {}", &["suite::url a"])]
#[case::a_method_in_small_letters("url: ($values.url), method: get, answer: {}", &["suite::method get"])]
#[case::a_header_with_a_space("url: ($values.url), headers: {a b: c}, answer: {}", &["suite::header a b"])]
#[case::a_header_that_is_a_number("url: ($values.url), headers: {a: 1}, answer: {}", &["suite::header a"])]
#[case::a_header_with_a_line_break("url: ($values.url), headers: {a: \"b\\nc\"}, answer: {}", &["suite::header a"])]
#[case::headers_that_are_a_list("url: ($values.url), headers: [a], answer: {}", &["suite::wrong_type [a]"])]
#[case::a_body_file_that_is_missing("url: ($values.url), body: {file: boddy.json}, answer: {}", &["suite::missing_file boddy.json"])]
#[case::two_bodies("url: ($values.url), body: {text: a, json: {}}, answer: {}", &["suite::body {text: a, json: {}}"])]
#[case::text_of_a_size("url: ($values.url), body: {text: a, size: 9}, answer: {}", &["suite::body {text: a, size: 9}"])]
#[case::no_body("url: ($values.url), body: {}, answer: {}", &["suite::body {}"])]
#[case::a_body_that_is_a_list("url: ($values.url), body: [a], answer: {}", &["suite::wrong_type [a]"])]
#[case::a_size_that_is_a_text("url: ($values.url), body: {size: 5MB}, answer: {}", &["suite::wrong_type 5MB"])]
#[case::another_protocol("url: ($values.url), protocol: h3, answer: {}", &["suite::unknown_word h3"])]
#[case::no_times("url: ($values.url), times: 0, answer: {}", &["suite::wrong_type 0"])]
#[case::too_parallel("url: ($values.url), parallel: 1001, answer: {}", &["suite::wrong_type 1001"])]
#[case::a_key_alone("url: ($values.url), tls: {key: ($values.key)}, answer: {}", &["suite::tls {key: ($values.key)}"])]
#[case::trusting_all_and_one("url: ($values.url), tls: {verify: false, ca: a}, answer: {}", &["suite::tls {verify: false, ca: a}"])]
#[case::a_certificate_file_that_is_missing("url: ($values.url), tls: {ca: {file: ca.pem}}, answer: {}", &["suite::missing_file ca.pem"])]
#[case::an_unknown_name("url: ($upstreams.a.url), answer: {}", &["suite::unknown_binding $upstreams"])]
#[case::the_request_is_not_known_yet("url: ($request.url), answer: {}", &["suite::unknown_binding $request"])]
#[case::the_index_of_all("url: ($values.url), answers: {a: ($index)}", &["suite::unknown_binding $index"])]
#[case::the_index_in_tls("url: ($values.url), tls: {serverName: ($index)}, answer: {}", &["suite::unknown_binding $index"])]
#[case::an_assertion_that_does_not_parse("url: ($values.url), answer: {a: (b c)}", &["suite::expression c"])]
#[case::all_at_once("url: a, method: b, body: {file: c}, headers: {d e: f}, answer: {g: ($h)}", &["suite::unknown_binding $h", "suite::header d e", "suite::missing_file c", "suite::method b", "suite::url a"])]
fn requests(#[case] request: &str, #[case] expected: &[&str]) {
    let scenario = scenario(&format!("{{request: {{{request}}}}}"));
    assert_eq!(said_with_help(&with_files(scenario)), expected);
}

#[rstest]
#[case::health("address: ($values.a), method: grpc.health.v1.Health/Check, message: {service: a}, answer: {}", &[])]
#[case::all("address: 'https://localhost:1', proto: orders.proto, method: shop.Orders/Follow, metadata: {a: b}, messages: [{name: a}, {name: ($index)}], take: 1, tls: {verify: false}, times: 2, parallel: 2, timeout: 1s, within: 1s, answer: {}, answers: {}", &[])]
#[case::a_stream_of_nothing("address: ($values.a), proto: orders.proto, method: shop.Orders/Follow, answer: {}", &[])]
#[case::no_address("method: grpc.health.v1.Health/Check, message: {}, answer: {}", &["suite::missing_field {method: grpc.health.v1.Health/Check, message: {}, answer: {}}"])]
#[case::an_address_without_a_port("address: localhost, method: grpc.health.v1.Health/Check, message: {}, answer: {}", &["suite::url localhost"])]
#[case::an_unknown_service("address: ($values.a), method: shop.Orders/Place, message: {}, answer: {}", &["suite::grpc_method shop.Orders/Place"])]
#[case::a_service_that_is_not_in_the_file("address: ($values.a), proto: orders.proto, method: shop.Order/Place, message: {}, answer: {}", &["suite::grpc_method shop.Order/Place"])]
#[case::an_unknown_method("address: ($values.a), proto: orders.proto, method: shop.Orders/Plaice, message: {}, answer: {}", &["suite::grpc_method shop.Orders/Plaice"])]
#[case::no_path("address: ($values.a), method: Check, message: {}, answer: {}", &["suite::grpc_method Check"])]
#[case::a_file_that_is_missing("address: ($values.a), proto: order.proto, method: shop.Orders/Place, message: {}, answer: {}", &["suite::missing_file order.proto"])]
#[case::a_broken_file("address: ($values.a), proto: broken.proto, method: shop.Orders/Place, message: {}, answer: {}", &["suite::proto broken.proto"])]
#[case::an_import_that_is_missing("address: ($values.a), proto: lonely.proto, method: shop.Orders/Place, message: {}, answer: {}", &["suite::proto lonely.proto"])]
#[case::no_descriptor_set("address: ($values.a), proto: no.binpb, method: shop.Orders/Place, message: {}, answer: {}", &["suite::proto no.binpb"])]
#[case::no_message("address: ($values.a), proto: orders.proto, method: shop.Orders/Place, answer: {}", &["suite::messages {address: ($values.a), proto: orders.proto, method: shop.Orders/Place, answer: {}}"])]
#[case::message_and_messages("address: ($values.a), proto: orders.proto, method: shop.Orders/Follow, message: {}, messages: [], answer: {}", &["suite::messages {address: ($values.a), proto: orders.proto, method: shop.Orders/Follow, message: {}, messages: [], answer: {}}"])]
#[case::an_unknown_field("address: ($values.a), proto: orders.proto, method: shop.Orders/Place, message: {nam: a}, answer: {}", &["suite::message {nam: a}"])]
#[case::no_base64("address: ($values.a), proto: orders.proto, method: shop.Orders/Place, message: {note: '?'}, answer: {}", &["suite::message {note: '?'}"])]
fn calls(#[case] call: &str, #[case] expected: &[&str]) {
    let scenario = scenario(&format!("{{grpc: {{{call}}}}}"));
    assert_eq!(said_with_help(&with_files(scenario)), expected);
}

/// What may stand beside other actions means nothing here.
#[rstest]
#[case::side("'on': target", "suite::beside target")]
#[case::validation("validation: warn", "suite::beside warn")]
#[case::subresource("subresource: status", "suite::beside status")]
fn nothing_stands_beside(#[case] beside: &str, #[case] expected: &str) {
    let action = format!("{{request: {{url: 'http://localhost', answer: {{}}}}, {beside}}}");
    assert_eq!(said_with_help(&with_files(scenario(&action))), [expected]);
}

#[rstest]
#[case::least("{name: a}", &[])]
#[case::all("{name: pool-a_1, tls: mutual, status: 503, delay: 1s}", &[])]
#[case::no_name("{tls: server}", &["suite::missing_field {tls: server}"])]
#[case::a_name_with_a_dot("{name: a.b}", &["suite::name {name: a.b}"])]
#[case::no_status("{name: a, status: 99}", &["suite::wrong_type 99"])]
#[case::another_tls("{name: a, tls: 'yes'}", &["suite::unknown_word 'yes'"])]
#[case::twice("{name: a}, {name: a}", &["suite::duplicate_name {name: a}"])]
fn upstreams(#[case] listed: &str, #[case] expected: &[&str]) {
    let spec = format!(
        "{{upstreams: [{listed}], steps: [{{actions: [{{request: {{url: '(values($upstreams)[0].url)', answer: {{}}}}}}]}}]}}"
    );
    let scenario = document("Scenario", "first", &spec);
    assert_eq!(said_with_help(&with_files(scenario)), expected);
}

/// Names that are known before a run, wherever expressions may stand.
#[rstest]
#[case::a_url(
    "{request: {url: ($upstreams.b.url), answer: {}}}",
    "suite::unknown_upstream ($upstreams.b.url)"
)]
#[case::a_port(
    "{request: {url: ($upstreams.a.url), headers: {x: ($ports.b)}, answer: {}}}",
    "suite::unknown_port ($ports.b)"
)]
#[case::an_answer(
    "{request: {url: ($upstreams.a.url), answer: {upstream: ($upstreams.b.name)}}}",
    "suite::unknown_upstream ($upstreams.b.name)"
)]
#[case::an_address(
    "{grpc: {address: ($upstreams.b.host), method: grpc.health.v1.Health/Check, message: {}, answer: {}}}",
    "suite::unknown_upstream ($upstreams.b.host)"
)]
#[case::a_document(
    "{apply: {resource: {apiVersion: v1, kind: Secret, metadata: {name: ($upstreams.b.host)}}}}",
    "suite::unknown_upstream ($upstreams.b.host)"
)]
#[case::an_assertion(
    "{expect: {resource: {apiVersion: v1, kind: Secret, data: {a: ($upstreams.b.host)}}}}",
    "suite::unknown_upstream ($upstreams.b.host)"
)]
#[case::none_is_named("{request: {url: '(values($upstreams)[0].url)', answer: {}}}", "")]
fn names_that_are_not_there(#[case] action: &str, #[case] expected: &str) {
    let spec = format!("{{upstreams: [{{name: a}}], steps: [{{actions: [{action}]}}]}}");
    let scenario = document("Scenario", "first", &spec);
    assert_eq!(said_with_help(&with_files(scenario)).join(", "), expected);
}

/// A binding that only a call's address uses is used, and what nothing binds is noticed there.
#[rstest]
#[case::bound("($a)", "")]
#[case::unbound("(join('', [$a, $b]))", "suite::unknown_binding $b")]
fn names_in_an_address(#[case] address: &str, #[case] expected: &str) {
    let spec = format!(
        "{{bindings: [{{name: a, value: 'localhost:1'}}], steps: [{{actions: [{{grpc: \
         {{address: {address:?}, method: grpc.health.v1.Health/Check, message: {{}}, answer: {{}}}}}}]}}]}}"
    );
    let scenario = document("Scenario", "first", &spec);
    assert_eq!(said_with_help(&with_files(scenario)).join(", "), expected);
}

/// A program that a step starts sees the upstreams of the scenario that starts it.
#[rstest]
#[case::automatic("", "suite::unknown_upstream ($upstreams.b.port)")]
#[case::manual(", start: manual", "suite::unknown_upstream {start: p}")]
fn a_program_that_names_one(#[case] start: &str, #[case] expected: &str) {
    let program = |upstream: &str| {
        let spec = format!(
            "{{upstreams: [{{name: a}}], \
             programs: [{{name: p, command: [p, ($upstreams.{upstream}.port)]{start}}}], \
             steps: [{{actions: [{{program: {{start: p}}}}]}}]}}"
        );
        let scenario = document("Scenario", "first", &spec);
        said_with_help(&with_files(scenario)).join(", ")
    };
    assert_eq!(program("a"), "");
    assert_eq!(program("b"), expected);
}
