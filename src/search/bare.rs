//! The index's documents without the index's manners: what feeding them takes at least, for `beamline bench`.

use super::document::document;
use super::fields::Fields;
use super::writer::{BUILDING_BYTES, BUILDING_THREADS};
use crate::catalog::ProductView;
use crate::error::{Error, Result};
use std::path::Path;
use tantivy::directory::MmapDirectory;
use tantivy::{Index, IndexSettings, TantivyDocument};

/// An index that knows neither versions nor the change log, with the same fields and the same memory for writing.
pub struct Bare {
    index: Index,
}

impl Bare {
    /// Makes it in an empty folder.
    pub fn create(folder: &Path, fields: &Fields) -> Result<Self> {
        let directory = MmapDirectory::open(folder).map_err(Error::internal)?;
        let mut index = Index::create(directory, fields.schema.clone(), IndexSettings::default()).map_err(Error::internal)?;
        index.set_tokenizers(fields.tokenizers());
        Ok(Self { index })
    }

    /// A product as the index would have it, ready on no channel.
    pub fn document(fields: &Fields, view: &ProductView) -> Result<TantivyDocument> {
        document(fields, view, &[])
    }

    /// Adds the documents, commits, and waits until the segments are merged.
    pub fn feed(self, documents: Vec<TantivyDocument>) -> Result<()> {
        let bytes = BUILDING_BYTES * BUILDING_THREADS;
        let mut writer = self.index.writer_with_num_threads(BUILDING_THREADS, bytes).map_err(Error::internal)?;
        for document in documents {
            writer.add_document(document).map_err(Error::internal)?;
        }
        writer.commit().map_err(Error::internal)?;
        writer.wait_merging_threads().map_err(Error::internal)
    }
}
