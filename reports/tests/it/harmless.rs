//! Names and messages with any text: reports are safe for display, and JUnit is valid XML.

use crosscut_events::{Event, Texts};
use crosscut_reports::{Collected, Palette, Terminal, Verbosity, is_safe, json, junit};
use proptest::prelude::*;

/// Returns the example run with `text` in every place.
fn run_of(text: &str) -> Vec<Event> {
    let mut events = crate::run();
    events.push(Event::Preparing {
        what: String::new(),
    });
    events.push(Event::TrialSlow {
        trial: crate::trial("on", "aws"),
        step: String::new(),
        action: String::new(),
        elapsed_ms: 1,
        waits_for: vec![String::new()],
    });
    events.push(Event::RunEndedEarly {
        cluster: String::new(),
        seeds: crosscut_events::Seeds::one(0),
        reason: String::new(),
    });
    for event in &mut events {
        event.each_text(&mut |place| text.clone_into(place));
    }
    events
}

fn harmful(report: &str) -> Option<char> {
    report.chars().find(|letter| !is_safe(*letter))
}

/// Generates texts with harmful characters among others.
fn texts() -> impl Strategy<Value = String> {
    let harmful = "[\\x00-\\x1f\\x7f-\\u{9f}\\u{2028}-\\u{202e}\\u{2066}-\\u{2069}\\u{fffe}\\u{ffff}<&\\]>\"'a]{0,40}";
    prop_oneof![any::<String>(), harmful]
}

proptest! {
    #[test]
    fn nothing_harmful_is_in_any_report(text in texts()) {
        let events = run_of(&text);
        let mut collected = Collected::default();
        events.iter().for_each(|event| collected.take(event));
        for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
            let mut terminal = Terminal::new(Palette::plain(), verbosity);
            let shown: String = events.iter().map(|event| terminal.render(event)).collect();
            prop_assert_eq!(harmful(&shown), None, "{:?}", shown);
        }
        let document = json::render(&collected).unwrap();
        prop_assert_eq!(harmful(&document), None, "{:?}", document);
        let document = junit::render(&collected).unwrap();
        prop_assert_eq!(harmful(&document), None, "{:?}", document);
        let read = quick_junit::Report::deserialize_from_str(&document);
        prop_assert!(read.is_ok(), "{read:?} of {document}");
    }
}
