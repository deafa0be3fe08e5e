//! Who writes.

use serde_json::json;

use crate::go_text;

/// Who makes a write, and how it is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// The version that the write is made in, as `group/version`.
    pub api_version: &'a str,
    /// The subresource that is written, if any.
    pub subresource: Option<&'a str>,
    /// The time of the write: RFC 3339, in seconds, UTC.
    pub now: &'a str,
}

/// The way in which a manager came to own its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

impl Operation {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

/// What tells managers apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ManagerId {
    pub(crate) operation: Operation,
    pub(crate) name: String,
    /// Only where the manager updates: an applier is one whatever version it writes.
    pub(crate) api_version: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl ManagerId {
    pub(crate) fn of(writer: &Writer<'_>, operation: Operation) -> ManagerId {
        ManagerId {
            operation,
            name: writer.manager.to_owned(),
            api_version: (operation == Operation::Update).then(|| writer.api_version.to_owned()),
            subresource: writer.subresource.map(str::to_owned),
        }
    }

    /// The text that kube-apiserver knows the manager by, and sorts managers by in messages.
    pub(crate) fn text(&self) -> String {
        let parts = [
            ("manager", Some(self.name.as_str())),
            ("operation", Some(self.operation.as_str())),
            ("apiVersion", self.api_version.as_deref()),
            ("subresource", self.subresource.as_deref()),
        ];
        let parts = parts.into_iter().filter_map(|(name, part)| {
            let part = part.filter(|part| !part.is_empty())?;
            Some(format!("\"{name}\":{}", go_text::json(&json!(part))))
        });
        format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
    }

    /// As a conflict names it: `"name" with subresource "status" using v1`.
    pub(crate) fn shown(&self) -> String {
        let mut text = go_text::quoted(&self.name);
        if let Some(subresource) = &self.subresource {
            text.push_str(&format!(
                " with subresource {}",
                go_text::quoted(subresource)
            ));
        }
        if let Some(api_version) = &self.api_version {
            text.push_str(&format!(" using {api_version}"));
        }
        text
    }
}
