//! Restoration of the state that an API server stores, beneath the API server.
//!
//! The API server sees the changes through its watches, like those of another API server on the same etcd. It takes
//! milliseconds; a deletion through the API server takes seconds, because of finalizers and namespaces.

use std::collections::BTreeMap;

use super::error::EnvtestError;
use super::etcd::MAX_OPERATIONS;
use super::etcd_client::{EtcdClient, EtcdError, KeyValue, Operation};
use super::keys::{Rules, Treatment, is_in_namespace};

/// The maximum number of bytes of keys and values of one transaction. etcd's default limit for a request is 1.5 MiB.
const MAX_BYTES: usize = 1024 * 1024;

/// The keys and values under a prefix at one moment.
///
/// It has the values and not only the revision, because API servers compact etcd's history every five minutes.
#[derive(Debug)]
pub struct Checkpoint {
    etcd: EtcdClient,
    prefix: String,
    stored: BTreeMap<Vec<u8>, Stored>,
}

#[derive(Debug)]
struct Stored {
    revision: i64,
    value: Vec<u8>,
}

/// The counts of a restoration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The number of keys that were deleted because they were new.
    pub deleted: usize,
    /// The number of keys that got their old value back.
    pub written: usize,
}

impl Restored {
    fn add(&mut self, operations: &[Operation]) {
        for operation in operations {
            match operation {
                Operation::Put { .. } => self.written += 1,
                Operation::Delete { .. } => self.deleted += 1,
            }
        }
    }
}

impl Checkpoint {
    /// Reads the state that the API server with this prefix stores now.
    ///
    /// # Errors
    /// [`EnvtestError::Etcd`].
    pub async fn take(etcd: &EtcdClient, prefix: &str) -> Result<Self, EnvtestError> {
        let prefix = format!("{prefix}/");
        let stored = etcd
            .list(&prefix)
            .await
            .map_err(|source| failed(format!("read {prefix}"), source))?;
        let stored = stored.into_iter().map(|item| {
            let KeyValue {
                key,
                revision,
                value,
            } = item;
            (key, Stored { revision, value })
        });
        Ok(Self {
            etcd: etcd.clone(),
            prefix,
            stored: stored.collect(),
        })
    }

    /// Restores the state: deletes new keys, and writes the old values of changed and deleted keys. The checkpoint can
    /// be used again.
    ///
    /// # Errors
    /// [`EnvtestError::Etcd`]. The restoration may be partial then.
    pub async fn restore(&mut self) -> Result<Restored, EnvtestError> {
        let now = self.keys().await?;
        let operations = self.operations(&now);
        let mut restored = Restored::default();
        for chunk in chunks(&operations) {
            let revision = commit(&self.etcd, chunk, &self.prefix).await?;
            restored.add(chunk);
            self.learn(chunk, revision);
        }
        Ok(restored)
    }

    async fn keys(&self) -> Result<Vec<KeyValue>, EnvtestError> {
        let keys = self.etcd.list_keys(&self.prefix).await;
        keys.map_err(|source| failed(format!("read {}", self.prefix), source))
    }

    /// Records the new revision of the keys that a transaction wrote.
    fn learn(&mut self, operations: &[Operation], revision: i64) {
        for operation in operations {
            if let Operation::Put { key, .. } = operation
                && let Some(stored) = self.stored.get_mut(key)
            {
                stored.revision = revision;
            }
        }
    }

    fn operations(&self, now: &[KeyValue]) -> Vec<Operation> {
        let revisions: BTreeMap<&[u8], i64> = now
            .iter()
            .map(|item| (item.key.as_slice(), item.revision))
            .collect();
        let keys = revisions.keys().copied();
        let rules = Rules::new(
            &self.prefix,
            keys.chain(self.stored.keys().map(Vec::as_slice)),
        );
        let new = now.iter().filter(|item| {
            !self.stored.contains_key(&item.key) && rules.treatment(&item.key) != Treatment::Left
        });
        let deletes = new.map(|item| Operation::Delete {
            key: item.key.clone(),
        });
        let changed = self.stored.iter().filter(|(key, stored)| {
            revisions.get(key.as_slice()) != Some(&stored.revision)
                && rules.treatment(key) == Treatment::Restored
        });
        let puts = changed.map(|(key, stored)| Operation::Put {
            key: key.clone(),
            value: stored.value.clone(),
        });
        deletes.chain(puts).collect()
    }
}

/// Deletes a namespace and all its objects beneath the API server with this prefix. Returns the number of deleted keys.
///
/// # Errors
/// [`EnvtestError::Etcd`]. The deletion may be partial then.
pub async fn delete_namespace(
    etcd: &EtcdClient,
    prefix: &str,
    namespace: &str,
) -> Result<usize, EnvtestError> {
    let prefix = format!("{prefix}/");
    let keys = etcd
        .list_keys(&prefix)
        .await
        .map_err(|source| failed(format!("read {prefix}"), source))?;
    let inside = keys
        .into_iter()
        .filter(|item| is_in_namespace(&item.key, &prefix, namespace));
    let operations: Vec<Operation> = inside
        .map(|item| Operation::Delete { key: item.key })
        .collect();
    for chunk in chunks(&operations) {
        commit(etcd, chunk, &prefix).await?;
    }
    Ok(operations.len())
}

async fn commit(
    etcd: &EtcdClient,
    operations: &[Operation],
    prefix: &str,
) -> Result<i64, EnvtestError> {
    etcd.transaction(operations)
        .await
        .map_err(|source| failed(format!("write {prefix}"), source))
}

/// Splits operations into as few transactions as etcd's limits allow.
fn chunks(operations: &[Operation]) -> Vec<&[Operation]> {
    let mut chunks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, operation) in operations.iter().enumerate() {
        let full = index - start == MAX_OPERATIONS || bytes + operation.size() > MAX_BYTES;
        if full && index > start {
            chunks.push(&operations[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += operation.size();
    }
    if start < operations.len() {
        chunks.push(&operations[start..]);
    }
    chunks
}

fn failed(action: String, source: EtcdError) -> EnvtestError {
    EnvtestError::Etcd { action, source }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{
        Checkpoint, EtcdClient, KeyValue, MAX_BYTES, MAX_OPERATIONS, Operation, Stored, chunks,
    };

    fn checkpoint(stored: &[(&str, i64)]) -> Checkpoint {
        let stored = stored.iter().map(|(key, revision)| {
            let value = format!("old {key}").into_bytes();
            let stored = Stored {
                revision: *revision,
                value,
            };
            (format!("/s1/{key}").into_bytes(), stored)
        });
        Checkpoint {
            etcd: EtcdClient::new(1),
            prefix: "/s1/".to_owned(),
            stored: stored.collect(),
        }
    }

    fn now(keys: &[(&str, i64)]) -> Vec<KeyValue> {
        let item = |(key, revision): &(&str, i64)| KeyValue {
            key: format!("/s1/{key}").into_bytes(),
            revision: *revision,
            value: Vec::new(),
        };
        keys.iter().map(item).collect()
    }

    fn put(key: &str) -> Operation {
        Operation::Put {
            key: format!("/s1/{key}").into_bytes(),
            value: format!("old {key}").into_bytes(),
        }
    }

    fn delete(key: &str) -> Operation {
        Operation::Delete {
            key: format!("/s1/{key}").into_bytes(),
        }
    }

    #[rstest]
    #[case::nothing_changed(&[("pods/d/a", 5)], &[("pods/d/a", 5)], &[])]
    #[case::new(&[], &[("pods/d/a", 5)], &[delete("pods/d/a")])]
    #[case::changed(&[("pods/d/a", 5)], &[("pods/d/a", 9)], &[put("pods/d/a")])]
    #[case::deleted(&[("pods/d/a", 5)], &[], &[put("pods/d/a")])]
    #[case::a_new_event(&[], &[("events/d/a", 5)], &[delete("events/d/a")])]
    #[case::an_expired_event(&[("events/d/a", 5)], &[], &[])]
    #[case::the_servers_own_lease(&[("leases/kube-system/a", 5)], &[("leases/kube-system/a", 9)], &[])]
    #[case::its_new_lease(&[], &[("leases/kube-system/a", 5), ("masterleases/1", 6)], &[])]
    #[case::a_served_group_goes_with_its_definition(
        &[],
        &[
            ("apiextensions.k8s.io/customresourcedefinitions/widgets.test.io", 5),
            ("apiregistration.k8s.io/apiservices/v1.test.io", 6),
            ("apiregistration.k8s.io/apiservices/v1.other.io", 7),
        ],
        &[
            delete("apiextensions.k8s.io/customresourcedefinitions/widgets.test.io"),
            delete("apiregistration.k8s.io/apiservices/v1.other.io"),
        ]
    )]
    #[case::a_served_group_comes_with_its_definition(
        &[
            ("apiextensions.k8s.io/customresourcedefinitions/widgets.test.io", 5),
            ("apiregistration.k8s.io/apiservices/v1.test.io", 6),
            ("apiregistration.k8s.io/apiservices/v1.other.io", 7),
        ],
        &[("apiregistration.k8s.io/apiservices/v1.test.io", 8)],
        &[
            put("apiextensions.k8s.io/customresourcedefinitions/widgets.test.io"),
            put("apiregistration.k8s.io/apiservices/v1.other.io"),
        ]
    )]
    #[case::a_lease_of_a_trial(&[], &[("leases/d/a", 5)], &[delete("leases/d/a")])]
    fn operations(
        #[case] stored: &[(&str, i64)],
        #[case] keys: &[(&str, i64)],
        #[case] expected: &[Operation],
    ) {
        assert_eq!(checkpoint(stored).operations(&now(keys)), expected);
    }

    fn sized(bytes: usize) -> Operation {
        Operation::Delete {
            key: vec![b'k'; bytes],
        }
    }

    #[rstest]
    #[case::none(vec![], &[])]
    #[case::as_many_as_fit(vec![sized(1); MAX_OPERATIONS], &[MAX_OPERATIONS])]
    #[case::one_more(vec![sized(1); MAX_OPERATIONS + 1], &[MAX_OPERATIONS, 1])]
    #[case::as_large_as_fits(vec![sized(MAX_BYTES / 2); 2], &[2])]
    #[case::larger(vec![sized(MAX_BYTES / 2 + 1); 3], &[1, 1, 1])]
    #[case::one_that_is_too_large_by_itself(vec![sized(1), sized(MAX_BYTES + 1), sized(1)], &[1, 1, 1])]
    fn transactions(#[case] operations: Vec<Operation>, #[case] expected: &[usize]) {
        let chunks: Vec<usize> = chunks(&operations)
            .iter()
            .map(|chunk| chunk.len())
            .collect();
        assert_eq!(chunks, expected);
    }
}
