//! The run's label on an object in the body of a request that creates it, in JSON or protobuf.

use std::collections::BTreeMap;

use bytes::Bytes;
use crosscut_objects::object;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use prost::Message;
use serde_json::{Value, json};

use super::ledger::LABEL;

/// The content type of objects in protobuf from clients of built-in kinds, and the first bytes of such a body. The
/// source is apimachinery's `runtime/serializer/protobuf`, Kubernetes 1.34.
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const MAGIC: &[u8] = b"k8s\0";

/// Returns the body with the run's label. Returns the body unchanged if it is not an object; the API server refuses it
/// then.
pub(super) fn labelled(headers: &HeaderMap, body: &Bytes, run: &str) -> Bytes {
    let content = headers.get(CONTENT_TYPE).and_then(|one| one.to_str().ok());
    let is_protobuf = content.is_some_and(|content| content.starts_with(PROTOBUF));
    let labelled = match is_protobuf {
        true => in_protobuf(body, run),
        false => in_json(body, run),
    };
    labelled.unwrap_or_else(|| body.clone())
}

fn in_json(body: &Bytes, run: &str) -> Option<Bytes> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    value.as_object()?;
    object::set(&mut value, &["metadata", "labels", LABEL], json!(run));
    serde_json::to_vec(&value).ok().map(Bytes::from)
}

/// Appends a message that has only the label. Protobuf merges a message that occurs twice with the first one, and so it
/// does with a map.
fn in_protobuf(body: &Bytes, run: &str) -> Option<Bytes> {
    let mut envelope = Envelope::decode(body.strip_prefix(MAGIC)?).ok()?;
    let labels = BTreeMap::from([(LABEL.to_owned(), run.to_owned())]);
    let metadata = Some(Metadata { labels });
    envelope.raw.extend(Labelled { metadata }.encode_to_vec());
    Some([MAGIC, &envelope.encode_to_vec()].concat().into())
}

/// `runtime.Unknown`, the envelope of every object in protobuf.
#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(bytes = "vec", tag = "1")]
    type_meta: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    raw: Vec<u8>,
    #[prost(string, tag = "3")]
    content_encoding: String,
    #[prost(string, tag = "4")]
    content_type: String,
}

/// The metadata of an object of any kind.
#[derive(Clone, PartialEq, Message)]
struct Labelled {
    #[prost(message, optional, tag = "1")]
    metadata: Option<Metadata>,
}

/// The labels of `meta.v1.ObjectMeta`.
#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(btree_map = "string, string", tag = "11")]
    labels: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue};
    use prost::Message as _;
    use serde_json::{Value, json};

    use super::{Envelope, Labelled, MAGIC, Metadata, PROTOBUF, labelled};

    fn headers(content: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content))])
    }

    #[test]
    fn objects_in_json_are_labelled_and_nothing_else_is() {
        let json = headers("application/json");
        let body = Bytes::from(r#"{"metadata":{"labels":{"a":"b"}}}"#);
        let value: Value = serde_json::from_slice(&labelled(&json, &body, "run")).unwrap();
        assert_eq!(
            value,
            json!({"metadata": {"labels": {"a": "b", "crosscut.dev/run": "run"}}})
        );
        for body in ["a: b", "[1]", ""] {
            assert_eq!(labelled(&json, &Bytes::from(body), "run"), body);
        }
    }

    #[test]
    fn objects_in_protobuf_are_labelled_beside_what_they_say() {
        let labels = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let object = Labelled {
            metadata: Some(Metadata { labels }),
        };
        let envelope = Envelope {
            type_meta: b"any".to_vec(),
            raw: object.encode_to_vec(),
            ..Envelope::default()
        };
        let body = Bytes::from([MAGIC, &envelope.encode_to_vec()].concat());
        let written = labelled(&headers(PROTOBUF), &body, "run");
        let written = Envelope::decode(written.strip_prefix(MAGIC).unwrap()).unwrap();
        assert_eq!(written.type_meta, b"any");
        let read = Labelled::decode(&written.raw[..])
            .unwrap()
            .metadata
            .unwrap();
        let expected = [("a", "b"), ("crosscut.dev/run", "run")];
        assert_eq!(
            read.labels,
            BTreeMap::from(expected.map(|(key, value)| (key.to_owned(), value.to_owned())))
        );
    }

    #[test]
    fn what_is_no_protobuf_stays_as_it_is() {
        for body in [&b"k8s\0\xff\xff"[..], b"{}", b""] {
            let body = Bytes::from(body);
            assert_eq!(labelled(&headers(PROTOBUF), &body, "run"), body);
        }
    }
}
