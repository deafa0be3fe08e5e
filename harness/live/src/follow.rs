//! A list and watch of one resource of an API server.
//!
//! kube's own watcher does not report the gap between two watches. Here that gap matters: a control plane must not
//! count as settled while changes may have been missed.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crosscut_objects::Resource;
use futures::StreamExt as _;
use kube::api::{DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::core::Status;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::resources;
use super::state::State;

/// The number of objects in one page of a list.
const PAGE: u32 = 500;
/// The time that settling waits for a response of the API server.
const ANSWER: Duration = Duration::from_secs(30);
/// The time that settling waits for missed events after a watch has begun.
const CATCHING_UP: Duration = Duration::from_millis(250);
/// The first delay before a failed request is retried, and the longest. The delay doubles with each failure.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// The retry delay from which settling ignores this resource, because the request may never succeed.
const HOPELESS: Duration = Duration::from_secs(3);
/// The time without an error after which the delay starts again at its first value.
const WELL: Duration = Duration::from_secs(5);

/// The delay between the end of a watch and the start of the next.
const ENDED: Duration = Duration::from_millis(20);

/// The code of an expired version, after which all objects must be listed again.
const GONE: u16 = 410;

/// Lists and watches one resource without end. `listed` becomes true after the first list.
pub(super) async fn follow(
    client: kube::Client,
    resource: Arc<Resource>,
    state: State,
    listed: watch::Sender<bool>,
) {
    let api = kube::Api::all_with(client, &resources::api_resource(&resource));
    let mut watcher = Watcher {
        api,
        resource,
        state,
        trouble: Trouble::default(),
    };
    loop {
        match watcher.list().await {
            Ok(version) => {
                let _ = listed.send(true);
                watcher.watch(version).await;
            }
            Err(error) => watcher.pause(&error).await,
        }
    }
}

struct Watcher {
    api: kube::Api<DynamicObject>,
    resource: Arc<Resource>,
    state: State,
    trouble: Trouble,
}

impl Watcher {
    /// Lists all objects into the state, and returns the list's version.
    async fn list(&mut self) -> Result<String, kube::Error> {
        self.behind(ANSWER);
        // Lists and watches, not streamed lists: with an etcd before 3.4.31, streamed lists never report that they are
        // complete.
        let mut page = ListParams::default().limit(PAGE);
        let mut all = Vec::new();
        loop {
            let list = self.api.list(&page).await?;
            all.extend(list.items.iter().filter_map(|object| self.json(object)));
            let version = list.metadata.resource_version.unwrap_or_default();
            match list.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => page = page.continue_token(&token),
                None => {
                    self.state.replace(&self.resource, all);
                    return Ok(version);
                }
            }
        }
    }

    /// Applies changes since `version` to the state, until all objects must be listed again. An API server ends watches
    /// every few minutes, and those of a kind whose definition changes.
    async fn watch(&mut self, mut version: String) {
        self.behind(ANSWER);
        loop {
            // Between the end of a watch and the start of the next, changes are not seen.
            let events = self.api.watch(&WatchParams::default(), &version).await;
            let mut events = match events {
                Ok(events) => events.boxed(),
                Err(kube::Error::Api(status)) if status.code == GONE => return,
                Err(error) => {
                    self.pause(&error).await;
                    continue;
                }
            };
            self.behind(CATCHING_UP);
            while let Some(event) = events.next().await {
                match event {
                    Ok(WatchEvent::Error(status)) => {
                        if self.refused(&status).await.is_break() {
                            return;
                        }
                        break;
                    }
                    Ok(event) => self.take(event, &mut version),
                    Err(error) => {
                        self.pause(&error).await;
                        break;
                    }
                }
            }
            self.behind(ANSWER);
            // A watch that ends at once must not be restarted in a tight loop.
            tokio::time::sleep(ENDED).await;
        }
    }

    fn take(&self, event: WatchEvent<DynamicObject>, version: &mut String) {
        match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                note(&object, version);
                if let Some(object) = self.json(&object) {
                    self.state.apply(&self.resource, object);
                }
            }
            WatchEvent::Deleted(object) => {
                note(&object, version);
                if let Some(object) = self.json(&object) {
                    self.state.delete(&self.resource, &object);
                }
            }
            WatchEvent::Bookmark(bookmark) => {
                version.clone_from(&bookmark.metadata.resource_version);
            }
            WatchEvent::Error(_) => {}
        }
    }

    /// Handles an error event of the watch. Returns `Break` if all objects must be listed again.
    async fn refused(&mut self, status: &Status) -> ControlFlow<()> {
        if status.code == GONE {
            return ControlFlow::Break(());
        }
        self.pause(&status.message).await;
        ControlFlow::Continue(())
    }

    async fn pause(&mut self, error: &(impl std::fmt::Display + ?Sized)) {
        tracing::debug!(%error, kind = self.resource.kind, "it is listed or watched again");
        let delay = self.trouble.next();
        if delay < HOPELESS {
            self.behind(delay + ANSWER);
        }
        tokio::time::sleep(delay).await;
    }

    fn behind(&self, longest: Duration) {
        let hopeless = self.trouble.delay() >= HOPELESS;
        if !hopeless {
            self.state.behind(&self.resource, longest);
        }
    }

    fn json(&self, object: &DynamicObject) -> Option<Value> {
        resources::json(&self.resource, object)
    }
}

fn note(object: &DynamicObject, version: &mut String) {
    if let Some(newer) = &object.metadata.resource_version {
        version.clone_from(newer);
    }
}

/// A count of recent failures.
#[derive(Default)]
struct Trouble {
    times: u32,
    last: Option<Instant>,
}

impl Trouble {
    /// Counts a failure and returns the delay before the retry.
    fn next(&mut self) -> Duration {
        if self
            .last
            .is_some_and(|last| last.elapsed() > WELL + self.delay())
        {
            self.times = 0;
        }
        self.times = self.times.saturating_add(1);
        self.last = Some(Instant::now());
        self.delay()
    }

    /// Returns the delay after the last failure.
    fn delay(&self) -> Duration {
        let Some(doublings) = self.times.checked_sub(1) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        AGAIN.0.saturating_mul(factor).min(AGAIN.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_until_everything_is_well_again() {
        let mut trouble = Trouble::default();
        let pauses: Vec<u128> = (0..9).map(|_| trouble.next().as_millis()).collect();
        assert_eq!(
            pauses,
            [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
        );
        tokio::time::advance(Duration::from_secs(16)).await;
        assert_eq!(trouble.next().as_millis(), 100);
    }
}
