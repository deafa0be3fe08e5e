//! YAML as Kubernetes' own tools read it, with the place of every node.
//!
//! Documents are read with serde-saphyr's event parser into [`Node`]s that keep byte spans. Scalars
//! follow YAML 1.1 as go-yaml v2 resolves it under `sigs.k8s.io/yaml` 1.6, because that is what
//! kubectl, Helm and Chainsaw do with the same files: `yes` is a boolean, `0777` is octal, the last
//! word on a timestamp is that it is a string. Duplicate keys are errors here, all of them at once,
//! where go-yaml lets the last one win.
//!
//! Pure: no IO, no clock. Everything that text can make large is bounded by [`Limits`].

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
