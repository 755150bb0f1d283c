//! The floors: what a figure is held against, each the least that the same work takes on the same machine in the same minute.
//!
//! A floor runs in a process of its own (`beamline bench --floor JOB`, not for people) and says how long its measured part took; opening
//! the database and getting ready is not in it.

use super::channels;
use super::matching::quality;
use super::pictures::{self, Photographs};
use super::queries::{self, Level};
use super::search::Query;
use crate::app::App;
use crate::channels::follow;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::operations;
use crate::error::{Code, Error, Result};
use crate::generate::Files;
use crate::pricing::{Rate, queries::rate_replace};
use crate::search::{SearchScope, bare::Bare};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A file of a supplier.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    supplier: String,
    file: PathBuf,
    separator: char,
}

/// What a floor's process does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Parses files and inserts their rows as JSON text, with one index.
    Import(Vec<Source>),
    /// Parses files and reads what is stored of their suppliers: keys and row hashes.
    Again(Vec<Source>),
    /// Parses stock files, reads the levels and upserts those that differ.
    Stock(Vec<Source>),
    /// Writes golden records as they are.
    Feed,
    /// Searches in process, so often.
    Search(usize),
    /// Feeds the index's documents to a bare tantivy.
    Reindex,
    /// Holds the catalogue's products against the truth in this file, and products of equal barcodes as well.
    Match(PathBuf),
    /// No floor: sets rates, without which nothing has a price.
    Rates(Vec<String>),
    /// No floor: sets a channel up and judges its listings.
    Channel(String),
    /// No floor: sets so many channels up and judges their listings.
    Listings(usize),
    /// No floor: edits so many products, one after another, until a delta tells of it.
    OneChange(usize),
    /// No floor: makes three renditions of photographs.
    Pictures(Photographs),
    /// No floor: gives every product the pictures that it names.
    Attach,
    /// No floor: judges one channel's listings and publishes its full feed.
    FeedPictures,
}

/// What a floor's process says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Told {
    /// How long the measured part took.
    pub seconds: f64,
    /// Milliseconds of each of several.
    #[serde(default)]
    pub samples: Vec<f64>,
    /// Milliseconds of the least of each, where it is part of it.
    #[serde(default)]
    pub floors: Vec<f64>,
}

impl Source {
    pub(super) fn catalog(files: &Files) -> Self {
        Self { supplier: files.supplier.clone(), file: files.catalog.clone(), separator: files.separator }
    }

    pub(super) fn stock(files: &Files) -> Self {
        let file = files.stock_changed.as_ref().unwrap_or(&files.stock).clone();
        Self { file, ..Self::catalog(files) }
    }

    fn reader(&self) -> Result<csv::Reader<std::fs::File>> {
        let separator = u8::try_from(self.separator).unwrap_or(b',');
        let reader = csv::ReaderBuilder::new().delimiter(separator).buffer_capacity(1 << 17).from_path(&self.file);
        reader.map_err(|error| unreadable(&self.file, error))
    }
}

fn unreadable(path: &Path, error: csv::Error) -> Error {
    Error::new(Code::UnreadableFile, format!("{} cannot be read", path.display())).because(error)
}

/// Does a job in the house of `config`.
pub async fn work(job: &Job, config: Config) -> Result<Told> {
    let app = App::open(config, Clock::system()).await?;
    match job {
        Job::Import(sources) => import(&app, sources).await,
        Job::Again(sources) => again(&app, sources).await,
        Job::Stock(sources) => stock(&app, sources).await,
        Job::Feed => feed(&app).await,
        Job::Search(count) => search(&app, *count).await,
        Job::Reindex => reindex(&app).await,
        Job::Match(truth) => {
            let (found, plain) = quality(&app, truth).await?;
            Ok(Told { samples: vec![found, plain], ..Told::default() })
        }
        Job::Rates(currencies) => rates(&app, currencies).await,
        Job::Channel(code) => channel(&app, code).await,
        Job::Listings(count) => channels::listings(&app, *count).await,
        Job::OneChange(times) => channels::one_change(&app, *times).await,
        Job::Pictures(photographs) => pictures::work(photographs, &app).await,
        Job::Attach => pictures::attach(&app).await,
        Job::FeedPictures => pictures::feed(&app).await,
    }
}

fn since(began: Instant) -> Told {
    Told { seconds: began.elapsed().as_secs_f64(), ..Told::default() }
}

/// Rows of one transaction.
const BATCH: usize = 5_000;

async fn import(app: &App, sources: &[Source]) -> Result<Told> {
    app.db.write(queries::create_rows).await?;
    let began = Instant::now();
    for source in sources {
        let mut reader = source.reader()?;
        let headers: Vec<String> =
            reader.byte_headers().map_err(|error| unreadable(&source.file, error))?.iter().map(lossy).collect();
        let (mut rows, mut record) = (Vec::with_capacity(BATCH), csv::ByteRecord::new());
        loop {
            let more = reader.read_byte_record(&mut record).map_err(|error| unreadable(&source.file, error))?;
            if more {
                let key = record.get(0).map(lossy).unwrap_or_default();
                rows.push((key, json_row(&headers, &record)?));
            }
            if rows.len() == BATCH || (!more && !rows.is_empty()) {
                let full = std::mem::replace(&mut rows, Vec::with_capacity(BATCH));
                app.db.write(move |conn| queries::insert_rows(conn, &full)).await?;
            }
            if !more {
                break;
            }
        }
    }
    Ok(since(began))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json_row(headers: &[String], record: &csv::ByteRecord) -> Result<String> {
    use serde::Serializer as _;
    let mut text = Vec::with_capacity(record.as_slice().len() * 2);
    let cells = headers.iter().zip(record.iter().map(String::from_utf8_lossy));
    serde_json::Serializer::new(&mut text).collect_map(cells)?;
    String::from_utf8(text).map_err(Error::internal)
}

/// Parses a file and counts its rows.
fn parse(source: &Source, mut each: impl FnMut(&csv::ByteRecord)) -> Result<u64> {
    let (mut reader, mut record, mut rows) = (source.reader()?, csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).map_err(|error| unreadable(&source.file, error))? {
        each(&record);
        rows += 1;
    }
    Ok(rows)
}

async fn again(app: &App, sources: &[Source]) -> Result<Told> {
    let began = Instant::now();
    for source in sources {
        let (code, file) = (source.supplier.clone(), source.file.clone());
        let stored = app.db.read(move |conn| queries::keys_and_hashes(conn, &code)).await?;
        let mut known = 0_u64;
        // Looking each key up costs next to nothing, and keeps the parsing from being optimised away.
        let rows = parse(source, |record| {
            let key = record.get(0).and_then(|key| std::str::from_utf8(key).ok());
            known += u64::from(key.is_some_and(|key| stored.contains_key(key)));
        })?;
        if known == 0 && rows > 0 {
            return Err(Error::internal(format!("none of the rows of {} is stored", file.display())));
        }
    }
    Ok(since(began))
}

async fn stock(app: &App, sources: &[Source]) -> Result<Told> {
    app.db.write(queries::copy_levels).await?;
    let began = Instant::now();
    for source in sources {
        let code = source.supplier.clone();
        let stored: HashMap<String, Level> = app.db.read(move |conn| queries::levels(conn, &code)).await?;
        let mut changed: Vec<Level> = Vec::new();
        parse(source, |record| {
            let cell = |at: usize| record.get(at).and_then(|cell| std::str::from_utf8(cell).ok());
            let level = cell(0).and_then(|key| stored.get(key));
            let new = cell(2).and_then(|pieces| pieces.parse::<i64>().ok());
            if let (Some((offer, warehouse, on_hand)), Some(new)) = (level, new)
                && *on_hand != new
            {
                changed.push((*offer, *warehouse, new));
            }
        })?;
        app.db.write(move |conn| queries::upsert_levels(conn, &changed)).await?;
    }
    Ok(since(began))
}

/// Golden records of one read.
const PAGE: i64 = 5_000;

async fn feed(app: &App) -> Result<Told> {
    let mut file = std::io::BufWriter::new(tempfile::tempfile()?);
    let began = Instant::now();
    let mut after = 0;
    loop {
        let rows = app.db.read(move |conn| queries::golden_after(conn, after, PAGE)).await?;
        let Some((last, _, _)) = rows.last() else { break };
        after = *last;
        for (_, sku, golden) in &rows {
            writeln!(file, "{sku}\t{}", golden.as_str())?;
        }
    }
    file.flush()?;
    Ok(since(began))
}

async fn search(app: &App, count: usize) -> Result<Told> {
    let scope = SearchScope::default;
    for query in Query::mixed(super::search::WARM_UP) {
        app.search.search(query.request(), scope()).await?;
    }
    let mut told = Told::default();
    for query in Query::mixed(count) {
        let request = query.request();
        let began = Instant::now();
        std::hint::black_box(app.search.search(request, scope()).await?);
        told.samples.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    told.seconds = told.samples.iter().sum::<f64>() / 1_000.0;
    Ok(told)
}

async fn reindex(app: &App) -> Result<Told> {
    let mut documents = Vec::new();
    let mut after = 0;
    loop {
        let views = app.db.read(move |conn| crate::catalog::queries::views_after(conn, after, 1_000)).await?;
        let Some(last) = views.last() else { break };
        after = last.id;
        for view in &views {
            documents.push(Bare::document(app.search.fields(), view)?);
        }
    }
    let folder = tempfile::tempdir()?;
    let bare = Bare::create(folder.path(), app.search.fields())?;
    let began = Instant::now();
    tokio::task::spawn_blocking(move || bare.feed(documents)).await.map_err(Error::internal)??;
    Ok(since(began))
}

/// One to one: what things cost does not matter here, only that they have a price.
async fn rates(app: &App, currencies: &[String]) -> Result<Told> {
    let codes: Vec<String> = currencies.iter().filter(|code| *code != "USD").cloned().collect();
    let rates: Vec<Rate> = codes.into_iter().map(|base| Rate { base, quote: "USD".to_owned(), rate: Decimal::ONE }).collect();
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            operations::record(conn, "settings", "command", "bench", &json!({}), now)?;
            rate_replace(conn, &rates, now)
        })
        .await?;
    Ok(Told::default())
}

async fn channel(app: &App, code: &str) -> Result<Told> {
    let profile = app.channels.get(code)?;
    channels::set_up(app, vec![profile]).await?;
    follow::catch_up(app).await?;
    crate::search::catch_up(app).await?;
    Ok(Told::default())
}
