//! How many requests run at once: so many in all, so many at one host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places there are.
#[derive(Clone)]
pub(super) struct Places {
    overall: Arc<Semaphore>,
    per_host: usize,
    hosts: Hosts,
}

/// By host, for as long as somebody works or waits there: the semaphore, and how many they are.
type Hosts = Arc<Mutex<HashMap<String, (Arc<Semaphore>, usize)>>>;

/// One request's place. Dropping it makes room for the next.
pub(super) struct Place {
    overall: Option<OwnedSemaphorePermit>,
    _at_host: Option<OwnedSemaphorePermit>,
    _visit: Visit,
}

/// A place overall, kept while what was fetched is in memory.
#[derive(Debug)]
pub struct Held {
    _overall: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// Makes room at the host, and nowhere else.
    pub(super) fn held(self) -> Held {
        Held { _overall: self.overall }
    }
}

/// Somebody works or waits at a host.
struct Visit {
    hosts: Hosts,
    host: String,
}

impl Places {
    /// At least one place each, or nothing would ever be fetched.
    pub(super) fn new(overall: usize, per_host: usize) -> Self {
        let places = |count: usize| count.clamp(1, Semaphore::MAX_PERMITS);
        Self { overall: Arc::new(Semaphore::new(places(overall))), per_host: places(per_host), hosts: Hosts::default() }
    }

    /// Waits for a place at `host`. The host's place comes first: who waits at a busy host keeps nobody from others, and who has a place overall
    /// always goes on. Nobody may hold a place while entering again, or two could wait for each other.
    pub(super) async fn enter(&self, host: &str) -> Place {
        let (semaphore, visit) = self.visit(host);
        // No semaphore is ever closed.
        let at_host = semaphore.acquire_owned().await.ok();
        let overall = Arc::clone(&self.overall).acquire_owned().await.ok();
        Place { overall, _at_host: at_host, _visit: visit }
    }

    fn visit(&self, host: &str) -> (Arc<Semaphore>, Visit) {
        let mut hosts = locked(&self.hosts);
        let (semaphore, visitors) = hosts.entry(host.to_owned()).or_insert_with(|| (Arc::new(Semaphore::new(self.per_host)), 0));
        *visitors += 1;
        (Arc::clone(semaphore), Visit { hosts: Arc::clone(&self.hosts), host: host.to_owned() })
    }

    /// How many hosts are remembered.
    #[cfg(test)]
    pub(super) fn hosts(&self) -> usize {
        locked(&self.hosts).len()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut hosts = locked(&self.hosts);
        if let Some((_, visitors)) = hosts.get_mut(&self.host) {
            *visitors -= 1;
            if *visitors == 0 {
                hosts.remove(&self.host);
            }
        }
    }
}

/// The counts are right whatever happened to who held the lock: each step of them is one.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
