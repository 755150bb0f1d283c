//! Keys as the running house knows them: checked against the database, remembered for a moment.
//!
//! A remembered key saves a look-up on every request. It is forgotten after [`REMEMBERED`], so a key revoked by another process stops
//! working within that time, and at once when this process revokes it. Unknown keys are not remembered: there is no end to them.

use super::{Caller, Role, queries, secret};
use crate::app::App;
use crate::db::Conn;
use crate::error::{Code, Error, FieldError, Result};
use crate::id;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a checked key is taken at its word.
pub const REMEMBERED: Duration = Duration::from_secs(2);
/// How often at most the time of a key's last use is written.
const TOUCHED: Duration = Duration::from_secs(60);
/// Keys remembered at most; a house has a few dozen.
const MOST: usize = 10_000;

/// The keys seen lately.
#[derive(Default)]
pub struct Keys {
    seen: Mutex<HashMap<String, Seen>>,
}

struct Seen {
    caller: Caller,
    checked: Instant,
    touched: Option<Instant>,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Code of the supplier, for a supplier key and no other.
    pub supplier: Option<String>,
    /// Code of the channel, for a channel key and no other.
    pub channel: Option<String>,
}

/// A key as it was made; the only time its secret is seen.
#[derive(Debug, Clone)]
pub struct MadeKey {
    /// Id.
    pub id: String,
    /// The secret.
    pub secret: String,
}

impl Keys {
    /// Who holds this secret, if anybody.
    pub async fn caller(&self, app: &App, secret: &str) -> Result<Caller> {
        let unknown = || Error::new(Code::Unauthorized, "this key is not known or was revoked; ask an admin for another");
        let hash = secret::hash(secret).ok_or_else(unknown)?;
        if let Some(caller) = self.remembered(&hash) {
            self.touch(app, &hash, &caller);
            return Ok(caller);
        }
        let wanted = hash.clone();
        let caller = app.db.read(move |conn| queries::key_by_hash(conn, &wanted)).await?.ok_or_else(unknown)?;
        self.remember(hash.clone(), &caller);
        self.touch(app, &hash, &caller);
        Ok(caller)
    }

    /// Forgets a key of this id at once.
    pub fn forget(&self, id: &str) {
        self.seen().retain(|_, seen| seen.caller.key_id != id);
    }

    fn remembered(&self, hash: &str) -> Option<Caller> {
        self.seen().get(hash).filter(|seen| seen.checked.elapsed() < REMEMBERED).map(|seen| seen.caller.clone())
    }

    fn remember(&self, hash: String, caller: &Caller) {
        let mut seen = self.seen();
        if seen.len() >= MOST {
            seen.clear();
        }
        let touched = seen.get(&hash).and_then(|seen| seen.touched);
        seen.insert(hash, Seen { caller: caller.clone(), checked: Instant::now(), touched });
    }

    /// Notes the use of a key, at most once a minute and beside the request.
    fn touch(&self, app: &App, hash: &str, caller: &Caller) {
        let due = self.seen().get_mut(hash).is_some_and(|seen| {
            let due = seen.touched.is_none_or(|touched| touched.elapsed() >= TOUCHED);
            if due {
                seen.touched = Some(Instant::now());
            }
            due
        });
        if !due {
            return;
        }
        let (app, id) = (app.clone(), caller.key_id.clone());
        tokio::spawn(async move {
            let now = app.clock.now();
            if let Err(error) = app.db.write(move |conn| queries::key_touch(conn, &id, now)).await {
                tracing::warn!(%error, "the last use of a key could not be noted");
            }
        });
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a key, in the caller's transaction.
pub fn create(conn: &mut Conn, new: &NewKey, actor: &str, now: DateTime<Utc>) -> Result<MadeKey> {
    check(new)?;
    let supplier_id = match &new.supplier {
        Some(code) => {
            let supplier = crate::suppliers::queries::supplier_by_code(conn, code)?;
            let unknown =
                || Error::field("/supplier", "unknown_supplier", format!("there is no supplier '{code}'; make it first"));
            Some(supplier.ok_or_else(unknown)?.id)
        }
        None => None,
    };
    let secret = secret::generate()?;
    let hash = secret::hash(&secret).ok_or_else(|| Error::internal("a new key is not shaped like a key"))?;
    let made = MadeKey { id: id::new("key", now), secret };
    queries::key_insert(conn, &made.id, new, &hash, supplier_id, now)?;
    let summary = json!({"action": "created", "role": new.role.as_str(), "name": new.name});
    crate::db::operations::record(conn, "key", actor, &made.id, &summary, now)?;
    Ok(made)
}

/// Revokes a key, in the caller's transaction; one that is revoked already stays so. Also call [`Keys::forget`].
pub fn revoke(conn: &mut Conn, id: &str, actor: &str, now: DateTime<Utc>) -> Result<()> {
    if !queries::key_revoke(conn, id, now)? {
        return Err(Error::not_found(format!("key '{id}'")));
    }
    crate::db::operations::record(conn, "key", actor, id, &json!({"action": "revoked"}), now)?;
    Ok(())
}

fn check(new: &NewKey) -> Result<()> {
    let mut wrong = Vec::new();
    let mut add = |pointer: &str, code: &str, message: &str| {
        wrong.push(FieldError { pointer: pointer.to_owned(), code: code.to_owned(), message: message.to_owned() });
    };
    if new.name.trim().is_empty() || new.name.chars().count() > 100 || new.name.contains(char::is_control) {
        add("/name", "invalid_name", "a key's name has 1 to 100 characters on one line");
    }
    match (new.role, &new.supplier) {
        (Role::Supplier, None) => add("/supplier", "required", "a supplier key belongs to one supplier; name it"),
        (Role::Supplier, Some(_)) | (_, None) => {}
        (_, Some(_)) => add("/supplier", "not_allowed", "only a supplier key belongs to a supplier; leave it out"),
    }
    match (new.role, new.channel.as_deref()) {
        (Role::Channel, None) => add("/channel", "required", "a channel key belongs to one channel; name it"),
        (Role::Channel, Some(code)) if !crate::suppliers::is_code(code) => {
            add("/channel", "invalid_code", "a channel's code has small letters, digits, - and _");
        }
        (Role::Channel, Some(_)) | (_, None) => {}
        (_, Some(_)) => add("/channel", "not_allowed", "only a channel key belongs to a channel; leave it out"),
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
}
