//! Every SQL statement about keys.

use super::{Caller, NewKey, SupplierScope};
use crate::db::schema::{api_keys, suppliers};
use crate::db::{Conn, Time};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// A key as it is listed: everything but its secret.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub role: String,
    /// Code of its supplier.
    pub supplier: Option<String>,
    /// Code of its channel.
    pub channel: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Who holds the secret of this hash; a revoked key is nobody's.
pub fn key_by_hash(conn: &mut Conn, hash: &str) -> Result<Option<Caller>> {
    type Row = (String, String, String, Option<i64>, Option<String>, Option<String>);
    let row: Option<Row> = api_keys::table
        .left_join(suppliers::table)
        .filter(api_keys::hash.eq(hash).and(api_keys::revoked_at.is_null()))
        .select((
            api_keys::id,
            api_keys::name,
            api_keys::role,
            api_keys::supplier_id,
            suppliers::code.nullable(),
            api_keys::channel,
        ))
        .first(conn)
        .optional()?;
    let Some((key_id, name, role, supplier_id, supplier_code, channel)) = row else { return Ok(None) };
    let supplier = supplier_id.zip(supplier_code).map(|(id, code)| SupplierScope { id, code });
    Ok(Some(Caller { key_id, name, role: role.parse()?, supplier, channel }))
}

/// Keeps a new key.
pub fn key_insert(
    conn: &mut Conn,
    id: &str,
    new: &NewKey,
    hash: &str,
    supplier_id: Option<i64>,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::id.eq(id),
            api_keys::name.eq(&new.name),
            api_keys::role.eq(new.role.as_str()),
            api_keys::hash.eq(hash),
            api_keys::supplier_id.eq(supplier_id),
            api_keys::channel.eq(new.channel.as_deref()),
            api_keys::created_at.eq(Time(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Keys in the order of their making, after the id `after`.
pub fn key_list(conn: &mut Conn, after: Option<&str>, limit: i64) -> Result<Vec<KeyRow>> {
    keys(conn, after.unwrap_or_default(), None, limit)
}

/// One key by id.
pub fn key_by_id(conn: &mut Conn, id: &str) -> Result<Option<KeyRow>> {
    Ok(keys(conn, "", Some(id), 1)?.pop())
}

fn keys(conn: &mut Conn, after: &str, only: Option<&str>, limit: i64) -> Result<Vec<KeyRow>> {
    type Row = (String, String, String, Option<String>, Option<String>, Time, Option<Time>, Option<Time>);
    let query = api_keys::table.left_join(suppliers::table).order(api_keys::id).limit(limit).select((
        api_keys::id,
        api_keys::name,
        api_keys::role,
        suppliers::code.nullable(),
        api_keys::channel,
        api_keys::created_at,
        api_keys::revoked_at,
        api_keys::last_used_at,
    ));
    let rows: Vec<Row> = match only {
        Some(id) => query.filter(api_keys::id.eq(id)).load(conn)?,
        None => query.filter(api_keys::id.gt(after)).load(conn)?,
    };
    let shape = |(id, name, role, supplier, channel, created_at, revoked_at, last_used_at): Row| KeyRow {
        id,
        name,
        role,
        supplier,
        channel,
        created_at: created_at.into(),
        revoked_at: revoked_at.map(Into::into),
        last_used_at: last_used_at.map(Into::into),
    };
    Ok(rows.into_iter().map(shape).collect())
}

/// Revokes a key; false when there is none of this id. The first revocation's time stays.
pub fn key_revoke(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<bool> {
    let key = api_keys::table.filter(api_keys::id.eq(id));
    let known: i64 = key.count().get_result(conn)?;
    diesel::update(api_keys::table.filter(api_keys::id.eq(id).and(api_keys::revoked_at.is_null())))
        .set(api_keys::revoked_at.eq(Some(Time(now))))
        .execute(conn)?;
    Ok(known > 0)
}

/// Notes when a key was last used.
pub fn key_touch(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::update(api_keys::table.filter(api_keys::id.eq(id))).set(api_keys::last_used_at.eq(Some(Time(now)))).execute(conn)?;
    Ok(())
}
