//! Texts that are invalid, and texts beyond the limits.

use crosscut_yaml::{Limits, SyntaxError, parse};
use proptest::prelude::proptest;
use rstest::rstest;

fn mistakes(text: &str) -> Vec<SyntaxError> {
    parse(text, &Limits::default()).unwrap_err()
}

#[test]
fn every_duplicate_key_is_reported() {
    let text = "a: 1\nb: {c: 1, c: 2}\na: 2\n---\nd: 1\nd: 2\n";
    let found = mistakes(text);
    let keys: Vec<&str> = found
        .iter()
        .map(|error| &text[error.span.start..error.span.end])
        .collect();
    assert_eq!(keys, ["c", "a", "d"]);
    assert!(
        found
            .iter()
            .all(|error| error.code == "yaml::duplicate_key")
    );
    assert_eq!(
        found[1].help.as_deref(),
        Some("it is on line 1 first; keep one of them")
    );
}

#[rstest]
#[case::unclosed("a: [1\n", "yaml::syntax")]
#[case::bad_indent("a:\n  b: 1\n c: 2\n", "yaml::syntax")]
#[case::tab("a:\n\tb: 1\n", "yaml::syntax")]
#[case::complex_key("{[a]: 1}", "yaml::syntax")]
#[case::unknown_alias("a: *x\n", "yaml::syntax")]
#[case::merge_of_a_scalar("a: {<<: 1}\n", "yaml::merge")]
#[case::wrong_tag("a: !!int x\n", "yaml::tag")]
fn is_refused(#[case] text: &str, #[case] code: &str) {
    let found = mistakes(text);
    assert!(found.iter().any(|error| error.code == code), "{found:?}");
    assert!(
        found
            .iter()
            .all(|error| error.span.start <= error.span.end && error.span.end <= text.len())
    );
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = level - 1;
        let copies = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{copies}]\n"));
    }
    assert_eq!(mistakes(&text)[0].code, "yaml::limit");
}

#[rstest]
#[case::depth(&"[".repeat(1000))]
#[case::documents(&"---\na\n".repeat(5000))]
fn too_much_is_refused(#[case] text: &str) {
    assert!(!mistakes(text).is_empty());
}

#[test]
fn a_text_that_is_too_long_is_refused_unread() {
    let limits = Limits {
        bytes: 3,
        ..Limits::default()
    };
    assert_eq!(parse("abcd", &limits).unwrap_err()[0].code, "yaml::limit");
}

proptest! {
    #[test]
    fn no_text_panics(text in "[ -~\n\u{e9}\u{4e2d}]{0,200}") {
        if let Err(errors) = parse(&text, &Limits::default()) {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(error.span.end <= text.len());
            }
        }
    }
}
