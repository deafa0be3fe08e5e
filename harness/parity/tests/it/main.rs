//! The project's own ledger: it is valid, and every entry names an existing test.

use std::path::Path;

use crosscut_parity::Ledger;

#[test]
fn every_entry_names_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("reports/parity-ledger.yaml")).unwrap();
    let ledger = Ledger::read(&text).unwrap();
    assert!(ledger.entries().count() > 0);
    for entry in ledger.entries() {
        let (file, function) = entry.test.split_once("::").unwrap();
        let source = std::fs::read_to_string(root.join(file)).unwrap();
        let test = format!("fn {function}(");
        assert!(source.contains(&test), "{}: {}", entry.id, entry.test);
        assert!(!entry.reason.is_empty(), "{}", entry.id);
    }
}
