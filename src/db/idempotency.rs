//! Requests that may be repeated: a request with an `Idempotency-Key` holds a row while it runs and leaves its answer there.
//!
//! The row is reserved before anything else happens, with a lease that its holder renews, so that a second request of the same key
//! finds the first one running, and a crash frees the key. What the request writes is committed together with the row: every write
//! transaction of a request that holds a [`Ticket`] says so in the row ([`Ticket::effected`]), and [`Ticket::keep`] puts the answer
//! itself there. A holder that has lost its lease finds another's token in the row, and its transaction is rolled back. So an
//! effect happens at most once per key, whatever dies when.

use super::schema::idempotency;
use super::{Conn, JsonText, Time};
use crate::each_backend;
use crate::error::{Code, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use std::sync::{Arc, OnceLock};

/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long a request may be silent before its key is free again.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);

tokio::task_local! {
    static TICKET: Ticket;
}

/// The ticket of the request that this task works for.
pub fn current() -> Option<Ticket> {
    TICKET.try_with(Clone::clone).ok()
}

/// The right to work under one key. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ticket {
    scope: Arc<str>,
    token: Arc<str>,
    body_hash: Arc<OnceLock<String>>,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers that belong to the answer, by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A request as it was first made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// Its query string.
    pub query: String,
    /// SHA-256 of its body; none while it is still on its way.
    pub body_hash: Option<String>,
}

/// What a key stands for when a request comes with it.
#[derive(Debug, Clone)]
pub enum Reserved {
    /// Nothing yet: go ahead.
    Fresh(Ticket),
    /// A request that is running.
    Running(First),
    /// A request that took effect and whose answer was lost with its process.
    Unanswered(First),
    /// A request that was answered.
    Done(First, Answer),
}

type Row = (String, String, Option<String>, bool, Option<i32>, Option<JsonText>, Option<Vec<u8>>, Time, Time);

/// Takes a key, or tells who has it. `body_hash` is none when the body is too large to be read first.
pub fn reserve(conn: &mut Conn, scope: &str, query: &str, body_hash: Option<&str>, now: DateTime<Utc>) -> Result<Reserved> {
    let ticket = Ticket {
        scope: scope.into(),
        token: format!("{:032x}", rand::random::<u128>()).into(),
        body_hash: Arc::new(body_hash.map_or_else(OnceLock::new, |hash| OnceLock::from(hash.to_owned()))),
    };
    let values = (
        idempotency::scope.eq(scope),
        idempotency::token.eq(&*ticket.token),
        idempotency::query.eq(query),
        idempotency::body_hash.eq(body_hash),
        idempotency::lease_until.eq(Time(now + LEASE)),
        idempotency::expires_at.eq(Time(now + KEPT)),
    );
    let new =
        each_backend!(conn => diesel::insert_into(idempotency::table).values(values).on_conflict_do_nothing().execute(conn))?;
    if new == 1 {
        return Ok(Reserved::Fresh(ticket));
    }
    let row: Option<Row> = idempotency::table
        .find(scope)
        .select((
            idempotency::token,
            idempotency::query,
            idempotency::body_hash,
            idempotency::effected,
            idempotency::status,
            idempotency::headers,
            idempotency::body,
            idempotency::lease_until,
            idempotency::expires_at,
        ))
        .first(conn)
        .optional()?;
    let Some((token, first_query, first_hash, effected, status, headers, body, lease_until, expires_at)) = row else {
        // Given back between the two statements; whoever asks again finds it free.
        return Ok(Reserved::Running(First { query: query.to_owned(), body_hash: None }));
    };
    let first = First { query: first_query, body_hash: first_hash };
    if expires_at.0 > now {
        if let (Some(status), Some(headers)) = (status, headers) {
            let answer =
                Answer { status: u16::try_from(status).unwrap_or(500), headers: headers.read()?, body: body.unwrap_or_default() };
            return Ok(Reserved::Done(first, answer));
        }
        if lease_until.0 > now {
            return Ok(Reserved::Running(first));
        }
        if effected {
            return Ok(Reserved::Unanswered(first));
        }
    }
    let mine = idempotency::table.filter(idempotency::scope.eq(scope).and(idempotency::token.eq(&token)));
    let written = diesel::update(mine)
        .set((
            idempotency::token.eq(&*ticket.token),
            idempotency::query.eq(query),
            idempotency::body_hash.eq(body_hash),
            idempotency::effected.eq(false),
            idempotency::status.eq(None::<i32>),
            idempotency::headers.eq(None::<JsonText>),
            idempotency::body.eq(None::<Vec<u8>>),
            idempotency::lease_until.eq(Time(now + LEASE)),
            idempotency::expires_at.eq(Time(now + KEPT)),
        ))
        .execute(conn)?;
    Ok(if written == 1 { Reserved::Fresh(ticket) } else { Reserved::Running(first) })
}

macro_rules! mine {
    ($ticket:expr) => {
        idempotency::table.filter(idempotency::scope.eq(&*$ticket.scope).and(idempotency::token.eq(&*$ticket.token)))
    };
}

impl Ticket {
    /// Does `work` for this ticket: what its task writes is written under the key.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        TICKET.scope(self, work).await
    }

    /// Notes the SHA-256 of a body that was streamed, once it has been read.
    pub fn body_was(&self, hash: String) {
        let _ = self.body_hash.set(hash);
    }

    /// Is the whole body known?
    pub fn knows_body(&self) -> bool {
        self.body_hash.get().is_some()
    }

    /// Says in the caller's transaction that it took effect; an error when the key is another's by now.
    pub fn effected(&self, conn: &mut Conn) -> Result<()> {
        let written = diesel::update(mine!(self)).set(idempotency::effected.eq(true)).execute(conn)?;
        still_mine(written)
    }

    /// Keeps the answer, in the transaction of its effect. A body that was not read to its end has no hash and is not kept.
    pub fn keep(&self, conn: &mut Conn, answer: &Answer) -> Result<()> {
        let Some(hash) = self.body_hash.get() else { return Ok(()) };
        let written = diesel::update(mine!(self))
            .set((
                idempotency::body_hash.eq(hash),
                idempotency::status.eq(i32::from(answer.status)),
                idempotency::headers.eq(JsonText::of(&answer.headers)?),
                idempotency::body.eq(&answer.body),
            ))
            .execute(conn)?;
        still_mine(written)
    }

    /// Keeps the answer of a request whose effect has been committed already, unless it was kept with it.
    pub fn keep_unless_kept(&self, conn: &mut Conn, answer: &Answer) -> Result<()> {
        let open: Option<String> =
            mine!(self).filter(idempotency::status.is_null()).select(idempotency::scope).first(conn).optional()?;
        open.map_or(Ok(()), |_| self.keep(conn, answer))
    }

    /// Renews the lease; false when there is nothing left to renew.
    pub fn renew(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<bool> {
        Ok(diesel::update(mine!(self)).set(idempotency::lease_until.eq(Time(now + LEASE))).execute(conn)? == 1)
    }

    /// Gives the key back, unless an answer is kept under it.
    pub fn release(&self, conn: &mut Conn) -> Result<()> {
        diesel::delete(mine!(self).filter(idempotency::status.is_null())).execute(conn)?;
        Ok(())
    }
}

fn still_mine(written: usize) -> Result<()> {
    if written == 1 {
        return Ok(());
    }
    let message = "this request was silent for too long and its Idempotency-Key is used by a repeat of it; ask again";
    Err(Error::new(Code::InProgress, message))
}

/// Forgets what is older than [`KEPT`], `limit` rows at most; how many.
pub fn prune(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> Result<usize> {
    let old: Vec<String> = idempotency::table
        .filter(idempotency::expires_at.le(Time(now)))
        .order(idempotency::expires_at)
        .limit(limit)
        .select(idempotency::scope)
        .load(conn)?;
    // A key that was taken anew meanwhile has another end.
    Ok(each_backend!(conn => diesel::delete(
        idempotency::table.filter(idempotency::scope.eq_any(&old).and(idempotency::expires_at.le(Time(now))))
    )
    .execute(conn))?)
}
