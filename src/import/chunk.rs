//! From a file to chunks of prepared rows, ahead of the writer: one thread reads, all of them normalise, and the next chunk is made while the
//! last is written.
//!
//! A file is read twice. The first time, quickly, only for the keys that repeat in it: the last row of a key stands, and the ones before it
//! change nothing, however far apart they are. A row that the supplier's offer was read from the last time, letter by letter and by the
//! same reader, is not normalised again; the warnings that reading it had left are kept with the offer and repeated in the report.

use super::chunks::Chunks;
use super::last_rows::LastRows;
use super::prepare::{Preparer, about_key, record_hash};
use super::read::{self, ReadError, ReadLimits};
use super::{Counts, ImportKind, Issue, PreparedRow, Record, Severity};
use crate::catalog::ahead::Ahead;
use crate::catalog::queries::{OfferKey, issues_of_offers, offer_keys};
use crate::db::{Db, JsonText};
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::identity::MatchRules;
use crate::normalize::Memo;
use crate::suppliers::profile::Profile;
use crate::suppliers::queries::supplier_by_code;
use futures_util::StreamExt;
use iso_currency::Currency;
use rayon::prelude::*;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tracing::Instrument;

/// Rows of a chunk at most, which is written whole or not at all.
pub const CHUNK_ROWS: usize = 500;
/// Bytes of raw text in one chunk at most, so that a file of huge rows stays as flat in memory as any.
const CHUNK_BYTES: usize = 8 << 20;
/// Chunks that may wait for the next step.
const AHEAD: usize = 1;

/// Some rows of one file.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Rows to be taken.
    pub rows: Vec<PreparedRow>,
    /// Offers that these rows find as they say.
    pub standing: Vec<OfferKey>,
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
    /// Time that reading and understanding it took.
    pub spent: [Duration; 2],
}

/// What reading needs besides the bytes.
#[derive(Clone)]
pub struct Reader {
    /// Where the supplier's offers are looked up.
    pub db: Db,
    /// The supplier's code.
    pub supplier: String,
    /// How the supplier's columns map.
    pub profile: Arc<Profile>,
    /// What the file is about.
    pub kind: ImportKind,
    /// What `schema/` says.
    pub dictionary: Arc<Dictionary>,
    /// The supplier's currency.
    pub currency: Option<Currency>,
    /// The supplier's language.
    pub locale: Option<Arc<str>>,
    /// Profile and dictionary in a word: the same row read by others is another row.
    pub fingerprint: Arc<str>,
    /// Cells read so far.
    pub memo: Arc<Memo>,
}

/// Records as read, not looked at yet.
#[derive(Default)]
struct Batch {
    records: Vec<Result<Record, ReadError>>,
    fatal: Option<String>,
    spent: Duration,
}

impl Batch {
    /// It has been read since `began`.
    fn after(self, began: Instant) -> Self {
        left_stage("read", self.records.len() as u64);
        Self { spent: began.elapsed(), ..self }
    }
}

/// Counts rows that have left a stage.
pub(super) fn left_stage(stage: &'static str, rows: u64) {
    metrics::counter!("beamline_import_stage_rows_total", "stage" => stage).increment(rows);
}

/// A record that may have to be understood.
enum Taken {
    Superseded(u64, String),
    Known(Result<Record, ReadError>, String, String),
    Other(Result<Record, ReadError>),
}

impl Reader {
    /// Reads a file for the first time: which row is the last of each key that repeats.
    pub fn look_ahead(&self, source: Box<dyn Read + Send>, name: &str, file: usize, last: &mut LastRows) {
        let Ok(records) = read::open(source, name, &self.profile.read_options(), &ReadLimits::default()) else { return };
        let preparer = self.preparer();
        let mut records = records.take_while(|record| !record.as_ref().is_err_and(|error| error.fatal)).filter_map(|record| {
            // A doubtful row counts; a lost one is no row.
            record.or_else(|error| error.record.map(|record| *record).ok_or(())).ok()
        });
        let (mut some, mut bytes) = (Vec::new(), 0);
        loop {
            let record = records.next();
            let ended = record.is_none();
            bytes += record.as_ref().map_or(0, bytes_of);
            some.extend(record);
            if ended || some.len() >= CHUNK_ROWS || bytes >= CHUNK_BYTES {
                // What a row is about may only be known when it has been understood, which all cores share.
                let about: Vec<_> = some.par_iter().map(|record| (record.row, preparer.about(record))).collect();
                for (row, about) in about {
                    if let Some(about) = about {
                        last.meet(file, row, about);
                    }
                }
                some.clear();
                bytes = 0;
            }
            if ended {
                return;
            }
        }
    }

    /// Starts reading; chunks arrive in order until the file ends. Dropping the receiver stops it.
    pub fn start(&self, source: Box<dyn Read + Send>, name: String, file: usize, last: Arc<LastRows>) -> Chunks {
        let (send_batch, mut batches) = mpsc::channel(AHEAD);
        let (send, receive) = mpsc::channel(AHEAD);
        let (reader, span) = (self.clone(), tracing::Span::current());
        let reading = tracing::debug_span!(parent: &span, "read");
        tokio::task::spawn_blocking(move || {
            let _in = reading.enter();
            reader.pump(source, &name, &send_batch);
        });
        let reader = self.clone();
        tokio::spawn(async move {
            let batches = futures_util::stream::poll_fn(move |context| batches.poll_recv(context));
            let chunks = batches.map(|batch| {
                let span = tracing::debug_span!(parent: &span, "understand");
                let (reader, last) = (reader.clone(), Arc::clone(&last));
                // A task of its own goes on, and gives its connection back, while the writer keeps others waiting.
                tokio::spawn(async move { reader.understand(batch, file, last).await }.instrument(span))
            });
            // Of two one is looked up while the other is understood.
            let mut chunks = std::pin::pin!(chunks.buffered(2));
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(Error::internal).and_then(|chunk| chunk);
                let failed = chunk.is_err();
                if send.send(chunk).await.is_err() || failed {
                    return;
                }
            }
        });
        Chunks::of(receive)
    }

    fn preparer(&self) -> Preparer<'_> {
        let preparer = Preparer::new(self.kind, &self.profile, &self.dictionary, self.currency).remembering(&self.memo);
        match &self.locale {
            Some(locale) => preparer.of_supplier(locale),
            None => preparer,
        }
    }

    fn pump(&self, source: Box<dyn Read + Send>, name: &str, send: &mpsc::Sender<Batch>) {
        let mut batch = Batch::default();
        let records = match read::open(source, name, &self.profile.read_options(), &ReadLimits::default()) {
            Ok(records) => records,
            Err(error) => {
                let _ = send.blocking_send(Batch { fatal: Some(error.to_string()), ..batch });
                return;
            }
        };
        let mut bytes = 0;
        let mut began = Instant::now();
        for record in records {
            match record {
                Err(error) if error.fatal => {
                    batch.fatal = Some(error.to_string());
                    break;
                }
                other => {
                    bytes += other.as_ref().map_or(0, bytes_of);
                    batch.records.push(other);
                }
            }
            if batch.records.len() >= CHUNK_ROWS || bytes >= CHUNK_BYTES {
                if send.blocking_send(std::mem::take(&mut batch).after(began)).is_err() {
                    return;
                }
                (bytes, began) = (0, Instant::now());
            }
        }
        // The last batch goes even when it is empty: it carries the end.
        let _ = send.blocking_send(batch.after(began));
    }

    /// From records to rows, on all cores.
    async fn understand(&self, batch: Batch, file: usize, last: Arc<LastRows>) -> Result<Chunk> {
        let began = Instant::now();
        let Batch { records, fatal, spent } = batch;
        let reader = self.clone();
        let looked = tokio::task::spawn_blocking(move || -> Vec<Taken> {
            let preparer = reader.preparer();
            records.into_par_iter().map(|record| reader.look(&preparer, record, file, &last)).collect()
        });
        let looked = looked.await.map_err(Error::internal)?;
        let stored = self.stored(&looked).await?;
        let reader = self.clone();
        let prepared = tokio::task::spawn_blocking(move || {
            let mut chunk = Chunk { fatal, ..Chunk::default() };
            let preparer = reader.preparer();
            let rules = MatchRules::of(&reader.dictionary)?;
            let whole = |taken| reader.made_ahead(&rules, &stored, understood(&preparer, &stored, taken));
            let rows: Vec<Understood> = looked.into_par_iter().map(whole).collect::<Result<_>>()?;
            for row in rows {
                chunk.take(row);
            }
            Ok::<_, Error>(chunk)
        });
        let chunk = prepared.await.map_err(Error::internal)??;
        left_stage("understand", chunk.read.unsigned_abs());
        Ok(Chunk { spent: [spent, began.elapsed()], ..chunk })
    }

    fn look(&self, preparer: &Preparer<'_>, record: Result<Record, ReadError>, file: usize, last: &LastRows) -> Taken {
        let plain = match &record {
            Ok(record) => Some(record),
            Err(error) => error.record.as_deref(),
        };
        let Some(plain) = plain else { return Taken::Other(record) };
        let catalog = self.kind == ImportKind::Catalog;
        let key = if catalog { preparer.key(plain) } else { None };
        // Where no key repeats, nothing need be asked.
        let about = match &key {
            _ if last.is_empty() => None,
            Some(key) => Some(about_key(key)),
            None if catalog => None,
            None => preparer.about(plain),
        };
        if about.is_some_and(|about| last.supersede(file, plain.row, about)) {
            return Taken::Superseded(plain.row, key.or_else(|| preparer.key(plain)).unwrap_or_default());
        }
        match key {
            Some(key) => {
                let hash = record_hash(plain, &self.fingerprint);
                Taken::Known(record, key, hash)
            }
            None => Taken::Other(record),
        }
    }

    /// Makes of a catalogue's row what can be made without the writer.
    fn made_ahead(&self, rules: &MatchRules, stored: &Stored, row: Understood) -> Result<Understood> {
        Ok(match row {
            Understood::Row(mut row) if self.kind == ImportKind::Catalog && !row.rejected() => {
                let compared = !stored.offers.contains_key(&row.key);
                row.ahead = Some(Box::new(Ahead::of(&row, compared, &self.dictionary, rules)?));
                if compared {
                    // Nobody reads it again: it is written down, and so is all that it would be asked for.
                    row.raw.clear();
                }
                Understood::Row(row)
            }
            other => other,
        })
    }

    /// What is stored under the keys of these rows.
    async fn stored(&self, looked: &[Taken]) -> Result<Stored> {
        let keys = looked.iter().filter_map(|taken| match taken {
            Taken::Known(_, key, hash) => Some((key.clone(), hash.clone())),
            _ => None,
        });
        let (hashes, code): (HashMap<String, String>, _) = (keys.collect(), self.supplier.clone());
        if hashes.is_empty() {
            return Ok(Stored::default());
        }
        let look = move |conn: &mut crate::db::Conn| {
            let Some(supplier) = supplier_by_code(conn, &code)? else { return Ok(Stored::default()) };
            let offers = offer_keys(conn, supplier.id, &hashes.keys().map(String::as_str).collect::<Vec<_>>())?;
            let warned = offers.values().filter(|offer| offer.warned && hashes.get(&offer.supplier_sku) == Some(&offer.row_hash));
            let warned: Vec<i64> = warned.map(|offer| offer.id).collect();
            Ok(Stored { issues: issues_of_offers(conn, &warned)?, offers })
        };
        self.db.read(look).await
    }
}

/// Bytes of a record's texts.
fn bytes_of(record: &Record) -> usize {
    record.fields.iter().map(|(_, text)| text.len()).sum()
}

/// What is stored of the rows of a batch.
#[derive(Default)]
struct Stored {
    /// By key.
    offers: HashMap<String, OfferKey>,
    /// What was wrong with the records that come again as they were, by offer.
    issues: HashMap<i64, JsonText>,
}

impl Stored {
    /// The offer that a record finds as it says, and what was wrong with that record. None where the record must be read: it says
    /// something new, what was wrong is not known any more, or the reader itself has doubts.
    fn standing(&self, key: &str, hash: &str, record: &Result<Record, ReadError>) -> Option<Understood> {
        let offer = self.offers.get(key).filter(|offer| offer.live && offer.row_hash == hash)?;
        if !offer.warned {
            return Some(Understood::Standing(offer.clone(), Vec::new()));
        }
        let row = record.as_ref().ok()?.row;
        let issues: Vec<Issue> = self.issues.get(&offer.id)?.read().ok()?;
        Some(Understood::Standing(offer.clone(), issues.into_iter().map(|issue| Issue { row, ..issue }).collect()))
    }
}

/// What became of a record.
enum Understood {
    Superseded(u64, String),
    Standing(OfferKey, Vec<Issue>),
    Row(Box<PreparedRow>),
    Fatal(String),
}

fn understood(preparer: &Preparer<'_>, stored: &Stored, taken: Taken) -> Understood {
    let (record, hash) = match taken {
        Taken::Superseded(row, key) => return Understood::Superseded(row, key),
        Taken::Other(record) => (record, None),
        Taken::Known(record, key, hash) => match stored.standing(&key, &hash, &record) {
            Some(standing) => return standing,
            None => (record, Some(hash)),
        },
    };
    match preparer.take(record) {
        Ok(row) => Understood::Row(Box::new(PreparedRow { hash: hash.unwrap_or_default(), ..row })),
        Err(end) => Understood::Fatal(end.to_string()),
    }
}

/// Words looked at in one lost row.
const LOST_WORDS: usize = 2_000;

impl Chunk {
    /// Do all its rows stand as they are?
    pub(super) fn stands(&self) -> bool {
        self.rows.is_empty() && self.fatal.is_none()
    }

    fn take(&mut self, row: Understood) {
        match row {
            Understood::Fatal(reason) => self.fatal = Some(reason),
            Understood::Row(row) => self.push(*row),
            Understood::Standing(offer, mut issues) => {
                self.read += 1;
                self.warned += i64::from(!issues.is_empty());
                self.issues.append(&mut issues);
                self.standing.push(offer);
            }
            Understood::Superseded(row, key) => {
                self.read += 1;
                self.superseded += 1;
                self.warned += 1;
                self.issues.push(duplicate_key(row, &key));
            }
        }
    }

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
        row.warned = !row.issues.is_empty();
        self.warned += i64::from(row.warned);
        // The offer keeps them too.
        self.issues.extend(row.issues.iter().cloned());
        self.rows.push(row);
    }
}

/// The issue of a row that a later one superseded.
fn duplicate_key(row: u64, key: &str) -> Issue {
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
    counts.warned -= i64::from(row.warned);
    issues.push(Issue {
        row: row.row,
        field: String::new(),
        code: "unknown_sku".to_owned(),
        message: format!("the supplier has no offer '{}'; import its catalogue first", row.key),
        raw: row.key.clone(),
        severity: Severity::Rejected,
    });
}
