//! From a file to chunks of prepared rows, on a thread of its own: the next chunk is read and normalised while the last is written.

use super::prepare::Preparer;
use super::read::{self, ReadLimits, Records};
use super::{Counts, ImportKind, Issue, PreparedRow, Severity};
use crate::dictionary::Dictionary;
use crate::suppliers::profile::Profile;
use iso_currency::Currency;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
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
    /// Rows that a later row of the same key superseded: they change nothing.
    pub superseded: i64,
    /// Keys of lost rows, where they could be read: their offers are not missing.
    pub lost_keys: Vec<String>,
    /// Words of lost rows whose key could not be read; it may be one of them.
    pub lost_words: Vec<String>,
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
    /// Looks ahead through a stock file or price list: which row is the last of each key that repeats. Such a file is short of columns and
    /// quick to read twice, and its rows hold nothing by which a superseded one could be told the next time.
    pub fn look_ahead(&self, source: Box<dyn Read + Send>, name: &str, file: usize, last: &mut LastRows) {
        let Ok(records) = read::open(source, name, &self.profile.read_options(), &ReadLimits::default()) else { return };
        let preparer = Preparer::new(self.kind, &self.profile, &self.dictionary, self.currency);
        for record in records {
            match preparer.take(record) {
                Ok(row) if !row.rejected() => {
                    last.rows.insert(unit_hash(&row), place(file, row.row));
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Starts reading; chunks arrive in order until the file ends. Dropping the receiver stops it.
    pub fn start(&self, source: Box<dyn Read + Send>, name: String, file: usize, last: Arc<LastRows>) -> mpsc::Receiver<Chunk> {
        let (send, receive) = mpsc::channel(AHEAD);
        let reader = self.clone();
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            let _in = span.enter();
            match read::open(source, &name, &reader.profile.read_options(), &ReadLimits::default()) {
                Ok(records) => reader.pump(records, &send, file, &last),
                Err(error) => {
                    let _ = send.blocking_send(Chunk { fatal: Some(error.to_string()), ..Chunk::default() });
                }
            }
        });
        receive
    }

    fn pump(&self, records: Records, send: &mpsc::Sender<Chunk>, file: usize, last: &LastRows) {
        let preparer = Preparer::new(self.kind, &self.profile, &self.dictionary, self.currency);
        let mut chunk = Chunk::default();
        let mut bytes = 0;
        for record in records {
            bytes += record.as_ref().map_or(0, |record| record.fields.iter().map(|(_, text)| text.len()).sum());
            match preparer.take(record) {
                Ok(row) if last.supersede(file, &row) => chunk.supersede(row),
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

/// The last row of every key of a stock file or price list, by hash.
#[derive(Debug, Default)]
pub struct LastRows {
    rows: HashMap<u64, u64>,
}

impl LastRows {
    /// Does a later row say the same thing anew?
    fn supersede(&self, file: usize, row: &PreparedRow) -> bool {
        !self.rows.is_empty()
            && !row.rejected()
            && self.rows.get(&unit_hash(row)).is_some_and(|last| *last > place(file, row.row))
    }
}

/// Order of rows over all files of an import.
fn place(file: usize, row: u64) -> u64 {
    ((file as u64) << 48) | row
}

/// What a row is about: its key, and the warehouses of its stock.
fn unit_hash(row: &PreparedRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.key.hash(&mut hasher);
    for line in &row.stock {
        line.warehouse.hash(&mut hasher);
    }
    hasher.finish()
}

/// Words looked at in one lost row.
const LOST_WORDS: usize = 2_000;

impl Chunk {
    fn push(&mut self, mut row: PreparedRow) {
        self.read += 1;
        if row.rejected() {
            self.rejected += 1;
            if row.key.is_empty() {
                let texts =
                    row.raw.values().filter_map(|value| value.as_str()).chain(row.issues.iter().map(|issue| issue.raw.as_str()));
                let words = texts.flat_map(|text| text.split([';', ',', '\t', '|', '"', '\n'])).map(str::trim);
                self.lost_words.extend(words.filter(|word| !word.is_empty()).take(LOST_WORDS).map(str::to_owned));
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

    fn supersede(&mut self, mut row: PreparedRow) {
        self.read += 1;
        self.superseded += 1;
        self.warned += 1;
        self.issues.append(&mut row.issues);
        self.issues.push(duplicate_key(row.row, &row.key));
    }
}

/// The issue of a row that a later one superseded.
pub fn duplicate_key(row: u64, key: &str) -> Issue {
    Issue {
        row,
        field: String::new(),
        code: "duplicate_key".to_owned(),
        message: format!("a later row has the same key '{key}' and stands instead of this one"),
        raw: key.to_owned(),
        severity: Severity::Warning,
    }
}

/// Loses a row that is about no offer of this supplier; it was counted as taken when it was read.
pub fn reject_unknown_sku(row: &PreparedRow, counts: &mut Counts, issues: &mut Vec<Issue>) {
    counts.rejected += 1;
    counts.warned -= i64::from(!row.issues.is_empty());
    issues.push(Issue {
        row: row.row,
        field: String::new(),
        code: "unknown_sku".to_owned(),
        message: format!("the supplier has no offer '{}'; import its catalogue first", row.key),
        raw: row.key.clone(),
        severity: Severity::Rejected,
    });
}
