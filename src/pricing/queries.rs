//! Every SQL statement about exchange rates.

use super::Rate;
use crate::db::schema::rates;
use crate::db::{Conn, Time};
use crate::each_backend;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// All rates, by base and quote.
pub fn rate_list(conn: &mut Conn) -> Result<Vec<Rate>> {
    let rows: Vec<(String, String, String)> =
        rates::table.order((rates::base, rates::quote)).select((rates::base, rates::quote, rates::rate)).load(conn)?;
    let read =
        |(base, quote, rate): (String, String, String)| Ok(Rate { base, quote, rate: rate.parse().map_err(Error::internal)? });
    rows.into_iter().map(read).collect()
}

/// Puts these rates in the place of all there are.
pub fn rate_replace(conn: &mut Conn, new: &[Rate], now: DateTime<Utc>) -> Result<()> {
    diesel::delete(rates::table).execute(conn)?;
    let row = |rate: &Rate| {
        (
            rates::base.eq(rate.base.clone()),
            rates::quote.eq(rate.quote.clone()),
            rates::rate.eq(rate.rate.to_string()),
            rates::updated_at.eq(Time(now)),
        )
    };
    for part in new.chunks(1_000) {
        let rows: Vec<_> = part.iter().map(row).collect();
        each_backend!(conn => diesel::insert_into(rates::table).values(rows).execute(conn))?;
    }
    Ok(())
}
