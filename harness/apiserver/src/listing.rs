//! Lists as they are sent, and the tokens of their next pages.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::served::Served;
use crate::status::{self, Status};

/// A list of shared objects, which are serialized without a copy.
pub(crate) struct Listing {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) revision: u64,
    /// The continue token of the next page.
    pub(crate) next: Option<String>,
    pub(crate) remaining: Option<usize>,
    /// True if the items have no apiVersion and kind, as items of built-in kinds.
    pub(crate) bare: bool,
    pub(crate) items: Vec<Arc<Value>>,
}

impl Listing {
    pub(crate) fn new(served: &Served, revision: u64, items: Vec<Arc<Value>>) -> Self {
        Self {
            api_version: served.resource.api_version(),
            kind: served.names.list_kind.clone(),
            revision,
            next: None,
            remaining: None,
            bare: served.built_in().is_some(),
            items,
        }
    }

    /// Returns the metadata of the list.
    pub(crate) fn metadata(&self) -> Value {
        let mut metadata = json!({ "resourceVersion": self.revision.to_string() });
        match &self.next {
            Some(next) => metadata["continue"] = next.as_str().into(),
            // Lists of custom resources have the field even on the last page.
            None if !self.bare => metadata["continue"] = "".into(),
            None => {}
        }
        if let Some(remaining) = self.remaining {
            metadata["remainingItemCount"] = remaining.into();
        }
        metadata
    }
}

impl Serialize for Listing {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(4))?;
        map.serialize_entry("apiVersion", &self.api_version)?;
        map.serialize_entry("kind", &self.kind)?;
        map.serialize_entry("metadata", &self.metadata())?;
        let items = Items {
            bare: self.bare,
            items: &self.items,
        };
        map.serialize_entry("items", &items)?;
        map.end()
    }
}

struct Items<'a> {
    bare: bool,
    items: &'a [Arc<Value>],
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.bare {
            to.collect_seq(self.items.iter().map(|item| Bare(item)))
        } else {
            to.collect_seq(self.items)
        }
    }
}

/// An object that is serialized without its apiVersion and kind.
struct Bare<'a>(&'a Value);

impl Serialize for Bare<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.as_object().into_iter().flatten();
        to.collect_map(fields.filter(|(name, _)| !matches!(name.as_str(), "apiVersion" | "kind")))
    }
}

/// The place where a page begins, and the revision of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) revision: u64,
    /// The key after which the page begins.
    pub(crate) after: String,
}

impl Token {
    pub(crate) fn encode(&self) -> String {
        let text = json!({
            "v": "meta.k8s.io/v1",
            "rv": self.revision,
            "start": format!("{}\0", self.after),
        });
        URL_SAFE_NO_PAD.encode(text.to_string())
    }

    pub(crate) fn decode(text: &str) -> Result<Self, Status> {
        let bad = || status::bad_request("continue key is not valid");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let token: Value = serde_json::from_slice(&bytes).map_err(|_| bad())?;
        if token["v"] != "meta.k8s.io/v1" {
            return Err(bad());
        }
        Ok(Self {
            revision: token["rv"].as_u64().ok_or_else(bad)?,
            after: token["start"]
                .as_str()
                .ok_or_else(bad)?
                .trim_end_matches('\0')
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn tokens_are_read_back() {
        let token = Token {
            revision: 7,
            after: "a/b".to_owned(),
        };
        assert_eq!(Token::decode(&token.encode()).unwrap(), token);
        assert!(Token::decode("????").is_err());
    }
}
