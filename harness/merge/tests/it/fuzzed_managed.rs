//! What holds for every object and its managed fields; the fuzzer runs the same function.

use crosscut_merge::{Operation, Type, Writer, apply, owned_fields, update};
use serde_json::Value;

/// The JSON `[live, configuration, schema]`, where live may have any `metadata.managedFields`. Nothing panics, and an
/// apply that is done again changes nothing more.
pub(crate) fn run(data: &[u8]) {
    let Ok([live, configuration, schema]) = serde_json::from_slice::<[Value; 3]>(data) else {
        return;
    };
    for kind in [Type::deduced(), Type::from_openapi(&schema)] {
        check(&live, &configuration, &kind);
    }
}

fn check(live: &Value, configuration: &Value, kind: &Type) {
    let writer = Writer {
        manager: "m",
        api_version: "example.org/v1",
        subresource: None,
        now: "2026-01-02T03:04:05Z",
    };
    for operation in [Operation::Apply, Operation::Update] {
        let _ = owned_fields(live, "m", operation, None);
    }
    let _ = update(
        Some(live),
        configuration.clone(),
        &writer,
        kind,
        &["status"],
    );
    let Ok(once) = apply(Some(live), configuration, &writer, true, kind, &["status"]) else {
        return;
    };
    match apply(
        Some(&once),
        configuration,
        &writer,
        false,
        kind,
        &["status"],
    ) {
        Ok(twice) => assert_eq!(once, twice),
        Err(error) => panic!("what was applied is refused: {error}"),
    }
}
