//! Following the change log: one task per process, of which one in all processes writes.
//!
//! It takes the writer's lock when that is free, reads the log after the index's own cursor, and replaces the products that
//! changed. A single write is committed at once; when changes keep coming, as in an import, they are gathered for a moment first.
//! A process that does not get the lock only watches the holder's commits.

use super::index::WriterLock;
use super::queries::{newest, ready_channels};
use super::reader::Search;
use super::writer::{Fresh, Opened, ReadyChannels, Writer};
use crate::app::App;
use crate::catalog::{ProductView, queries::views, queries::views_after};
use crate::db::changes::{self, Touched};
use crate::db::{Db, Position};
use crate::error::{Code, Error, Result};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often the log is looked at when nobody in this process writes.
const POLL: Duration = Duration::from_millis(200);
/// After a fault.
const RETRY: Duration = Duration::from_secs(2);
/// Changes read at once.
const READ: i64 = 2_000;
/// A batch of this many products is part of something large.
const MANY: usize = 100;
/// How long something large is gathered before it is shown.
const GATHER: Duration = Duration::from_millis(400);
/// Products written before they are shown, whatever the time.
const COMMIT_PRODUCTS: usize = 20_000;
/// Products read at once when building anew.
const BUILD_READ: i64 = 1_000;
/// How long a command waits for the holder before it looks whether it is still there.
const HOLDER: Duration = Duration::from_secs(1);
/// How long a command waits for the holder in all.
const PATIENCE: Duration = Duration::from_secs(600);

/// Keeps the index of this process's data folder up to date.
pub struct Feeder {
    db: Db,
    search: Search,
    pace: Pace,
}

/// How much is gathered before it is shown.
#[derive(Clone, Copy)]
struct Pace {
    /// How long something large is gathered.
    gather: Duration,
    /// How long more of it is waited for.
    wait: Duration,
}

/// Beside people's writes, which are to be seen soon.
const PROMPT: Pace = Pace { gather: GATHER, wait: Duration::from_millis(100) };
/// Beside a command's own import: nobody waits to see its rows one by one, and every commit costs.
const AMPLE: Pace = Pace { gather: Duration::from_secs(10), wait: Duration::from_secs(3) };
/// Towards an end that is known: all that is there is taken, and nothing waited for.
const ALL: Pace = Pace { gather: Duration::from_secs(10), wait: Duration::ZERO };

/// Is it to be found? What was merged into another product is not.
fn found(view: &ProductView) -> bool {
    view.merged_into.is_none()
}

/// What building anew came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reindexed {
    /// Products in the index.
    pub products: u64,
    /// Done by another process that feeds the index.
    pub by_holder: bool,
}

/// Products to be replaced, and how far the log was read.
struct Batch {
    ids: Vec<i64>,
    views: Vec<ProductView>,
    ready: ReadyChannels,
    position: Option<Position>,
    full: bool,
    rebuild: bool,
}

enum Step {
    /// Nothing new.
    Idle(Box<Writer>),
    /// Some was read and committed; there may be more.
    Fed(Box<Writer>),
    /// The index must be built anew.
    Rebuild(WriterLock, &'static str),
}

impl Feeder {
    /// A feeder of this index.
    pub fn new(db: Db, search: Search) -> Self {
        Self { db, search, pace: PROMPT }
    }

    /// A feeder beside a command's own import, which shows what it read when the import is done, or every few seconds.
    pub fn of_command(db: Db, search: Search) -> Self {
        Self { db, search, pace: AMPLE }
    }

    /// Runs until `shutdown`. Faults are logged and retried; nothing that happens here ends it.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut written = self.db.written();
        while !shutdown.is_cancelled() {
            let pause = match self.hold(&shutdown).await {
                Ok(()) => POLL,
                Err(error) => {
                    tracing::warn!(%error, "the search index could not be fed; trying again");
                    RETRY
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
                _ = written.changed(), if pause == POLL => {}
            }
        }
    }

    /// Feeds while it can hold the lock; without it, looks at the folder once.
    async fn hold(&self, shutdown: &CancellationToken) -> Result<()> {
        let Some(mut writer) = self.open().await? else {
            let search = self.search.clone();
            return blocking(move || search.refresh()).await;
        };
        // Whoever held the lock before may have committed what this process does not show yet.
        let search = self.search.clone();
        blocking(move || search.refresh()).await?;
        let mut written = self.db.written();
        while !shutdown.is_cancelled() {
            if self.search.inner.folder.rebuild_requested() {
                let (lock, _) = self.rebuild(writer.into_lock(), "it was asked for").await?;
                writer = self.reopen(lock).await?;
                self.search.inner.folder.forget_request();
            }
            let idle;
            (writer, idle) = match self.step(writer, self.pace, shutdown).await? {
                Step::Idle(writer) => (writer, true),
                Step::Fed(writer) => (writer, false),
                Step::Rebuild(lock, why) => {
                    let (lock, _) = self.rebuild(lock, why).await?;
                    (self.reopen(lock).await?, false)
                }
            };
            if idle {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(POLL) => {}
                    _ = written.changed() => {}
                }
            }
        }
        Ok(())
    }

    /// Takes the lock and opens a writer, building the index when there is none that can be fed. None when another has the lock.
    async fn open(&self) -> Result<Option<Box<Writer>>> {
        let search = self.search.clone();
        let Some(lock) = blocking(move || search.inner.folder.lock()).await? else { return Ok(None) };
        self.reopen(lock).await.map(Some)
    }

    async fn reopen(&self, lock: WriterLock) -> Result<Box<Writer>> {
        let search = self.search.clone();
        let why = match blocking(move || Writer::open(&search, lock)).await? {
            Opened::Ready(writer) => {
                let head = self.db.read(changes::head).await?;
                if head.covers(writer.position()) {
                    return Ok(writer);
                }
                (writer.into_lock(), "it is of another life of the database")
            }
            Opened::Rebuild(lock, why) => (lock, why),
        };
        let (lock, _) = self.rebuild(why.0, why.1).await?;
        let search = self.search.clone();
        match blocking(move || Writer::open(&search, lock)).await? {
            Opened::Ready(writer) => Ok(writer),
            Opened::Rebuild(_, why) => Err(Error::internal(format!("the new search index cannot be used: {why}"))),
        }
    }

    /// Reads and commits what is new.
    async fn step(&self, mut writer: Box<Writer>, pace: Pace, shutdown: &CancellationToken) -> Result<Step> {
        let began = Instant::now();
        let mut products = 0;
        let mut moved = false;
        let mut written = self.db.written();
        loop {
            let batch = match self.read(writer.position().clone()).await {
                Ok(batch) => batch,
                Err(error) if error.code == Code::CursorExpired => {
                    return Ok(Step::Rebuild(writer.into_lock(), "the change log does not reach back to it"));
                }
                Err(error) => return Err(error),
            };
            if batch.rebuild {
                return Ok(Step::Rebuild(writer.into_lock(), "a setting asks for it"));
            }
            let Some(position) = batch.position else { break };
            let (count, full) = (batch.ids.len(), batch.full);
            writer = blocking(move || {
                writer.replace(&batch.ids, &batch.views, &batch.ready)?;
                writer.advance(position);
                Ok(writer)
            })
            .await?;
            moved = true;
            products += count;
            if products >= COMMIT_PRODUCTS || (began.elapsed() >= pace.gather && !full) || began.elapsed() >= 4 * pace.gather {
                break;
            }
            if !full {
                if count < MANY {
                    break;
                }
                // Something large is going on: more will come within a moment.
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(pace.wait) => {}
                    _ = written.changed() => {}
                }
            }
        }
        if !moved {
            return Ok(Step::Idle(writer));
        }
        writer = blocking(move || {
            writer.commit()?;
            Ok(writer)
        })
        .await?;
        tracing::debug!(products, took = ?began.elapsed(), "search index fed");
        Ok(Step::Fed(writer))
    }

    /// What changed after `position`, each product once, all from one snapshot.
    async fn read(&self, position: Position) -> Result<Batch> {
        self.db
            .read(move |conn| {
                let log = changes::touched_after(conn, &position, READ)?;
                let ids: BTreeSet<i64> = log.iter().filter_map(|change| change.product_id).collect();
                let ids: Vec<i64> = ids.into_iter().collect();
                Ok(Batch {
                    views: views(conn, &ids)?.into_iter().filter(found).collect(),
                    ready: ready_channels(conn, &ids)?,
                    full: i64::try_from(log.len()).is_ok_and(|count| count >= READ),
                    rebuild: log.iter().any(asks_for_rebuild),
                    position: log.into_iter().next_back().map(|change| change.position),
                    ids,
                })
            })
            .await
    }

    /// Builds a version beside the live one and swaps.
    async fn rebuild(&self, lock: WriterLock, why: &str) -> Result<(WriterLock, u64)> {
        let began = Instant::now();
        tracing::info!(why, "building the search index anew");
        // Taken before the first product is read: what changes meanwhile is then read again from the log.
        let head = self.db.read(changes::head).await?;
        let search = self.search.clone();
        let mut fresh = blocking(move || Fresh::create(&search, lock)).await?;
        let mut after = 0;
        loop {
            let (views, ready) = self
                .db
                .read(move |conn| {
                    let views = views_after(conn, after, BUILD_READ)?;
                    let ids: Vec<i64> = views.iter().map(|view| view.id).collect();
                    Ok((views, ready_channels(conn, &ids)?))
                })
                .await?;
            let Some(last) = views.last() else { break };
            after = last.id;
            let views: Vec<ProductView> = views.into_iter().filter(found).collect();
            fresh = blocking(move || {
                fresh.add(&views, &ready)?;
                Ok(fresh)
            })
            .await?;
        }
        let (lock, products) = blocking(move || fresh.publish(&head)).await?;
        tracing::info!(products, took = ?began.elapsed(), "search index built");
        Ok((lock, products))
    }

    /// Feeds until everything committed before this call can be found, by itself or through whoever holds the lock.
    pub async fn catch_up(&self) -> Result<()> {
        let newest = self.db.read(newest).await?;
        let began = Instant::now();
        loop {
            if let Some(mut writer) = self.open().await? {
                while !writer.position().covers(&newest) {
                    if began.elapsed() > PATIENCE {
                        let detail = "a transaction of the database does not end, and holds back what was written after it began";
                        return Err(Error::new(Code::NotYetVisible, detail));
                    }
                    writer = match self.step(writer, ALL, &CancellationToken::new()).await? {
                        Step::Idle(writer) => {
                            tokio::time::sleep(POLL / 10).await;
                            writer
                        }
                        Step::Fed(writer) => writer,
                        Step::Rebuild(lock, why) => {
                            let (lock, _) = self.rebuild(lock, why).await?;
                            self.reopen(lock).await?
                        }
                    };
                }
                let search = self.search.clone();
                return blocking(move || search.refresh()).await;
            }
            match self.search.wait_visible(&newest, HOLDER).await {
                Err(error) if error.code == Code::NotYetVisible && began.elapsed() < PATIENCE => {}
                done => return done,
            }
        }
    }

    /// Builds the index anew, by itself or through whoever holds the lock.
    pub async fn reindex(&self) -> Result<Reindexed> {
        let began = Instant::now();
        let folder = self.search.inner.folder.clone();
        let before = folder.current()?;
        let mut asked = false;
        loop {
            let search = self.search.clone();
            if let Some(lock) = blocking(move || search.inner.folder.lock()).await? {
                let (_lock, products) = self.rebuild(lock, "it was asked for").await?;
                folder.forget_request();
                return Ok(Reindexed { products, by_holder: false });
            }
            if !asked {
                folder.request_rebuild()?;
                asked = true;
            }
            if folder.current()? != before {
                let search = self.search.clone();
                blocking(move || search.refresh()).await?;
                let products = self.search.view().map_or(0, |view| view.searcher.num_docs());
                return Ok(Reindexed { products, by_holder: true });
            }
            if began.elapsed() > PATIENCE {
                let detail =
                    "another process feeds the index and has not rebuilt it yet; look at its log, or stop it and try again";
                return Err(Error::new(Code::Unavailable, detail));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Builds the index anew beside the live one, then swaps.
pub async fn reindex(app: &App) -> Result<Reindexed> {
    Feeder::new(app.db.clone(), app.search.clone()).reindex().await
}

/// Waits until everything committed so far can be found; feeds the index itself when nobody else does.
pub async fn catch_up(app: &App) -> Result<()> {
    Feeder::new(app.db.clone(), app.search.clone()).catch_up().await
}

/// A settings change names the products it concerns, or says that all of them must be read again.
fn asks_for_rebuild(change: &Touched) -> bool {
    let asks = |settings: &serde_json::Value| settings.get("reindex").and_then(serde_json::Value::as_bool) == Some(true);
    change.settings.as_ref().is_some_and(asks)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
