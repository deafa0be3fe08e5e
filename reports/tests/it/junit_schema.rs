//! The JUnit document against the common schema: Jenkins' `junit-10.xsd` (xunit-plugin), as a table.
//!
//! Two attributes, and the properties of a test case, are extensions. The table has only the elements that
//! this report writes. Any other element fails the test, which is stricter than the schema.

use std::collections::BTreeSet;

use crosscut_events::{Evidence, Failure, ObjectEvent, Verdict};
use crosscut_reports::{Collected, junit};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One element of the schema.
struct Element {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
    /// True if the element may contain text.
    text: bool,
}

const SCHEMA: [Element; 9] = [
    Element {
        name: "testsuites",
        required: &[],
        optional: &["name", "time", "tests", "failures", "errors"],
        children: &["testsuite"],
        text: false,
    },
    Element {
        name: "testsuite",
        required: &["name", "tests", "failures", "errors"],
        optional: &["time", "skipped", "timestamp", "hostname", "id", "package"],
        children: &["properties", "testcase", "system-out", "system-err"],
        text: false,
    },
    Element {
        name: "properties",
        required: &[],
        optional: &[],
        children: &["property"],
        text: false,
    },
    Element {
        name: "property",
        required: &["name", "value"],
        optional: &[],
        children: &[],
        text: false,
    },
    Element {
        name: "testcase",
        required: &["name"],
        // `file`, `line` and `properties` are extensions of pytest, which GitLab and other tools read.
        optional: &["time", "classname", "group", "file", "line"],
        children: &[
            "properties",
            "skipped",
            "error",
            "failure",
            "system-out",
            "system-err",
        ],
        text: false,
    },
    Element {
        name: "failure",
        required: &[],
        optional: &["type", "message"],
        children: &[],
        text: true,
    },
    Element {
        name: "error",
        required: &[],
        optional: &["type", "message"],
        children: &[],
        text: true,
    },
    Element {
        name: "skipped",
        required: &[],
        optional: &["type", "message"],
        children: &[],
        text: true,
    },
    Element {
        name: "system-out",
        required: &[],
        optional: &[],
        children: &[],
        text: true,
    },
];

/// Returns each element and attribute in the document that the schema does not allow.
fn violations(document: &str) -> Vec<String> {
    let mut reader = Reader::from_str(document);
    let mut open: Vec<&Element> = Vec::new();
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.extend(begun(&start, open.last().copied(), &mut found)),
            Event::Empty(start) => drop(begun(&start, open.last().copied(), &mut found)),
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => {
                let is_blank = text.iter().all(u8::is_ascii_whitespace);
                if !is_blank && !open.last().is_some_and(|element| element.text) {
                    found.push(format!("text: {}", String::from_utf8_lossy(&text)));
                }
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

fn begun(
    start: &BytesStart<'_>,
    parent: Option<&Element>,
    found: &mut Vec<String>,
) -> Option<&'static Element> {
    let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
    let allowed = parent.map_or(name == "testsuites", |parent| {
        parent.children.contains(&name.as_str())
    });
    let element = SCHEMA.iter().find(|element| element.name == name);
    let (true, Some(element)) = (allowed, element) else {
        found.push(format!("element {name}"));
        return element;
    };
    let attributes: BTreeSet<String> = start
        .attributes()
        .map(|attribute| String::from_utf8(attribute.unwrap().key.as_ref().to_vec()).unwrap())
        .collect();
    let known = |attribute: &str| {
        element.required.contains(&attribute) || element.optional.contains(&attribute)
    };
    let unknown = attributes.iter().filter(|attribute| !known(attribute));
    found.extend(unknown.map(|attribute| format!("attribute {name}/{attribute}")));
    let missing = element
        .required
        .iter()
        .filter(|attribute| !attributes.contains(**attribute));
    found.extend(missing.map(|attribute| format!("no attribute {name}/{attribute}")));
    for attribute in start
        .attributes()
        .flatten()
        .filter(|attribute| attribute.key.as_ref() == b"time")
    {
        let time = String::from_utf8(attribute.value.to_vec()).unwrap();
        if time.parse::<f64>().is_err() {
            found.push(format!("{name}/time is {time}"));
        }
    }
    Some(element)
}

#[test]
fn the_document_is_valid() {
    let document = junit::render(&crate::collected()).unwrap();
    assert_eq!(violations(&document), [""; 0]);
}

#[test]
fn the_check_notices_what_the_schema_does_not_allow() {
    let document = "<testsuites skipped=\"1\"><testsuite name=\"a\" tests=\"1\" errors=\"0\" time=\"soon\">x\
                    <testcase/><failure/></testsuite></testsuites>";
    assert_eq!(
        violations(document),
        [
            "attribute testsuites/skipped",
            "no attribute testsuite/failures",
            "testsuite/time is soon",
            "text: x",
            "no attribute testcase/name",
            "element failure",
        ]
    );
}

/// The output of a function may be invalid XML, and must not colour or clear a terminal.
#[test]
fn what_the_system_under_test_says_is_made_harmless() {
    let words = "\u{1b}[31mred\u{1b}[2J\u{0}\u{8} <end>\u{fffe}]]>";
    let mut failure = Failure::new("expect::mismatch", words);
    failure.evidence = Evidence {
        events: vec![ObjectEvent {
            kind: "Warning".to_owned(),
            reason: "ComposeResources".to_owned(),
            object: "Cluster a".to_owned(),
            message: words.to_owned(),
            count: 1,
        }],
        notes: vec![words.to_owned()],
        ..Evidence::default()
    };
    let text = crosscut_reports::failure_text(&failure, &crosscut_reports::Palette::plain());
    assert!(
        !text.contains(|letter: char| letter.is_control() && letter != '\n'),
        "{text:?}"
    );
    let mut report = crate::report("on", "aws", Verdict::Failed);
    report.failures.push(failure);
    let mut run = Collected::default();
    run.take(&crosscut_events::Event::TrialFinished(report));
    let document = junit::render(&run).unwrap();
    assert_eq!(violations(&document), [""; 0]);
    let read = quick_junit::Report::deserialize_from_str(&document).unwrap();
    assert_eq!(read.failures, 1);
}
