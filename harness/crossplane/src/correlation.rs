//! Event correlation: some events are combined or dropped, as in client-go.
//!
//! More than nine messages with one reason about one object become one event with the last message. After that, a
//! source may write 25 events of one type about one object, and one more every five minutes. A repetition that is
//! only counted uses the same budget.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::object;
use crate::recorder::NewEvent;

/// The number of messages with one reason that are combined, and the time since the last one after which they are
/// forgotten.
const SIMILAR: usize = 10;
const SIMILAR_FOR: SignedDuration = SignedDuration::from_mins(10);
/// The number of events that may be written at once, and the seconds until one more.
const BURST: f64 = 25.0;
const REFILL: f64 = 300.0;

/// The events of one source so far.
#[derive(Debug, Default)]
pub(crate) struct Correlation {
    groups: HashMap<String, Group>,
    buckets: HashMap<String, Bucket>,
}

#[derive(Debug)]
struct Group {
    messages: BTreeSet<String>,
    last: Timestamp,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Correlation {
    /// Returns the combined event if the message is one of many similar ones; `None` otherwise.
    pub(crate) fn fold(
        &mut self,
        about: &Value,
        new_event: &NewEvent,
        now: Timestamp,
    ) -> Option<NewEvent> {
        let key = [object::uid(about), new_event.kind(), &new_event.reason].join("\n");
        let group = self.groups.entry(key).or_insert_with(|| Group {
            messages: BTreeSet::new(),
            last: now,
        });
        if now.duration_since(group.last) > SIMILAR_FOR {
            group.messages.clear();
        }
        group.last = now;
        if group.messages.contains(&new_event.message) {
            return None;
        }
        if group.messages.len() + 1 < SIMILAR {
            group.messages.insert(new_event.message.clone());
            return None;
        }
        Some(NewEvent {
            message: format!("(combined from similar events): {}", new_event.message),
            ..new_event.clone()
        })
    }

    /// Returns true if one more event may be written.
    pub(crate) fn may_write(
        &mut self,
        about: &Value,
        new_event: &NewEvent,
        now: Timestamp,
    ) -> bool {
        let key = [object::uid(about), new_event.kind()].join("\n");
        let bucket = self.buckets.entry(key).or_insert(Bucket {
            tokens: BURST,
            at: now,
        });
        let passed = now.duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed.max(0.0) / REFILL).min(BURST);
        bucket.at = now;
        let may = bucket.tokens >= 1.0;
        if may {
            bucket.tokens -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    /// Source: client-go 0.34, tools/record: more than nine messages of one reason in ten minutes.
    #[test]
    fn many_alike_become_one() {
        let mut correlation = Correlation::default();
        let about = json!({"metadata": {"uid": "u"}});
        let mut fold = |message: String, seconds| {
            let folded =
                correlation.fold(&about, &NewEvent::normal("Compose", message), at(seconds));
            folded.map(|new_event| new_event.message)
        };
        for number in 1..10 {
            assert_eq!(fold(format!("{number} is not ready"), 0), None);
        }
        let tenth = "(combined from similar events): 10 is not ready";
        assert_eq!(
            fold("10 is not ready".to_owned(), 0).as_deref(),
            Some(tenth)
        );
        assert_eq!(fold("1 is not ready".to_owned(), 600), None);
        assert_eq!(fold("10 is not ready".to_owned(), 1201), None);
    }

    /// Source: client-go 0.34, tools/record: 25 at once, then one every 300 s, for each type.
    #[rstest]
    #[case::at_once(0, 25)]
    #[case::a_little_later(299, 25)]
    #[case::when_there_is_one_more(300, 26)]
    fn a_burst_is_cut(#[case] seconds: i64, #[case] expected: usize) {
        let mut correlation = Correlation::default();
        let about = json!({"metadata": {"uid": "u"}});
        let normal = NewEvent::normal("Compose", "it is not ready");
        let mut written = 0;
        for time in [0, seconds] {
            let more = (0..40).filter(|_| correlation.may_write(&about, &normal, at(time)));
            written += more.count();
        }
        assert_eq!(written, expected);
        let warning = NewEvent::warning("Compose", "it failed");
        assert!(correlation.may_write(&about, &warning, at(seconds)));
    }
}
