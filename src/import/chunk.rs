//! From a file to chunks of prepared rows, on a thread of its own: the next chunk is read and normalised while the last is written.

use super::prepare::Preparer;
use super::read::{self, ReadLimits, Records};
use super::{ImportKind, Issue, PreparedRow};
use crate::dictionary::Dictionary;
use crate::suppliers::profile::Profile;
use iso_currency::Currency;
use std::io::Read;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Rows of one write transaction at most.
pub const CHUNK_ROWS: i64 = 1_000;
/// Bytes of raw text in one chunk at most, so that a file of huge rows stays as flat in memory as any.
const CHUNK_BYTES: usize = 8 << 20;
/// Chunks that may wait to be written.
const AHEAD: usize = 2;

/// Some rows of one file.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Rows to be taken.
    pub rows: Vec<PreparedRow>,
    /// What was wrong, in the order of the rows.
    pub issues: Vec<Issue>,
    /// Records read, those lost included.
    pub read: i64,
    /// Records lost.
    pub rejected: i64,
    /// Rows taken with a warning.
    pub warned: i64,
    /// Keys of lost rows, where they could be read: their offers are not missing.
    pub lost_keys: Vec<String>,
    /// Texts of lost rows whose key could not be read.
    pub lost_texts: Vec<String>,
    /// Why the file could not be read to its end.
    pub fatal: Option<String>,
}

/// What reading needs besides the bytes.
#[derive(Clone)]
pub struct Reader {
    /// How the supplier's columns map.
    pub profile: Arc<Profile>,
    /// What the file is about.
    pub kind: ImportKind,
    /// What `schema/` says.
    pub dictionary: Arc<Dictionary>,
    /// The supplier's currency.
    pub currency: Option<Currency>,
}

impl Reader {
    /// Starts reading; chunks arrive in order until the file ends. Dropping the receiver stops it.
    pub fn start(&self, source: Box<dyn Read + Send>, name: String) -> mpsc::Receiver<Chunk> {
        let (send, receive) = mpsc::channel(AHEAD);
        let reader = self.clone();
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            let _in = span.enter();
            match read::open(source, &name, &reader.profile.read_options(), &ReadLimits::default()) {
                Ok(records) => reader.pump(records, &send),
                Err(error) => {
                    let _ = send.blocking_send(Chunk { fatal: Some(error.to_string()), ..Chunk::default() });
                }
            }
        });
        receive
    }

    fn pump(&self, records: Records, send: &mpsc::Sender<Chunk>) {
        let preparer = Preparer::new(self.kind, &self.profile, &self.dictionary, self.currency);
        let mut chunk = Chunk::default();
        let mut bytes = 0;
        for record in records {
            bytes += record.as_ref().map_or(0, |record| record.fields.iter().map(|(_, text)| text.len()).sum());
            match preparer.take(record) {
                Ok(row) => chunk.push(row),
                Err(end) => {
                    chunk.fatal = Some(end.to_string());
                    break;
                }
            }
            if chunk.read >= CHUNK_ROWS || bytes >= CHUNK_BYTES {
                if send.blocking_send(std::mem::take(&mut chunk)).is_err() {
                    return;
                }
                bytes = 0;
            }
        }
        // The last chunk goes even when it is empty: it carries the end.
        let _ = send.blocking_send(chunk);
    }
}

impl Chunk {
    fn push(&mut self, mut row: PreparedRow) {
        self.read += 1;
        if row.rejected() {
            self.rejected += 1;
            if row.key.is_empty() {
                let texts =
                    row.raw.values().filter_map(|value| value.as_str()).chain(row.issues.iter().map(|issue| issue.raw.as_str()));
                self.lost_texts.push(texts.collect::<Vec<_>>().join("\n"));
            } else {
                self.lost_keys.push(std::mem::take(&mut row.key));
            }
            self.issues.append(&mut row.issues);
            return;
        }
        self.warned += i64::from(!row.issues.is_empty());
        self.issues.append(&mut row.issues);
        self.rows.push(row);
    }
}
