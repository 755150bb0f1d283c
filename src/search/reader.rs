//! [`Search`]: the reading side of the index, one per process, cheap to clone.
//!
//! It follows the live version and its commits. In the process that feeds the index the feeder tells it; in any other it looks at
//! the folder, which costs two small files. The visible position is published only after the reader shows that commit, so whoever
//! waits for a change finds it.

use super::fields::Fields;
use super::index::{self, Folder};
use super::meaning::Meanings;
use super::pins::Pins;
use crate::clock::Clock;
use crate::db::Position;
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tantivy::tokenizer::TokenizerManager;
use tantivy::{Index, IndexReader, ReloadPolicy, Searcher};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// How often a waiting reader looks at the folder.
const LOOK: Duration = Duration::from_millis(50);

/// The search index as it is read. Cheap to clone.
#[derive(Clone)]
pub struct Search {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub folder: Folder,
    pub fields: Fields,
    pub dictionary: Arc<Dictionary>,
    pub clock: Clock,
    pub meanings: Meanings,
    pub tokenizers: TokenizerManager,
    turns: Semaphore,
    pub pins: Mutex<Pins>,
    live: Mutex<Option<Live>>,
    visible: watch::Sender<Option<Position>>,
}

/// One opened version.
struct Live {
    version: String,
    index: Index,
    reader: IndexReader,
    /// Which commit it shows. The stamp alone does not tell: after a restart the first commit may have the stamp of the last.
    commit: (u64, Option<Position>),
}

/// A view of the index that does not change, and which version it is of.
#[derive(Clone)]
pub(super) struct View {
    pub version: String,
    pub searcher: Searcher,
}

impl Search {
    /// Opens the index in this folder for reading. A folder without an index is no error: until a feeder has built one, nothing is
    /// found and [`Search::is_ready`] is false.
    pub fn open(folder: &Path, dictionary: Arc<Dictionary>, clock: Clock) -> Result<Self> {
        let fields = Fields::of(&dictionary);
        let meanings = Meanings::of(&dictionary, &fields);
        let tokenizers = fields.tokenizers();
        let inner = Inner {
            folder: Folder::at(folder),
            fields,
            dictionary,
            clock,
            meanings,
            tokenizers,
            turns: Semaphore::new(std::thread::available_parallelism().map_or(2, |cores| 2 * cores.get())),
            pins: Mutex::default(),
            live: Mutex::new(None),
            visible: watch::Sender::new(None),
        };
        let search = Self { inner: Arc::new(inner) };
        if let Err(error) = search.refresh() {
            tracing::warn!(%error, "the search index cannot be read; it will be rebuilt");
        }
        Ok(search)
    }

    /// Names and types of what can be filtered, faceted and sorted.
    pub fn fields(&self) -> &Fields {
        &self.inner.fields
    }

    /// Is there an index to search?
    pub fn is_ready(&self) -> bool {
        self.live().is_some()
    }

    /// Does another process feed the index at this moment? One that serves does.
    pub fn is_fed_elsewhere(&self) -> Result<bool> {
        Ok(self.inner.folder.lock()?.is_none())
    }

    /// How far the visible index has followed the change log.
    pub fn position(&self) -> Option<Position> {
        self.inner.visible.borrow().clone()
    }

    /// Products that searches now see; 0 where there is no index.
    pub fn products(&self) -> u64 {
        self.view().map_or(0, |view| view.searcher.num_docs())
    }

    /// Changes whenever another commit has become visible.
    pub fn visible(&self) -> watch::Receiver<Option<Position>> {
        self.inner.visible.subscribe()
    }

    /// Looks at the folder: takes over another live version or a newer commit. Blocking, a fraction of a millisecond when nothing is new.
    pub fn refresh(&self) -> Result<()> {
        let mut live = self.live();
        let Some(version) = self.inner.folder.current()? else { return Ok(()) };
        if live.as_ref().is_none_or(|live| live.version != version) {
            let Some(index) = self.inner.folder.open(&version, &self.inner.fields)? else {
                *live = None;
                return Ok(());
            };
            let commit = index::position(&index)?;
            let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(Error::internal)?;
            self.inner.visible.send_replace(commit.1.clone());
            *live = Some(Live { version, index, reader, commit });
            return Ok(());
        }
        if let Some(live) = live.as_mut() {
            // Read before the reload: the reader then shows at least this commit.
            let commit = index::position(&live.index)?;
            if commit != live.commit {
                live.reader.reload().map_err(Error::internal)?;
                let position = commit.1.clone();
                live.commit = commit;
                self.inner.visible.send_if_modified(|known| {
                    let newer = *known != position;
                    *known = position;
                    newer
                });
            }
        }
        Ok(())
    }

    /// Waits until everything up to `position` can be found; after `timeout` answers `not_yet_visible`.
    pub async fn wait_visible(&self, position: &Position, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        let mut visible = self.visible();
        loop {
            if visible.borrow_and_update().as_ref().is_some_and(|seen| seen.covers(position)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let detail = "the index has not caught up with this change; try again in a moment";
                return Err(Error::new(Code::NotYetVisible, detail));
            }
            let look = LOOK.min(deadline.saturating_duration_since(Instant::now()));
            if tokio::time::timeout(look, visible.changed()).await.is_err() {
                let search = self.clone();
                let refreshed = tokio::task::spawn_blocking(move || search.refresh()).await.map_err(Error::internal)?;
                if let Err(error) = refreshed {
                    tracing::debug!(%error, "the index could not be refreshed; trying again");
                }
            }
        }
    }

    /// Runs a search off the runtime's threads, in its turn: more at once than the machine has cores only makes all of them late.
    pub(super) async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        let _turn = self.inner.turns.acquire().await.map_err(Error::internal)?;
        let search = self.clone();
        tokio::task::spawn_blocking(move || work(&search)).await.map_err(Error::internal)?
    }

    /// The view that searches now read; none before an index was built.
    pub(super) fn view(&self) -> Option<View> {
        self.live().as_ref().map(|live| View { version: live.version.clone(), searcher: live.reader.searcher() })
    }

    fn live(&self) -> MutexGuard<'_, Option<Live>> {
        self.inner.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
