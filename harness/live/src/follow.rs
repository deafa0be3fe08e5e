//! Following one resource of an API server: what there is, and every change of it.
//!
//! kube's own watcher does not tell when a watch has ended and the next one has not begun. Here that is what matters:
//! whoever judges a control plane as being at rest must know what it may not have seen.

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

/// The number of objects that a page of a list has.
const PAGE: u32 = 500;
/// The time that an answer may take until nobody waits for it any longer before judging.
const ANSWER: Duration = Duration::from_secs(30);
/// The time that a watch that has begun may take until it has told what was missed.
const CATCHING_UP: Duration = Duration::from_millis(250);
/// The time after which what failed is tried again, and at most, doubling with every further time.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// From this on nobody waits for it: it may never work.
const HOPELESS: Duration = Duration::from_secs(3);
/// After so long without an error everything counts as well again.
const WELL: Duration = Duration::from_secs(5);

/// The time after which a watch that has ended is followed by the next.
const ENDED: Duration = Duration::from_millis(20);

/// The code of what is not known any more, so that all must be listed again.
const GONE: u16 = 410;

/// Follows one resource for ever; `listed` becomes true with the first list.
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
    /// Takes up everything that there is, and answers its version.
    async fn list(&mut self) -> Result<String, kube::Error> {
        self.behind(ANSWER);
        // Lists and watches, not streamed lists: with an etcd before 3.4.31 those never say that they are complete.
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

    /// Takes up changes since `version`, until all must be listed again. An API server ends watches every few minutes,
    /// and those of a kind whose definition changes.
    async fn watch(&mut self, mut version: String) {
        self.behind(ANSWER);
        loop {
            // From its end to the beginning of the next a watch sees nothing.
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
            // One that ends as soon as it has begun must not keep the API server busy.
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

    /// An error that the watch itself tells.
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

/// The number of times that something failed of late.
#[derive(Default)]
struct Trouble {
    times: u32,
    last: Option<Instant>,
}

impl Trouble {
    /// Returns the time to wait this time.
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

    /// Returns the time that it was the last time.
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
