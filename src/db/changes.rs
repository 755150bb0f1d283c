//! The change log: every write appends in its own transaction, readers follow with a cursor of their own.
//!
//! On PostgreSQL a sequence is not commit order: a slow transaction may commit a lower number after a fast one committed a higher
//! one, and a cursor on the number alone would skip it. So each change also holds the id of its transaction, the cursor is the pair
//! (xid, seq), and a reader sees only transactions older than every one still running. On SQLite, with one writer, xid is 0 and seq
//! is the commit order.

mod new;

pub use new::NewChange;

use super::schema::{changes, settings};
use super::types::{Json, JsonText, Time};
use super::{Conn, retention};
use crate::each_backend;
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use serde_json::Value as JsonValue;
use std::fmt;
use std::str::FromStr;

/// What happened. The names are those of the API's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A product was made.
    #[serde(rename = "product.created")]
    ProductCreated,
    /// Its golden record, status or group changed.
    #[serde(rename = "product.updated")]
    ProductUpdated,
    /// A person or rule discontinued it.
    #[serde(rename = "product.discontinued")]
    ProductDiscontinued,
    /// What may be sold of it changed.
    #[serde(rename = "stock.changed")]
    StockChanged,
    /// Its price changed.
    #[serde(rename = "price.changed")]
    PriceChanged,
    /// Its state on a channel changed.
    #[serde(rename = "listing.changed")]
    ListingChanged,
    /// A feed's new version stands.
    #[serde(rename = "publication.finished")]
    PublicationFinished,
    /// An import ended.
    #[serde(rename = "import.finished")]
    ImportFinished,
    /// Two products may be one; a person is to decide.
    #[serde(rename = "match.opened")]
    MatchOpened,
    /// An offer was made, changed or gone. Inner: kept for history and undo, not an outside event.
    #[serde(rename = "offer.changed")]
    OfferChanged,
    /// Settings that every product depends on changed (rates, ranks, groups). Inner.
    #[serde(rename = "settings.changed")]
    SettingsChanged,
    /// What a person said changed: a product's edits, a group's title. Inner: kept for history and undo.
    #[serde(rename = "edit.changed")]
    EditChanged,
    /// A picture that a product shows came in, changed, or turned out unusable.
    #[serde(rename = "image.changed")]
    ImageChanged,
}

impl ChangeKind {
    const NAMES: [(Self, &'static str); 13] = [
        (Self::ProductCreated, "product.created"),
        (Self::ProductUpdated, "product.updated"),
        (Self::ProductDiscontinued, "product.discontinued"),
        (Self::StockChanged, "stock.changed"),
        (Self::PriceChanged, "price.changed"),
        (Self::ListingChanged, "listing.changed"),
        (Self::PublicationFinished, "publication.finished"),
        (Self::ImportFinished, "import.finished"),
        (Self::MatchOpened, "match.opened"),
        (Self::OfferChanged, "offer.changed"),
        (Self::SettingsChanged, "settings.changed"),
        (Self::EditChanged, "edit.changed"),
        (Self::ImageChanged, "image.changed"),
    ];

    /// The event's name.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("settings.changed", |(_, name)| name)
    }

    /// Is it told outside?
    pub fn is_event(self) -> bool {
        !matches!(self, Self::OfferChanged | Self::SettingsChanged | Self::EditChanged)
    }
}

impl FromStr for ChangeKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::NAMES.iter().find(|(_, known)| *known == name);
        known.map(|(kind, _)| *kind).ok_or_else(|| Error::new(Code::Invalid, format!("there is no event named '{name}'")))
    }
}

/// A point in the log. Outside it is an opaque string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// Which life of the database: `restore` starts a new one, and positions of another epoch mean nothing.
    pub epoch: String,
    /// Transaction id; 0 on SQLite.
    pub xid: i64,
    /// Sequence within the log.
    pub seq: i64,
}

impl Position {
    /// Has a reader at this point seen everything up to `other`?
    pub fn covers(&self, other: &Self) -> bool {
        self.epoch == other.epoch && (self.xid, self.seq) >= (other.xid, other.seq)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:x}.{:x}", self.epoch, self.xid, self.seq)
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let mut parts = text.split('.');
            let epoch = parts.next().filter(|epoch| !epoch.is_empty() && epoch.len() <= 32)?.to_owned();
            let xid = i64::from_str_radix(parts.next()?, 16).ok()?;
            let seq = i64::from_str_radix(parts.next()?, 16).ok()?;
            parts.next().is_none().then_some(Self { epoch, xid, seq })
        };
        parse()
            .ok_or_else(|| Error::new(Code::InvalidCursor, "this is not a change sequence of this server; use one it gave you"))
    }
}

/// A change as read.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where it stands.
    pub position: Position,
    /// What happened.
    pub kind: ChangeKind,
    /// What it happened to.
    pub subject: String,
    /// The product, where it is about one.
    pub product_id: Option<i64>,
    /// The offer, where it is about one.
    pub offer_id: Option<i64>,
    /// The operation it belongs to.
    pub operation_id: Option<String>,
    /// How it was before; only [`history`] brings it.
    pub before: Option<JsonValue>,
    /// What subscribers are told.
    pub data: JsonValue,
    /// When.
    pub changed_at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = changes, treat_none_as_default_value = false)]
struct NewRow {
    kind: String,
    subject: String,
    product_id: Option<i64>,
    offer_id: Option<i64>,
    operation_id: Option<String>,
    before: Option<JsonText>,
    data: JsonText,
    changed_at: Time,
}

#[derive(Queryable)]
struct Row {
    seq: i64,
    xid: i64,
    kind: String,
    subject: String,
    product_id: Option<i64>,
    offer_id: Option<i64>,
    operation_id: Option<String>,
    before: Option<JsonText>,
    data: JsonText,
    changed_at: Time,
}

/// The columns of a [`Row`], with how it was or what stands for it: `as_select()` does not compile through the enum of both connections.
macro_rules! row {
    ($before:expr) => {
        (
            changes::seq,
            changes::xid,
            changes::kind,
            changes::subject,
            changes::product_id,
            changes::offer_id,
            changes::operation_id,
            $before,
            changes::data,
            changes::changed_at,
        )
    };
}

/// Where a change stands against a transaction and number, such as `">"` after them. An index over both answers this at once; "a later
/// transaction, or this one and a later number" would be looked for from the log's beginning. On SQLite all are of transaction 0.
macro_rules! stands {
    ($conn:expr, $than:literal, $xid:expr, $seq:expr) => {{
        let (open, between, close) = match $conn {
            $crate::db::Conn::Sqlite(_) => ("xid = ", concat!(" AND seq ", $than, " "), ""),
            $crate::db::Conn::Postgres(_) => (concat!("(xid, seq) ", $than, " ("), ", ", ")"),
        };
        diesel::dsl::sql::<diesel::sql_types::Bool>(open)
            .bind::<diesel::sql_types::BigInt, _>($xid)
            .sql(between)
            .bind::<diesel::sql_types::BigInt, _>($seq)
            .sql(close)
    }};
}
pub(super) use stands;

/// Appends to the log, inside the caller's transaction. Returns where the log ends for this writer.
pub fn append(conn: &mut Conn, now: DateTime<Utc>, new: &[NewChange]) -> Result<Position> {
    if new.is_empty() {
        return head(conn);
    }
    let rows = new.iter().map(|change| NewRow::of(change, now)).collect::<Result<Vec<_>>>()?;
    for part in rows.chunks(super::ROWS_A_STATEMENT) {
        each_backend!(conn => diesel::insert_into(changes::table).values(part).execute(conn))?;
    }
    let (xid, seq) = match conn {
        Conn::Sqlite(conn) => (0, changes::table.select(diesel::dsl::max(changes::seq)).first::<Option<i64>>(conn)?.unwrap_or(0)),
        Conn::Postgres(conn) => changes::table
            .filter(diesel::dsl::sql::<Bool>("xid = pg_current_xact_id()::text::bigint"))
            .order(changes::seq.desc())
            .select((changes::xid, changes::seq))
            .first::<(i64, i64)>(conn)?,
    };
    Ok(Position { epoch: epoch(conn)?, xid, seq })
}

impl NewRow {
    fn of(change: &NewChange, now: DateTime<Utc>) -> Result<Self> {
        Ok(Self {
            kind: change.kind.as_str().to_owned(),
            subject: change.subject.clone(),
            product_id: change.product_id,
            offer_id: change.offer_id,
            operation_id: change.operation_id.clone(),
            before: change.before.clone(),
            data: JsonText::of(&change.data)?,
            changed_at: now.into(),
        })
    }
}

/// Where the log begins in its present epoch: before its first change, or after the last that was pruned.
pub fn start(conn: &mut Conn) -> Result<Position> {
    let (xid, seq) = retention::watermark(conn)?.map_or((0, 0), |pruned| (pruned.xid, pruned.seq));
    Ok(Position { epoch: epoch(conn)?, xid, seq })
}

/// The newest change that a reader may see now. Waiting for it is waiting for everything committed so far.
pub fn head(conn: &mut Conn) -> Result<Position> {
    let newest = changes::table
        .filter(settled(conn))
        .order((changes::xid.desc(), changes::seq.desc()))
        .select((changes::xid, changes::seq))
        .first::<(i64, i64)>(conn)
        .optional()?;
    let (xid, seq) = newest.unwrap_or((0, 0));
    Ok(Position { epoch: epoch(conn)?, xid, seq })
}

/// The newest change that is committed. On PostgreSQL readers of the log may see it only later, when no older transaction runs.
pub fn end(conn: &mut Conn) -> Result<Position> {
    let (xid, seq) = newest(conn)?.unwrap_or((0, 0));
    Ok(Position { epoch: epoch(conn)?, xid, seq })
}

/// Transaction and number of the newest committed change.
fn newest(conn: &mut Conn) -> Result<Option<(i64, i64)>> {
    let order = (changes::xid.desc(), changes::seq.desc());
    Ok(changes::table.filter(all(conn)).order(order).select((changes::xid, changes::seq)).first(conn).optional()?)
}

/// Does the database show the change at `position` already? Unlike a reader of the log, whoever reads a row need not wait for
/// transactions that are still running: a position is given out after its commit, so any row at or past it is proof.
///
/// A position of another epoch will never be shown: `cursor_expired`.
pub fn shows(conn: &mut Conn, position: &Position) -> Result<bool> {
    if position.epoch != epoch(conn)? {
        return Err(Error::new(Code::CursorExpired, "this change is of an earlier life of the database; read everything anew"));
    }
    Ok(newest_seq(conn)? >= position.seq)
}

/// The epoch of a position that changes can be read after. One of another epoch, or one whose successors have been pruned, is
/// `cursor_expired`.
fn readable(conn: &mut Conn, position: &Position) -> Result<String> {
    let epoch = epoch(conn)?;
    if position.epoch != epoch {
        return Err(Error::new(
            Code::CursorExpired,
            "this change sequence is of an earlier life of the database; read everything anew and start from its newest",
        ));
    }
    let (xid, seq) = (position.xid, position.seq);
    if retention::watermark(conn)?.is_some_and(|pruned| (xid, seq) < (pruned.xid, pruned.seq)) {
        return Err(Error::new(
            Code::CursorExpired,
            "changes after this sequence are no longer kept; read everything anew and start from its newest",
        ));
    }
    Ok(epoch)
}

/// What a change was about, for a reader that looks for itself how things are now.
#[derive(Debug, Clone)]
pub struct Touched {
    /// Where the change stands.
    pub position: Position,
    /// The product, where it is about one.
    pub product_id: Option<i64>,
    /// What subscribers are told, where the change is one of settings.
    pub settings: Option<JsonValue>,
}

/// [`read_after`] for a reader that only asks what was touched: a fraction of the bytes.
pub fn touched_after(conn: &mut Conn, position: &Position, limit: i64) -> Result<Vec<Touched>> {
    let epoch = readable(conn, position)?;
    let (xid, seq) = (position.xid, position.seq);
    let settings = "CASE WHEN kind = 'settings.changed' THEN data END";
    let rows: Vec<(i64, i64, Option<i64>, Option<JsonText>)> = changes::table
        .filter(stands!(conn, ">", xid, seq))
        .filter(settled(conn))
        .order((changes::xid.asc(), changes::seq.asc()))
        .limit(limit)
        .select((changes::xid, changes::seq, changes::product_id, diesel::dsl::sql::<Nullable<Json>>(settings)))
        .load(conn)?;
    if rows.is_empty() {
        expect_reached(conn, (xid, seq))?;
    }
    let touched = rows.into_iter().map(|(xid, seq, product_id, settings)| {
        let position = Position { epoch: epoch.clone(), xid, seq };
        Ok(Touched { position, product_id, settings: settings.map(|settings| settings.read()).transpose()? })
    });
    touched.collect()
}

/// Changes after `position`, oldest first, at most `limit`: never one that an older, still running transaction could precede.
///
/// A position of another epoch, one whose successors have been pruned, or one that the log has never reached, is `cursor_expired`.
pub fn read_after(conn: &mut Conn, position: &Position, limit: i64) -> Result<Vec<Change>> {
    let epoch = readable(conn, position)?;
    let (xid, seq) = (position.xid, position.seq);
    // Readers follow what is; how it was is for history and undo, and is most of a change's bytes.
    let no_image = diesel::dsl::sql::<Nullable<Json>>("NULL");
    let rows: Vec<Row> = changes::table
        .filter(stands!(conn, ">", xid, seq))
        .filter(settled(conn))
        .order((changes::xid.asc(), changes::seq.asc()))
        .limit(limit)
        .select(row!(no_image))
        .load(conn)?;
    if rows.is_empty() {
        expect_reached(conn, (xid, seq))?;
    }
    rows.into_iter().map(|row| row.into_change(&epoch)).collect()
}

/// A position past the newest change was never given out by this log: one that was is committed, and so in any snapshot taken since, or
/// it has been pruned.
fn expect_reached(conn: &mut Conn, position: (i64, i64)) -> Result<()> {
    let newest = newest(conn)?;
    let pruned = retention::watermark(conn)?.map(|pruned| (pruned.xid, pruned.seq));
    if position <= newest.max(pruned).unwrap_or((0, 0)) {
        return Ok(());
    }
    Err(Error::new(
        Code::CursorExpired,
        "this change sequence is past the newest; an older copy of the database was put in place. Read everything anew",
    ))
}

/// The changes of one product, newest first, before `before_seq`.
pub fn history(conn: &mut Conn, product_id: i64, before_seq: i64, limit: i64) -> Result<Vec<Change>> {
    let epoch = epoch(conn)?;
    let rows: Vec<Row> = changes::table
        .filter(changes::product_id.eq(product_id).and(changes::seq.lt(before_seq)))
        .order(changes::seq.desc())
        .limit(limit)
        .select(row!(changes::before))
        .load(conn)?;
    rows.into_iter().map(|row| row.into_change(&epoch)).collect()
}

impl Row {
    fn into_change(self, epoch: &str) -> Result<Change> {
        Ok(Change {
            position: Position { epoch: epoch.to_owned(), xid: self.xid, seq: self.seq },
            kind: self.kind.parse()?,
            subject: self.subject,
            product_id: self.product_id,
            offer_id: self.offer_id,
            operation_id: self.operation_id,
            before: self.before.map(|before| before.read()).transpose()?,
            data: self.data.read()?,
            changed_at: self.changed_at.into(),
        })
    }
}

/// All changes, said so that their order by transaction and number is that of an index.
fn all(conn: &Conn) -> SqlLiteral<Bool> {
    diesel::dsl::sql::<Bool>(match conn {
        Conn::Sqlite(_) => "xid = 0",
        Conn::Postgres(_) => "TRUE",
    })
}

/// Only what no running transaction can still precede.
pub(super) fn settled(conn: &Conn) -> SqlLiteral<Bool> {
    diesel::dsl::sql::<Bool>(match conn {
        Conn::Sqlite(_) => "xid = 0",
        Conn::Postgres(_) => "xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    })
}

/// This life of the database; made at its first use.
pub fn epoch(conn: &mut Conn) -> Result<String> {
    let stored: Option<JsonText> = settings::table.find("epoch").select(settings::value).first(conn).optional()?;
    match stored {
        Some(epoch) => Ok(epoch.read()?),
        None => Err(Error::internal("the change log has no epoch; the database was not opened by this program")),
    }
}

/// Gives a new database its epoch; one that has it keeps it.
pub(super) fn ensure_epoch(conn: &mut Conn) -> Result<()> {
    let epoch = format!("{:08x}", rand::random::<u32>());
    let value = JsonText::of(&epoch)?;
    each_backend!(conn => diesel::insert_into(settings::table)
        .values((settings::key.eq("epoch"), settings::value.eq(&value)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

/// How far behind a reader at `position` is: changes that it has still to read, and when the oldest of them was made. The changes are
/// told by their numbers, in two look-ups however many there are; where numbers were given out in vain, they are fewer.
pub fn lag(conn: &mut Conn, position: &Position) -> Result<(i64, Option<DateTime<Utc>>)> {
    // A position of another life of the database means nothing: all is still to be read.
    let (xid, seq) = if position.epoch == epoch(conn)? { (position.xid, position.seq) } else { (0, 0) };
    let oldest: Option<Time> = changes::table
        .filter(stands!(conn, ">", xid, seq))
        .order((changes::xid.asc(), changes::seq.asc()))
        .select(changes::changed_at)
        .first(conn)
        .optional()?;
    let Some(oldest) = oldest else { return Ok((0, None)) };
    Ok(((newest_seq(conn)? - seq).max(1), Some(oldest.into())))
}

/// The number of the newest change; 0 when there is none.
pub fn newest_seq(conn: &mut Conn) -> Result<i64> {
    let newest: Option<i64> = changes::table.select(diesel::dsl::max(changes::seq)).first(conn)?;
    Ok(newest.unwrap_or(0))
}
