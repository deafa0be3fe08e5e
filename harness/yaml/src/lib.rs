//! YAML with the semantics of Kubernetes' own tools, and with the place of every node.
//!
//! serde-saphyr's event parser reads documents into [`Node`]s with byte spans. Scalars follow YAML 1.1
//! as go-yaml v2 under `sigs.k8s.io/yaml` 1.6, because kubectl, Helm and Chainsaw read the same files
//! with it: `yes` is a boolean, `0777` is octal, and a timestamp is a string. Duplicate keys are errors
//! here, and all are reported; in go-yaml the last one wins.
//!
//! The crate does no IO and reads no clock. [`Limits`] bound the size of all results.

mod compose;
mod emit;
mod error;
mod limits;
mod node;
mod scalar;
mod span;

pub use compose::{Documents, parse, parse_documents};
pub use emit::to_yaml;
pub use error::SyntaxError;
pub use limits::Limits;
pub use node::{Entry, Key, Kind, Node};
pub use span::{Position, Span, position};
