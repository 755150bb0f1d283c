//! The listings reader: follows the change log and keeps every listing's state, reasons and row hash up to date.
//!
//! Its cursor stands in the database and moves in the same transaction as the listings, so a crash repeats work and loses none.
//! Several processes may follow at once: whoever moves the cursor first wins, the other's transaction is rolled back. Changes are
//! coalesced per product, and a product's whole group is judged with it, because variants are told apart by each other.

use super::judge::{Batch, ChannelDesk};
use super::queries::{self, Walk};
use super::readiness::Evaluation;
use super::words::Words;
use crate::app::App;
use crate::background::follow::Reader;
pub use crate::background::follow::Step;
use crate::catalog::ProductView;
use crate::db::{Change, ChangeKind, Conn, Position, changes};
use crate::error::{Code, Error, Result};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Name of the cursor.
const CURSOR: &str = "listings";
/// Name of the cursor that says by which schema the listings were judged.
const SCHEMA: &str = "listings.schema";
/// Changes read at once.
const CHANGES: i64 = 5_000;
/// Products judged and written at once.
const BATCH: i64 = 500;
const BATCH_LEN: usize = 500;

/// The reader that keeps listings up to date.
const READER: Reader =
    Reader { cursor: CURSOR, fault: "the listings could not be brought up to date", step: |app| Box::pin(step(app)) };

/// Follows the change log until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    READER.run(app, shutdown).await;
}

/// Follows everything that was committed before the call. For commands, which need listings as of now.
pub async fn catch_up(app: &App) -> Result<()> {
    READER.catch_up(app).await
}

/// Where the reader stands; none before its first step.
pub async fn position(app: &App) -> Result<Option<Position>> {
    READER.position(app).await
}

/// Waits until the listings show `change`, where there is one, at most `longest`; then it is `not_yet_visible`.
pub async fn wait_for(app: &App, change: Option<Position>, longest: Duration) -> Result<()> {
    let Some(change) = change else { return Ok(()) };
    let deadline = tokio::time::Instant::now() + longest;
    let not_yet = || Error::new(Code::NotYetVisible, "the listings do not show this change yet; ask again");
    while !position(app).await?.is_some_and(|at| at.covers(&change)) {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
            () = app.shutdown.cancelled() => return Err(not_yet()),
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(not_yet());
        }
    }
    Ok(())
}

/// What the changes ask to be judged anew.
#[derive(Debug, Default, PartialEq, Eq)]
struct Work {
    products: BTreeSet<i64>,
    channels: BTreeSet<String>,
    everything: bool,
}

impl Work {
    fn of(changes: &[Change]) -> Self {
        let mut work = Self::default();
        for change in changes {
            match change.kind {
                // Our own.
                ChangeKind::ListingChanged | ChangeKind::PublicationFinished | ChangeKind::ImportFinished => {}
                ChangeKind::SettingsChanged if change.data.get("product").is_some() => {
                    work.products.extend(change.data.get("product").and_then(serde_json::Value::as_i64));
                }
                ChangeKind::SettingsChanged => match change.data.get("channel").and_then(serde_json::Value::as_str) {
                    Some(channel) => {
                        work.channels.insert(channel.to_owned());
                    }
                    None if change.product_id.is_some() => work.products.extend(change.product_id),
                    // Rates, ranks: every price may be another.
                    None => work.everything = true,
                },
                _ => work.products.extend(change.product_id),
            }
        }
        work
    }
}

enum Read {
    Anew { head: Position, start: Position, cursor: Option<String>, schema: Option<String> },
    Changes { cursor: String, changes: Vec<Change> },
}

/// Reads some changes and judges what they touched.
pub async fn step(app: &App) -> Result<Step> {
    let fingerprint = format!("{}.{}", app.channels.fingerprint(), app.dictionary.fingerprint());
    let wanted = fingerprint.clone();
    let read = app
        .db
        .read(move |conn| {
            let (cursor, schema) = (queries::cursor(conn, CURSOR)?, queries::cursor(conn, SCHEMA)?);
            if let Some(position) = cursor.as_ref().and_then(|cursor| cursor.parse::<Position>().ok())
                && schema.as_deref() == Some(wanted.as_str())
            {
                match changes::read_after(conn, &position, CHANGES) {
                    Ok(changes) => return Ok(Read::Changes { cursor: position.to_string(), changes }),
                    Err(error) if error.code == Code::CursorExpired => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(Read::Anew { head: changes::head(conn)?, start: changes::start(conn)?, cursor, schema })
        })
        .await?;
    match read {
        Read::Anew { head, start, cursor, schema } => {
            let now = app.clock.now();
            let cursor = if let Some(cursor) = cursor {
                cursor
            } else {
                let start = start.to_string();
                let to = start.clone();
                app.db.write(move |conn| move_or_conflict(conn, CURSOR, None, &to, now)).await?;
                start
            };
            whole_catalogue(app, desks(app, None).await?, &cursor).await?;
            app.db
                .write(move |conn| {
                    move_or_conflict(conn, CURSOR, Some(&cursor), &head.to_string(), now)?;
                    if schema.as_deref() != Some(fingerprint.as_str()) {
                        move_or_conflict(conn, SCHEMA, schema.as_deref(), &fingerprint, now)?;
                    }
                    Ok(())
                })
                .await?;
            Ok(Step::Worked)
        }
        Read::Changes { cursor, changes } => {
            let Some(last) = changes.last().map(|change| change.position.clone()) else { return Ok(Step::Idle) };
            let more = i64::try_from(changes.len()).is_ok_and(|len| len == CHANGES);
            follow(app, Work::of(&changes), &cursor, &last).await?;
            Ok(if more { Step::Worked } else { Step::Idle })
        }
    }
}

async fn follow(app: &App, work: Work, cursor: &str, last: &Position) -> Result<()> {
    whole_catalogue(app, desks(app, (!work.everything).then_some(&work.channels)).await?, cursor).await?;
    let products: Vec<i64> = if work.everything { Vec::new() } else { work.products.into_iter().collect() };
    let desks = if products.is_empty() { Vec::new() } else { desks(app, None).await? };
    let products = if desks.is_empty() { Vec::new() } else { products };
    let mut parts = products.chunks(BATCH_LEN).peekable();
    while let Some(part) = parts.next() {
        let judged = judge(app, &desks, part.to_vec()).await?;
        // The cursor moves with the last listings, in their transaction.
        let to = if parts.peek().is_none() { last.to_string() } else { cursor.to_owned() };
        let again = save(app, judged, cursor, to).await?;
        if !again.is_empty() {
            let judged = judge(app, &desks, again.into_iter().collect()).await?;
            // What is judged again gives nothing up, so nothing more follows.
            let to = if parts.peek().is_none() { last.to_string() } else { cursor.to_owned() };
            save(app, judged, cursor, to).await?;
        }
    }
    if desks.is_empty() {
        save(app, Vec::new(), cursor, last.to_string()).await?;
    }
    Ok(())
}

fn move_or_conflict(conn: &mut Conn, name: &str, from: Option<&str>, to: &str, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    if queries::move_cursor(conn, name, from, to, now)? {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, "another process follows the change log and was faster"))
}

/// The channels that are on, of these codes or all.
pub async fn desks(app: &App, codes: Option<&BTreeSet<String>>) -> Result<Vec<ChannelDesk>> {
    let profiles: Vec<_> =
        app.channels.iter().filter(|profile| codes.is_none_or(|codes| codes.contains(&profile.code))).cloned().collect();
    if profiles.is_empty() {
        return Ok(Vec::new());
    }
    app.db
        .read(move |conn| {
            let desks = profiles.iter().map(|profile| ChannelDesk::load(conn, profile)).collect::<Result<Vec<_>>>()?;
            Ok(desks.into_iter().filter(|desk| desk.enabled).collect())
        })
        .await
}

type Judged = Vec<(ChannelDesk, Vec<Evaluation>)>;

/// Everything that judging these blocks asks for.
pub fn batch(conn: &mut Conn, blocks: Vec<Vec<ProductView>>) -> Result<Batch> {
    let ids: Vec<i64> = blocks.iter().flatten().map(|view| view.id).collect();
    let terms = queries::offer_terms(conn, &ids)?;
    let choices = queries::choices(conn, &ids)?;
    Ok(Batch { blocks, terms, choices })
}

async fn judge(app: &App, desks: &[ChannelDesk], products: Vec<i64>) -> Result<Judged> {
    let (desks, dictionary) = (desks.to_vec(), app.dictionary.clone());
    app.db
        .read(move |conn| {
            let blocks = queries::blocks_of(conn, &products)?;
            judge_blocks(conn, desks, blocks, &*dictionary)
        })
        .await
}

/// Writes listings, provided that the cursor still stands at `from`: judgements older than another process's never overwrite them.
/// Returns the products that must be judged again, because others gave up a value that they shared; then the cursor stays.
async fn save(app: &App, mut judged: Judged, from: &str, to: String) -> Result<BTreeSet<i64>> {
    let (from, now) = (from.to_owned(), app.clock.now());
    app.db
        .write(move |conn| {
            // Whoever was faster is noticed before anything is written.
            move_or_conflict(conn, CURSOR, Some(&from), &from, now)?;
            let mut again = BTreeSet::new();
            for (desk, judged) in &mut judged {
                let saved = queries::save_listings(conn, desk, judged, now)?;
                if saved.written > 0 {
                    queries::note_changed(conn, &desk.profile.code, now)?;
                }
                again.extend(saved.again);
            }
            if again.is_empty() && to != from {
                move_or_conflict(conn, CURSOR, Some(&from), &to, now)?;
            }
            Ok(again)
        })
        .await
}

/// Judges the whole catalogue for these channels, batch by batch: each product is read once for all of them, and a batch is judged while
/// the one before it is written.
async fn whole_catalogue(app: &App, desks: Vec<ChannelDesk>, cursor: &str) -> Result<()> {
    if desks.is_empty() {
        return Ok(());
    }
    let mut at = Walk::Single(0);
    let mut again = BTreeSet::new();
    let mut judged = Judged::new();
    while at != Walk::Done || !judged.is_empty() {
        let (next, saved) =
            tokio::try_join!(judge_from(app, &desks, at), save(app, std::mem::take(&mut judged), cursor, cursor.to_owned()))?;
        again.extend(saved);
        (judged, at) = next;
    }
    let again: Vec<i64> = again.into_iter().collect();
    for part in again.chunks(BATCH_LEN) {
        let judged = judge(app, &desks, part.to_vec()).await?;
        save(app, judged, cursor, cursor.to_owned()).await?;
    }
    Ok(())
}

/// Judges the next batch of a walk; nothing when it is through.
async fn judge_from(app: &App, desks: &[ChannelDesk], at: Walk) -> Result<(Judged, Walk)> {
    let (desks, dictionary) = (desks.to_vec(), app.dictionary.clone());
    app.db
        .read(move |conn| {
            let (blocks, next) = queries::walk(conn, at, BATCH)?;
            Ok((judge_blocks(conn, desks, blocks, &*dictionary)?, next))
        })
        .await
}

fn judge_blocks(conn: &mut Conn, desks: Vec<ChannelDesk>, blocks: Vec<Vec<ProductView>>, words: &dyn Words) -> Result<Judged> {
    if blocks.is_empty() {
        return Ok(Judged::new());
    }
    let batch = batch(conn, blocks)?;
    let of = |desk: ChannelDesk| {
        let judged = desk.judge(&batch, words);
        (desk, judged)
    };
    Ok(desks.into_iter().map(of).collect())
}
