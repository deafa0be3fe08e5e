//! A minimal client of etcd's v3 API over its JSON gateway: ranges, and transactions of puts and deletes.
//!
//! It has no leases, watches or authentication, because only API servers need them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// The time limit of a request. The largest takes milliseconds.
const ANSWER: Duration = Duration::from_secs(10);

/// A request to etcd failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EtcdError {
    /// There was no response.
    #[error("no answer from {url}")]
    Transport {
        /// The requested URL.
        url: String,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// etcd refused the request.
    #[error("etcd answers {status} to {url}: {message}")]
    Refused {
        /// The requested URL.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The message of etcd.
        message: String,
    },
    /// The response has an unexpected form.
    #[error("the answer of {url} has no usable {field}")]
    Answer {
        /// The requested URL.
        url: String,
        /// The name of the missing or unusable field.
        field: &'static str,
    },
}

/// A key in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: Vec<u8>,
    /// The revision of its last change.
    pub revision: i64,
    /// The value's bytes; empty if only keys were requested.
    pub value: Vec<u8>,
}

/// An operation of a transaction on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Writes the key.
    Put {
        /// The key.
        key: Vec<u8>,
        /// The bytes.
        value: Vec<u8>,
    },
    /// Deletes the key.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
}

impl Operation {
    /// Returns the number of bytes that the operation adds to a request.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Put { key, value } => key.len() + value.len(),
            Self::Delete { key } => key.len(),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Put { key, value } => {
                json!({"request_put": {"key": encode(key), "value": encode(value)}})
            }
            Self::Delete { key } => json!({"request_delete_range": {"key": encode(key)}}),
        }
    }
}

/// A client of one etcd. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EtcdClient {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl EtcdClient {
    /// Creates a client of the etcd on a port of the loopback interface. Sends nothing yet.
    #[must_use]
    pub fn new(port: u16) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            base: format!("http://127.0.0.1:{port}"),
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    /// Returns etcd's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Returns every key under a prefix, in order, with its value.
    ///
    /// # Errors
    /// [`EtcdError`] if the request fails, as for all requests here.
    pub async fn list(&self, prefix: &str) -> Result<Vec<KeyValue>, EtcdError> {
        self.range(prefix, false).await
    }

    /// Returns every key under a prefix, in order, without its value.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub async fn list_keys(&self, prefix: &str) -> Result<Vec<KeyValue>, EtcdError> {
        self.range(prefix, true).await
    }

    /// Writes one key.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub async fn put(&self, key: &str, value: &[u8]) -> Result<(), EtcdError> {
        let body = json!({"key": encode(key.as_bytes()), "value": encode(value)});
        self.send("/v3/kv/put", &body).await.map(drop)
    }

    /// Deletes every key under a prefix. Returns the number of deleted keys.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub async fn delete_all(&self, prefix: &str) -> Result<i64, EtcdError> {
        let path = "/v3/kv/deleterange";
        let body = json!({
            "key": encode(prefix.as_bytes()), "range_end": encode(&range_end(prefix)),
        });
        let answer = self.send(path, &body).await?;
        // The JSON gateway omits zero.
        Ok(number(&answer["deleted"]).unwrap_or(0))
    }

    /// Applies all operations or none, and returns the revision of the transaction. No key may occur twice.
    ///
    /// # Errors
    /// [`EtcdError`], also if there are more operations than etcd accepts in one transaction.
    pub async fn transaction(&self, operations: &[Operation]) -> Result<i64, EtcdError> {
        let path = "/v3/kv/txn";
        let operations: Vec<Value> = operations.iter().map(Operation::to_json).collect();
        let body = json!({"success": operations});
        let answer = self.send(path, &body).await?;
        number(&answer["header"]["revision"]).ok_or_else(|| self.answer(path, "revision"))
    }

    /// Returns the names of the members of etcd's cluster.
    pub(super) async fn members(&self) -> Result<Vec<String>, EtcdError> {
        let path = "/v3/cluster/member/list";
        let answer = self.send(path, &json!({})).await?;
        let members = self.array(path, &answer, "members")?;
        let name = |member: &Value| member["name"].as_str().unwrap_or_default().to_owned();
        Ok(members.iter().map(name).collect())
    }

    async fn range(&self, prefix: &str, keys_only: bool) -> Result<Vec<KeyValue>, EtcdError> {
        let path = "/v3/kv/range";
        let body = json!({
            "key": encode(prefix.as_bytes()),
            "range_end": encode(&range_end(prefix)),
            "keys_only": keys_only,
        });
        let answer = self.send(path, &body).await?;
        if answer.get("kvs").is_none() {
            return Ok(Vec::new());
        }
        let items = self.array(path, &answer, "kvs")?;
        let read = items.iter().map(|item| {
            Some(KeyValue {
                key: decode(&item["key"])?,
                revision: number(&item["mod_revision"])?,
                value: if keys_only {
                    Vec::new()
                } else {
                    // The JSON gateway omits an empty value.
                    item.get("value").map_or(Some(Vec::new()), decode)?
                },
            })
        });
        read.collect::<Option<_>>()
            .ok_or_else(|| self.answer(path, "kvs"))
    }

    fn array<'a>(
        &self,
        path: &str,
        answer: &'a Value,
        field: &'static str,
    ) -> Result<&'a Vec<Value>, EtcdError> {
        answer[field]
            .as_array()
            .ok_or_else(|| self.answer(path, field))
    }

    fn answer(&self, path: &str, field: &'static str) -> EtcdError {
        EtcdError::Answer {
            url: format!("{}{path}", self.base),
            field,
        }
    }

    async fn send(&self, path: &str, body: &Value) -> Result<Value, EtcdError> {
        let url = format!("{}{path}", self.base);
        let exchange = tokio::time::timeout(ANSWER, self.exchange(&url, body.to_string()));
        let (status, answer) = exchange
            .await
            .unwrap_or_else(|_| Err(format!("nothing within {} s", ANSWER.as_secs()).into()))
            .map_err(|source| EtcdError::Transport {
                url: url.clone(),
                source,
            })?;
        if status != 200 {
            let message = String::from_utf8_lossy(&answer).trim().to_owned();
            return Err(EtcdError::Refused {
                url,
                status,
                message,
            });
        }
        serde_json::from_slice(&answer).map_err(|_| self.answer(path, "JSON"))
    }

    async fn exchange(
        &self,
        url: &str,
        body: String,
    ) -> Result<(u16, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let request = Request::post(url.parse::<Uri>()?)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        let answer = self.client.request(request).await?;
        let status = answer.status().as_u16();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}

/// Returns the first key after every key with the prefix.
fn range_end(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    // No byte of UTF-8 is 0xff, so there is no overflow.
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn decode(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_str()?).ok()
}

/// Reads a 64-bit number, which is a string in the JSON of protocol buffers.
fn number(value: &Value) -> Option<i64> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Operation, number, range_end};

    #[test]
    fn a_prefix_ends_before_its_sibling() {
        assert_eq!(range_end("/s1/"), b"/s10");
        assert!(b"/s1/zzz".as_slice() < range_end("/s1/").as_slice());
    }

    #[test]
    fn operations_as_etcd_reads_them() {
        let put = Operation::Put {
            key: b"a".to_vec(),
            value: b"b".to_vec(),
        };
        assert_eq!(
            put.to_json(),
            json!({"request_put": {"key": "YQ==", "value": "Yg=="}})
        );
        let delete = Operation::Delete { key: b"a".to_vec() };
        assert_eq!(
            delete.to_json(),
            json!({"request_delete_range": {"key": "YQ=="}})
        );
    }

    #[test]
    fn numbers_are_strings() {
        assert_eq!(number(&json!("55")), Some(55));
        assert_eq!(number(&json!(55)), None);
    }
}
