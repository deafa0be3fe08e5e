//! Conflicts of server-side apply, in kube-apiserver's words.

use std::fmt;

use crate::field_set::FieldSet;
use crate::manager::ManagerId;

/// What one other manager owns of what an apply would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The manager's name.
    pub manager: String,
    /// The subresource that it wrote, if any.
    pub subresource: Option<String>,
    /// The version that it wrote, for managers that update; appliers have none.
    pub api_version: Option<String>,
    /// The fields, as `.spec.replicas`, in the order of field paths.
    pub fields: Vec<String>,
    /// As messages name it.
    who: String,
}

/// As the cause of a refusal: `conflict with "name" using v1`.
impl fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "conflict with {}", self.who)
    }
}

impl Conflict {
    pub(crate) fn new(manager: &ManagerId, fields: &FieldSet) -> Conflict {
        Conflict {
            manager: manager.name.clone(),
            subresource: manager.subresource.clone(),
            api_version: manager.api_version.clone(),
            fields: fields.paths(),
            who: manager.shown(),
        }
    }
}

/// The message of the refusal: on one line for one field, a list for more.
pub(crate) fn summary(conflicts: &[Conflict]) -> String {
    if let [conflict] = conflicts
        && let [field] = conflict.fields.as_slice()
    {
        return format!("Apply failed with 1 conflict: {conflict}: {field}");
    }
    let count: usize = conflicts.iter().map(|conflict| conflict.fields.len()).sum();
    let sections = conflicts.iter().map(|conflict| {
        let fields = conflict.fields.iter().map(|field| format!("\n- {field}"));
        format!(
            "conflicts with {}:{}",
            conflict.who,
            fields.collect::<String>()
        )
    });
    let sections: Vec<String> = sections.collect();
    format!(
        "Apply failed with {count} conflicts: {}",
        sections.join("\n")
    )
}
