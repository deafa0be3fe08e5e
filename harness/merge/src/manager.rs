//! Who writes.

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

/// How a manager came to own its fields.
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
}
