//! Addresses that are taken to be asked, and what came of it.

use crate::db::schema::{image_addresses, product_images};
use crate::db::{Conn, Time};
use crate::error::Result;
use crate::media::AddressState;
use crate::media::fetch::Validators;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// An address that this worker asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: String,
    /// The address.
    pub address: String,
    /// Its host.
    pub host: String,
    /// How often it has been asked since it was last reached, this time included.
    pub attempts: i32,
    /// By which the host may say that nothing changed.
    pub validators: Validators,
    /// The image that is kept of it.
    pub image: Option<String>,
    /// Who asks it.
    pub worker: String,
}

/// Addresses that are asked: what was not asked yet, what could not be had, and what was of no use and may be better by now.
const ASKED: [AddressState; 3] = [AddressState::Waiting, AddressState::Unreached, AddressState::Failed];

/// Id, address, attempts, `ETag`, when it was changed last, and the image kept, of an address that is due.
type Due = (String, String, i32, Option<String>, Option<String>, Option<String>);

/// How much may be asked of whom.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// Addresses of each host that are being asked.
    pub asked: HashMap<String, usize>,
    /// How many of one host may be.
    pub each: usize,
    /// Behind which host the next look begins.
    pub after: String,
}

impl Room {
    /// How many more of this host may be asked. More than one at once are taken where half of its room is free.
    fn at(&self, host: &str) -> usize {
        let asked = self.asked.get(host).copied().unwrap_or_default();
        if asked * 2 > self.each { 0 } else { self.each - asked }
    }
}

/// Addresses that are due and that some product shows, a few of each host in turn; where the next look begins. Takes none of them.
pub fn addresses_due(conn: &mut Conn, room: &Room, limit: usize, now: DateTime<Utc>) -> Result<(Vec<Claimed>, String)> {
    let mut found = Vec::new();
    let mut after = room.after.clone();
    for state in ASKED {
        let mut host = room.after.clone();
        let mut around = false;
        // All of them, however many have nothing that is due: who ends before would never come to those behind.
        while found.len() < limit {
            let next: Option<String> = image_addresses::table
                .filter(image_addresses::state.eq(state.as_str()).and(image_addresses::host.gt(&host)))
                .order(image_addresses::host)
                .select(image_addresses::host)
                .first(conn)
                .optional()?;
            match next {
                Some(next) => host = next,
                // Once around; those before where it began follow.
                None if around || room.after.is_empty() => break,
                None => {
                    (host, around) = (String::new(), true);
                    continue;
                }
            }
            if around && host > room.after {
                break;
            }
            let most = room.at(&host).min(limit - found.len());
            if most > 0 {
                found.extend(due_at_host(conn, state, &host, most, now)?);
                after.clone_from(&host);
            }
        }
    }
    Ok((found, after))
}

fn due_at_host(conn: &mut Conn, state: AddressState, host: &str, most: usize, now: DateTime<Utc>) -> Result<Vec<Claimed>> {
    use image_addresses as a;
    let shown = diesel::dsl::exists(product_images::table.filter(product_images::address_id.eq(a::id)));
    let rows: Vec<Due> = a::table
        .filter(a::state.eq(state.as_str()).and(a::host.eq(host)).and(a::due_at.le(Time(now))).and(shown))
        .order((a::due_at, a::id))
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select((a::id, a::address, a::attempts, a::etag, a::last_modified, a::image_id))
        .load(conn)?;
    let claimed = |(id, address, attempts, etag, last_modified, image): Due| Claimed {
        id,
        address,
        host: host.to_owned(),
        attempts: attempts.saturating_add(1),
        validators: Validators { etag, last_modified },
        image,
        worker: String::new(),
    };
    Ok(rows.into_iter().map(claimed).collect())
}

/// Takes what is due; nobody else takes it before `until`. Whoever was faster has moved the time, so fewer may be taken than were found.
pub fn addresses_claim(
    conn: &mut Conn,
    worker: &str,
    due: Vec<Claimed>,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    use image_addresses as a;
    let mut claimed = Vec::with_capacity(due.len());
    for one in due {
        let taken = diesel::update(a::table.filter(a::id.eq(&one.id).and(a::due_at.le(Time(now)))))
            .set((a::due_at.eq(Time(until)), a::worker.eq(worker), a::attempts.eq(one.attempts), a::asked_at.eq(Time(now))))
            .execute(conn)?;
        if taken == 1 {
            claimed.push(Claimed { worker: worker.to_owned(), ..one });
        }
    }
    Ok(claimed)
}

/// Keeps what a worker asks until later; it works longer than was thought.
pub fn addresses_hold(conn: &mut Conn, worker: &str, ids: &[String], until: DateTime<Utc>) -> Result<()> {
    use image_addresses as a;
    for id in ids {
        diesel::update(a::table.filter(a::id.eq(id).and(a::worker.eq(worker)))).set(a::due_at.eq(Time(until))).execute(conn)?;
    }
    Ok(())
}

/// After how many days an address is asked again that was of no use, by how often it was: a file often comes before its pictures, and a
/// host's bad day passes.
const DAYS: [i64; 4] = [1, 2, 4, 8];

/// As good as never.
const NEVER: i64 = 36_500;

/// When an address is asked again that was of no use for so many times.
fn again(attempts: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    let days = usize::try_from(attempts).ok().and_then(|attempts| DAYS.get(attempts.saturating_sub(1)));
    now + TimeDelta::days(days.copied().unwrap_or(NEVER))
}

/// What came of asking an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This image is kept.
    Image {
        /// Its id.
        id: String,
        /// For asking again.
        validators: Validators,
    },
    /// What was kept is still what stands there.
    Unchanged,
    /// It is asked again at this time; until then it is as it was.
    Later {
        /// Why.
        code: String,
        /// Why, as a sentence.
        message: String,
        /// When.
        at: DateTime<Utc>,
        /// Is it given up for today?
        unreached: bool,
    },
    /// It cannot be used.
    Unusable {
        /// Why.
        code: String,
        /// What to do.
        message: String,
    },
}

/// Notes what came of an address. True when products that show it look different now.
pub fn addresses_settle(conn: &mut Conn, claimed: &Claimed, outcome: &Outcome, now: DateTime<Utc>) -> Result<bool> {
    use image_addresses as a;
    // Who was given up for dead and answers late has nothing to say any more.
    let row = a::table.filter(a::id.eq(&claimed.id).and(a::worker.eq(&claimed.worker)));
    let before: Option<(String, Option<String>, Option<String>)> =
        row.select((a::state, a::image_id, a::code)).first(conn).optional()?;
    let Some((state, image, said)) = before else { return Ok(false) };
    let none = None::<String>;
    match outcome {
        Outcome::Image { id: found, validators } => {
            diesel::update(row)
                .set((
                    (
                        a::state.eq(AddressState::Ready.as_str()),
                        a::image_id.eq(found),
                        a::attempts.eq(0),
                        a::due_at.eq(Time(now)),
                    ),
                    (a::etag.eq(&validators.etag), a::last_modified.eq(&validators.last_modified)),
                    (a::code.eq(&none), a::message.eq(&none), a::worker.eq(&none)),
                ))
                .execute(conn)?;
            Ok(image.as_deref() != Some(found.as_str()) || state == AddressState::Failed.as_str())
        }
        Outcome::Unchanged => {
            diesel::update(row)
                .set((
                    a::state.eq(AddressState::Ready.as_str()),
                    a::attempts.eq(0),
                    a::code.eq(&none),
                    a::message.eq(&none),
                    a::worker.eq(&none),
                ))
                .execute(conn)?;
            Ok(false)
        }
        Outcome::Later { code, message, at, unreached } => {
            let state = if *unreached { AddressState::Unreached } else { AddressState::Waiting };
            diesel::update(row)
                .set((
                    a::state.eq(state.as_str()),
                    a::due_at.eq(Time(*at)),
                    a::code.eq(code),
                    a::message.eq(message),
                    a::worker.eq(&none),
                ))
                .execute(conn)?;
            // The first time; what keeps failing says nothing new.
            Ok(image.is_none() && said.is_none())
        }
        Outcome::Unusable { code, message } if image.is_some() && claimed.attempts <= 1 => {
            // A picture that is kept is not given up for one bad answer.
            diesel::update(row)
                .set((
                    (a::state.eq(AddressState::Waiting.as_str()), a::due_at.eq(Time(again(claimed.attempts, now)))),
                    (a::code.eq(code), a::message.eq(message), a::worker.eq(&none)),
                ))
                .execute(conn)?;
            Ok(false)
        }
        Outcome::Unusable { code, message } => {
            // What was there before is there no more.
            diesel::update(row)
                .set((
                    (a::state.eq(AddressState::Failed.as_str()), a::image_id.eq(&none)),
                    (a::due_at.eq(Time(again(claimed.attempts, now))), a::etag.eq(&none), a::last_modified.eq(&none)),
                    (a::code.eq(code), a::message.eq(message), a::worker.eq(&none)),
                ))
                .execute(conn)?;
            Ok(state != AddressState::Failed.as_str() || image.is_some())
        }
    }
}
