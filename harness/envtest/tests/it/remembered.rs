//! Checkpoints of the control server and the target, restored beneath the running programs.

use std::time::Duration;

use crosscut_envtest::{Checkpoint, Environment, EtcdClient, KeyValue, Restored};

/// The time without any change until the state counts as settled. It is longer than the programs' shortest retry, which
/// is a second.
const QUIET: Duration = Duration::from_millis(1_500);
/// The maximum number of checks, for settling and for a restoration.
const LOOKS: usize = 60;
/// The time between two checks after a restoration.
const LOOK: Duration = Duration::from_millis(100);
/// The number of checks in a row that must find no change. A running reconcile takes less time.
const QUIET_LOOKS: usize = 10;

pub(crate) struct Remembered {
    checkpoints: [Checkpoint; 2],
    etcd: EtcdClient,
}

impl Remembered {
    /// Waits until nothing changes, and takes the checkpoints. A later change by a program would come back after each
    /// restoration.
    pub(crate) async fn take(environment: &Environment) -> Remembered {
        let etcd = environment.etcd().clone();
        at_rest(&etcd).await;
        let [control, target] = [environment.control(), &environment.targets()[0]]
            .map(|server| Checkpoint::take(&etcd, &server.prefix));
        let checkpoints = [
            control.await.expect("a checkpoint"),
            target.await.expect("a checkpoint"),
        ];
        Remembered { checkpoints, etcd }
    }

    /// Restores the state until it stays unchanged for a while. A reconcile that runs during a restoration writes after
    /// it.
    pub(crate) async fn restore(&mut self) {
        let mut before = stored(&self.etcd).await;
        let mut quiet = 0;
        for _ in 0..LOOKS {
            if self.restore_once().await {
                quiet += 1;
            } else {
                quiet = 0;
                before = stored(&self.etcd).await;
            }
            if quiet == QUIET_LOOKS {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        let moved = moved(&before, &stored(&self.etcd).await);
        panic!("it does not stay as it was: {moved:?}");
    }

    /// Restores the state once. Returns true if nothing had changed.
    async fn restore_once(&mut self) -> bool {
        let mut restored = Vec::new();
        for checkpoint in &mut self.checkpoints {
            restored.push(checkpoint.restore().await.expect("a restoration"));
        }
        restored == [Restored::default(); 2]
    }
}

async fn at_rest(etcd: &EtcdClient) {
    let mut before = stored(etcd).await;
    for _ in 0..LOOKS {
        tokio::time::sleep(QUIET).await;
        let now = stored(etcd).await;
        if moved(&before, &now).is_empty() {
            return;
        }
        before = now;
    }
    panic!("it never comes to rest");
}

/// Returns the keys and revisions of all objects except leases, which servers renew.
async fn stored(etcd: &EtcdClient) -> Vec<KeyValue> {
    let mut keys = etcd.list_keys("/").await.expect("keys");
    keys.retain(|item| !name(item).contains("leases/"));
    keys
}

/// Returns the names of keys that are new or have another revision.
fn moved(before: &[KeyValue], now: &[KeyValue]) -> Vec<String> {
    let is_new = |item: &&KeyValue| !before.contains(item);
    now.iter().filter(is_new).map(name).collect()
}

fn name(item: &KeyValue) -> String {
    String::from_utf8_lossy(&item.key).into_owned()
}
