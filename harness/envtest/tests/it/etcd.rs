//! Tests of the client of etcd's JSON gateway against a real etcd. They are skipped, with the reason printed, if there
//! is none.

use std::process::{Child, Command, Stdio};

use crosscut_setup::{Asset, AssetSearch};

use crosscut_envtest::{EtcdClient, EtcdError, Operation};
use tempfile::TempDir;

/// An etcd of the test's own, with default settings.
struct Etcd {
    child: Child,
    client: EtcdClient,
    _data: TempDir,
}

impl Etcd {
    async fn start() -> Option<Self> {
        let search = AssetSearch::from_variables(None, |name| std::env::var(name).ok());
        let Some(program) = search.find_one(Asset::Etcd).expect("an executable") else {
            println!("skipped: {}", search.missing([Asset::Etcd]));
            return None;
        };
        let data = TempDir::new().expect("a folder");
        let [client, peer] = crosscut_programs::free_ports().expect("ports");
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let child = Command::new(program)
            .arg(format!("--data-dir={}", data.path().display()))
            .arg(format!("--listen-client-urls={}", url(client)))
            .arg(format!("--advertise-client-urls={}", url(client)))
            .arg(format!("--listen-peer-urls={}", url(peer)))
            .arg("--unsafe-no-fsync")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let etcd = Self {
            child,
            client: EtcdClient::new(client),
            _data: data,
        };
        for _ in 0..500 {
            if etcd.client.list("/").await.is_ok() {
                return Some(etcd);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("etcd does not answer");
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn put(key: &str, value: &[u8]) -> Operation {
    Operation::Put {
        key: key.into(),
        value: value.to_vec(),
    }
}

fn delete(key: &str) -> Operation {
    Operation::Delete { key: key.into() }
}

async fn stored(client: &EtcdClient) -> Vec<(String, Vec<u8>)> {
    let items = client.list("/a/").await.expect("a list");
    let text = |key| String::from_utf8(key).expect("text");
    let pair = |item: crosscut_envtest::KeyValue| (text(item.key), item.value);
    items.into_iter().map(pair).collect()
}

#[tokio::test]
async fn what_is_written_is_read() {
    let Some(etcd) = Etcd::start().await else {
        return;
    };
    let client = &etcd.client;
    assert_eq!(stored(client).await, []);
    let binary = [0, 0xff, b'\n', 0x80];
    client.put("/a/1", &binary).await.expect("a put");
    client.put("/a/2", b"").await.expect("a put");
    client.put("/a", b"outside").await.expect("a put");
    client.put("/a0", b"outside").await.expect("a put");
    let expected = [
        ("/a/1".to_owned(), binary.to_vec()),
        ("/a/2".to_owned(), Vec::new()),
    ];
    assert_eq!(stored(client).await, expected);
    let keys = client.list_keys("/a/").await.expect("keys");
    assert!(keys.iter().all(|item| item.value.is_empty()));
    assert!(keys[0].revision < keys[1].revision);

    assert_eq!(client.delete_all("/a/").await.expect("a deletion"), 2);
    assert_eq!(client.delete_all("/a/").await.expect("a deletion"), 0);
    assert_eq!(stored(client).await, []);
    assert_eq!(client.list("/a").await.expect("a list").len(), 2);
}

#[tokio::test]
async fn a_transaction_does_all_or_nothing() {
    let Some(etcd) = Etcd::start().await else {
        return;
    };
    let client = &etcd.client;
    client.put("/a/old", b"1").await.expect("a put");
    let revision = client
        .transaction(&[put("/a/new", b"2"), delete("/a/old"), delete("/a/never")])
        .await
        .expect("a transaction");
    assert_eq!(stored(client).await, [("/a/new".to_owned(), b"2".to_vec())]);
    let keys = client.list_keys("/a/").await.expect("keys");
    assert_eq!(keys[0].revision, revision);

    // A key that occurs twice makes etcd refuse the whole transaction.
    let error = client
        .transaction(&[put("/a/x", b"1"), put("/a/new", b"3"), put("/a/x", b"2")])
        .await
        .expect_err("a duplicate");
    let EtcdError::Refused {
        status, message, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(*status, 400);
    assert!(message.contains("duplicate key"), "{message}");
    assert_eq!(stored(client).await, [("/a/new".to_owned(), b"2".to_vec())]);
}

#[tokio::test]
async fn nobody_there_is_said() {
    let [port] = crosscut_programs::free_ports().expect("a port");
    let error = EtcdClient::new(port).list("/").await.expect_err("nobody");
    assert!(matches!(error, EtcdError::Transport { .. }), "{error:?}");
    let expected = format!("no answer from http://127.0.0.1:{port}/v3/kv/range");
    assert_eq!(error.to_string(), expected);
}
