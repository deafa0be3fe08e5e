//! Conflicts of server-side apply, in kube-apiserver's words.

use std::collections::BTreeMap;
use std::fmt;

/// What one other manager owns of what an apply would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The manager's name.
    pub manager: String,
    /// The subresource that it wrote, if any.
    pub subresource: Option<String>,
    /// The version that it wrote, for managers that update; appliers have none.
    pub api_version: Option<String>,
    /// When it wrote last (RFC 3339), for managers that update.
    pub time: Option<String>,
    /// The fields, as `.spec.replicas`, in the order of field paths.
    pub fields: Vec<String>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "conflict with {}", self.who())
    }
}

impl Conflict {
    fn who(&self) -> String {
        let mut text = format!("\"{}\"", self.manager);
        if let Some(subresource) = &self.subresource {
            text.push_str(&format!(" with subresource \"{subresource}\""));
        }
        if let Some(api_version) = &self.api_version {
            text.push_str(&format!(" using {api_version}"));
            if let Some(time) = &self.time {
                text.push_str(&format!(" at {time}"));
            }
        }
        text
    }
}

/// The message of the refusal: on one line for one field, a list for more.
pub(crate) fn summary(conflicts: &[Conflict]) -> String {
    let count: usize = conflicts.iter().map(|conflict| conflict.fields.len()).sum();
    if count == 1
        && let Some(conflict) = conflicts.first()
    {
        return format!(
            "Apply failed with 1 conflict: {conflict}: {}",
            conflict.fields.concat()
        );
    }
    let mut sections: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for conflict in conflicts {
        let fields = conflict.fields.iter().map(String::as_str);
        sections.entry(conflict.who()).or_default().extend(fields);
    }
    let mut text = format!("Apply failed with {count} conflicts: ");
    for (index, (who, fields)) in sections.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&format!("conflicts with {who}:"));
        fields
            .iter()
            .for_each(|field| text.push_str(&format!("\n- {field}")));
    }
    text
}
