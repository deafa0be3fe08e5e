//! The masking of secret values: those of the Secrets that a trial writes, reads or leaves.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosscut_events::secret::{MASK, for_each_secret};
use crosscut_events::{Failure, Texts, TrialReport};
use serde_json::Value;

/// The shortest value that is masked everywhere. Shorter values occur in other texts by chance, and are
/// masked only in Secrets.
const SHORTEST: usize = 6;

/// The shortest line of a multi-line value that is masked by itself.
const SHORTEST_LINE: usize = 12;

/// The largest number of remembered values.
const MOST: usize = 2_000;

/// Values in Secrets of providers that are not secret.
const PUBLIC: [&str; 3] = ["default", "kube-system", "kube-public"];

/// The values of the Secrets that a trial has met. Copies share the values.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    /// Remembers the values of all Secrets inside an object.
    pub(crate) fn learn(&self, object: &Value) {
        for_each_secret(object, &mut |value| {
            if let Some(text) = value.as_str() {
                self.remember(text);
            }
        });
    }

    /// Remembers a value as it is, its base64 form, and its decoded form if the value is base64.
    fn remember(&self, text: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST || known.contains(text) {
            return;
        }
        let decoded = STANDARD.decode(text).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        for plain in [Some(text), decoded.as_deref()].into_iter().flatten() {
            let lines = plain.lines().map(str::trim);
            known.extend(
                lines
                    .filter(|line| line.len() >= SHORTEST_LINE)
                    .map(str::to_owned),
            );
            let all = [plain.trim().to_owned(), STANDARD.encode(plain)];
            let is_secret =
                |text: &String| text.len() >= SHORTEST && !PUBLIC.contains(&text.as_str());
            known.extend(all.into_iter().filter(is_secret));
        }
    }

    /// Masks every known value everywhere in a report.
    pub(crate) fn mask(&self, report: &mut TrialReport) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
        // A value may be part of another, so the longest come first.
        known.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let mut mask = |text: &mut String| {
            for value in &known {
                if text.contains(value) {
                    *text = text.replace(value, MASK);
                }
            }
        };
        let TrialReport {
            failures,
            reason,
            warnings,
            ..
        } = report;
        failures
            .iter_mut()
            .for_each(|failure| failure.each_text(&mut mask));
        reason.iter_mut().for_each(&mut mask);
        warnings
            .iter_mut()
            .for_each(|warning| mask(&mut warning.message));
    }
}

/// Masks the values of the Secret in a failure about that Secret, short values too.
pub(crate) fn mask_secret(failure: &mut Failure) {
    for mismatch in &mut failure.mismatches {
        if !is_public(&mismatch.path) {
            let mask = |value: &mut Value| {
                if !value.is_null() {
                    *value = Value::String(MASK.to_owned());
                }
            };
            mask(&mut mismatch.expected);
            mismatch.actual.iter_mut().for_each(mask);
        }
    }
    failure.diff = masked_diff(&failure.diff);
}

/// Returns true if a path of a Secret leads to a field that is not secret.
fn is_public(path: &str) -> bool {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    is_public_field(&path[..end])
}

fn is_public_field(name: &str) -> bool {
    ["apiVersion", "kind", "metadata", "type", "immutable"].contains(&name)
}

/// Returns a diff of two Secrets with only the field names left below secret fields.
fn masked_diff(diff: &str) -> String {
    let mut masked = String::with_capacity(diff.len());
    let mut is_secret = true;
    for line in diff.lines() {
        let Some((mark, content)) = line.split_at_checked(1) else {
            masked.push('\n');
            continue;
        };
        let is_top = !content.starts_with([' ', '-']);
        let key = content.split_once(':').map(|(key, _)| key);
        if is_top {
            is_secret = !key.is_some_and(is_public_field);
        }
        let has_value = content
            .split_once(':')
            .is_some_and(|(_, value)| !value.trim().is_empty());
        masked.push_str(mark);
        match key {
            _ if !is_secret => masked.push_str(content),
            Some(key) if has_value => masked.push_str(&format!("{key}: {MASK}")),
            Some(key) => masked.push_str(&format!("{key}:")),
            None => {
                let indent = content.len() - content.trim_start().len();
                masked.push_str(&format!("{}{MASK}", " ".repeat(indent)));
            }
        }
        masked.push('\n');
    }
    masked
}

#[cfg(test)]
mod tests {
    use crosscut_events::{Mismatch, TrialId, Verdict};
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn secret(data: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data})
    }

    #[rstest]
    #[case::as_base64("login failed: aHVudGVyMg==", "login failed: (masked)")]
    #[case::decoded("login failed: hunter2!", "login failed: (masked)!")]
    #[case::a_line_of_many("key MIIEvAIBADANBgkqhkiG", "key (masked)")]
    #[case::another("login failed: hunter", "login failed: hunter")]
    #[case::a_short_one("on port 443", "on port 443")]
    #[case::no_secret("in namespace default", "in namespace default")]
    fn values_are_masked_wherever_they_stand(#[case] text: &str, #[case] expected: &str) {
        let key = STANDARD.encode("-----BEGIN KEY-----\nMIIEvAIBADANBgkqhkiG\n-----END KEY-----\n");
        let secrets = Secrets::default();
        let data = json!({
            "password": "aHVudGVyMg==", "key": key, "port": STANDARD.encode("443"),
            "namespace": STANDARD.encode("default"),
        });
        let object = json!({"kind": "Object", "spec": {"manifest": secret(&data)}});
        secrets.learn(&object);
        let trial = TrialId {
            scenario: "s".to_owned(),
            provider: "p".to_owned(),
            cluster: "embedded".to_owned(),
        };
        let mut report = TrialReport::of(trial, Verdict::Failed);
        let mut failure = Failure::new("a::b", text);
        failure.evidence.notes = vec![text.to_owned()];
        failure.mismatches = vec![Mismatch {
            path: "status".to_owned(),
            location: None,
            message: "differs".to_owned(),
            expected: json!(1),
            actual: Some(json!({"said": [text]})),
        }];
        report.failures.push(failure);
        secrets.mask(&mut report);
        let failure = &report.failures[0];
        assert_eq!(failure.message, expected);
        assert_eq!(failure.evidence.notes, [expected]);
        assert_eq!(
            failure.mismatches[0].actual,
            Some(json!({"said": [expected]}))
        );
    }

    #[test]
    fn of_a_secret_only_names_are_shown() {
        let mut failure = Failure::new("expect::mismatch", "Secret s is not as expected");
        failure.diff = " kind: Secret\n metadata:\n   name: s\n-data:\n-  a: eA==\n+data:\n+  a: |\n+    eQ==\n+    more\n".to_owned();
        for path in ["data.a", "(base64_decode(data.a))", "metadata.name"] {
            failure.mismatches.push(Mismatch {
                path: path.to_owned(),
                location: None,
                message: "differs".to_owned(),
                expected: json!("x"),
                actual: Some(json!("y")),
            });
        }
        mask_secret(&mut failure);
        assert_eq!(
            failure.diff,
            " kind: Secret\n metadata:\n   name: s\n-data:\n-  a: (masked)\n+data:\n+  a: (masked)\n+    (masked)\n+    (masked)\n"
        );
        let shown: Vec<&Value> = failure.mismatches.iter().map(|one| &one.expected).collect();
        assert_eq!(shown, [&json!(MASK), &json!(MASK), &json!("x")]);
        assert_eq!(failure.mismatches[1].actual, Some(json!(MASK)));
    }
}
