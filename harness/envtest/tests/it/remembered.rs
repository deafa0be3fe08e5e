//! Control server and target as they were, to be brought back beneath the programs that run on them.

use std::time::Duration;

use crosscut_envtest::{Checkpoint, Environment, EtcdClient, KeyValue, Restored};

/// The time that nothing may change for things to be at rest. Longer than the programs' shortest retry, which is a
/// second.
const QUIET: Duration = Duration::from_millis(1_500);
/// The number of times that it is looked whether they are, or whether they stay as they were.
const LOOKS: usize = 60;
/// Between two looks whether they stay.
const LOOK: Duration = Duration::from_millis(100);
/// So many looks in a row have to find nothing. A reconcile that is under way takes less.
const QUIET_LOOKS: usize = 10;

pub(crate) struct Remembered {
    checkpoints: [Checkpoint; 2],
    etcd: EtcdClient,
}

impl Remembered {
    /// Waits until nothing moves: what a program would have changed next, it would change after each restoration.
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

    /// Again until there is nothing to bring back for a while: what a program was doing just then is written after it.
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

    /// Returns true if everything was as it is to be already.
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

/// Keys and revisions of everything but what servers renew for themselves.
async fn stored(etcd: &EtcdClient) -> Vec<KeyValue> {
    let mut keys = etcd.list_keys("/").await.expect("keys");
    keys.retain(|item| !name(item).contains("leases/"));
    keys
}

/// Returns what is new or has another revision.
fn moved(before: &[KeyValue], now: &[KeyValue]) -> Vec<String> {
    let is_new = |item: &&KeyValue| !before.contains(item);
    now.iter().filter(is_new).map(name).collect()
}

fn name(item: &KeyValue) -> String {
    String::from_utf8_lossy(&item.key).into_owned()
}
