//! The writing side of one index version. Everything here blocks; the feeder calls it off the runtime.

use super::document::document;
use super::fields::Fields;
use super::index::{self, WriterLock};
use super::reader::Search;
use crate::catalog::ProductView;
use crate::db::Position;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::time::Instant;
use tantivy::indexer::IndexWriterOptions;
use tantivy::merge_policy::LogMergePolicy;
use tantivy::{Index, IndexWriter, Term};

/// Memory of the writer that follows people's writes.
const FEEDING_BYTES: usize = 64 * 1024 * 1024;
/// Memory of each of the writers that build anew.
pub(super) const BUILDING_BYTES: usize = 128 * 1024 * 1024;
pub(super) const BUILDING_THREADS: usize = 2;

/// Segments larger than this are not merged any further. Merging takes memory by the document, so without an end to it the memory of an
/// import would grow with the catalogue. What is replaced shrinks a segment until it is merged again, so rubbish does not pile up.
const LARGEST_MERGED: usize = 20_000;

/// One merge at a time, for the same reason.
fn options(threads: usize, bytes: usize) -> IndexWriterOptions {
    IndexWriterOptions::builder().num_worker_threads(threads).memory_budget_per_thread(bytes).num_merge_threads(1).build()
}

fn bounded_merges(writer: &IndexWriter) {
    let mut policy = LogMergePolicy::default();
    policy.set_max_docs_before_merge(LARGEST_MERGED);
    policy.set_del_docs_ratio_before_merge(0.5);
    writer.set_merge_policy(Box::new(policy));
}

/// tantivy stamps a new writer's first operation like the last commit. A deletion of that stamp is lost on a segment that the commit deleted
/// from, when the segment is merged before the next commit: the merge takes it to be applied already. So the first one deletes nothing.
fn spend_first_stamp(writer: &IndexWriter, fields: &Fields) {
    writer.delete_term(Term::from_field_u64(fields.product_id, u64::MAX));
}

/// Channels on which each product is ready, by product id.
pub type ReadyChannels = HashMap<i64, Vec<String>>;

/// The holder's writer of the live version.
pub(super) struct Writer {
    inner: IndexWriter,
    search: Search,
    position: Position,
    // Dropped last: whoever gets it next must find tantivy's own lock free.
    lock: WriterLock,
}

/// What opening the live version came to.
pub(super) enum Opened {
    /// It can be fed.
    Ready(Box<Writer>),
    /// It must be built anew.
    Rebuild(WriterLock, &'static str),
}

impl Writer {
    /// Opens the live version for feeding.
    pub fn open(search: &Search, lock: WriterLock) -> Result<Opened> {
        let folder = &search.inner.folder;
        let Some(version) = folder.current()? else { return Ok(Opened::Rebuild(lock, "there is none yet")) };
        let index = match folder.open(&version, search.fields()) {
            Ok(Some(index)) => index,
            Ok(None) => return Ok(Opened::Rebuild(lock, "the dictionary or its format changed")),
            Err(error) => {
                tracing::warn!(%error, version, "the search index cannot be opened");
                return Ok(Opened::Rebuild(lock, "it cannot be opened"));
            }
        };
        let Ok((_, Some(position))) = index::position(&index) else {
            return Ok(Opened::Rebuild(lock, "it does not say how far it has read"));
        };
        let inner = index.writer_with_options(options(1, FEEDING_BYTES)).map_err(Error::internal)?;
        bounded_merges(&inner);
        spend_first_stamp(&inner, search.fields());
        // A process that died left files of a commit that never came, or a version that it was building. The next commit may want the
        // same names: tantivy refuses to write over a file, and would refuse for ever.
        inner.garbage_collect_files().wait().map_err(Error::internal)?;
        folder.sweep(&version);
        Ok(Opened::Ready(Box::new(Self { lock, inner, search: search.clone(), position })))
    }

    /// Where the next changes are read from.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Replaces these products; ids without a view are removed.
    pub fn replace(&self, ids: &[i64], views: &[ProductView], ready: &ReadyChannels) -> Result<()> {
        let fields = self.search.fields();
        for id in ids {
            self.inner.delete_term(Term::from_field_u64(fields.product_id, u64::try_from(*id).unwrap_or_default()));
        }
        add(&self.inner, fields, views, ready)
    }

    /// Changes up to here are in.
    pub fn advance(&mut self, position: Position) {
        self.position = position;
    }

    /// Makes what was written visible here and, within their next look, to other processes.
    pub fn commit(&mut self) -> Result<()> {
        commit(&mut self.inner, &self.position)?;
        self.search.refresh()
    }

    /// Gives up the version, not the right to feed.
    pub fn into_lock(self) -> WriterLock {
        self.lock
    }
}

/// A version being built beside the live one.
pub(super) struct Fresh {
    version: String,
    inner: IndexWriter,
    search: Search,
    products: u64,
    lock: WriterLock,
}

impl Fresh {
    /// Begins an empty version.
    pub fn create(search: &Search, lock: WriterLock) -> Result<Self> {
        let (version, index): (String, Index) = search.inner.folder.create(search.fields())?;
        let inner = index.writer_with_options(options(BUILDING_THREADS, BUILDING_BYTES)).map_err(Error::internal)?;
        bounded_merges(&inner);
        Ok(Self { lock, version, inner, search: search.clone(), products: 0 })
    }

    /// Adds products that it does not have yet.
    pub fn add(&mut self, views: &[ProductView], ready: &ReadyChannels) -> Result<()> {
        self.products += views.len() as u64;
        add(&self.inner, self.search.fields(), views, ready)
    }

    /// Makes it the live version, which has read the log up to `position`. Says how many products it has.
    pub fn publish(mut self, position: &Position) -> Result<(WriterLock, u64)> {
        commit(&mut self.inner, position)?;
        self.inner.wait_merging_threads().map_err(Error::internal)?;
        let folder = &self.search.inner.folder;
        folder.publish(&self.version)?;
        self.search.refresh()?;
        folder.sweep(&self.version);
        Ok((self.lock, self.products))
    }
}

fn add(writer: &IndexWriter, fields: &Fields, views: &[ProductView], ready: &ReadyChannels) -> Result<()> {
    metrics::counter!("beamline_index_documents_total").increment(views.len() as u64);
    for view in views {
        let ready_on = ready.get(&view.id).map_or(&[][..], Vec::as_slice);
        writer.add_document(document(fields, view, ready_on)?).map_err(Error::internal)?;
    }
    Ok(())
}

/// Always with the position: a plain commit would erase it.
fn commit(writer: &mut IndexWriter, position: &Position) -> Result<()> {
    let began = Instant::now();
    let mut prepared = writer.prepare_commit().map_err(Error::internal)?;
    prepared.set_payload(&position.to_string());
    prepared.commit().map_err(Error::internal)?;
    metrics::histogram!("beamline_index_commit_seconds").record(began.elapsed());
    Ok(())
}

#[cfg(test)]
mod tests;
