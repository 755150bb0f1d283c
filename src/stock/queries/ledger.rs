//! The ledger against the levels: three numbers that must be one.

use crate::db::schema::{offers, stock_levels, stock_movements, suppliers, warehouses};
use crate::db::{Conn, Time};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// What is known about one offer's stock in one warehouse: its level, what its movements sum to, what the last of them left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The offer.
    pub offer_id: i64,
    /// The warehouse.
    pub warehouse_id: i64,
    /// How a person knows them: supplier, key and warehouse.
    pub name: String,
    /// The level; none when there is no row of it.
    pub level: Option<i64>,
    /// What its movements sum to.
    pub moved: i64,
    /// What the last movement left on hand, and when; none when nothing ever moved.
    pub last: Option<(i64, Time)>,
}

impl Account {
    /// Do all three say the same? A level that never was and a sum of nothing agree.
    pub fn agrees(&self) -> bool {
        self.level.unwrap_or(0) == self.moved && self.last.is_none_or(|(left, _)| left == self.moved)
    }

    /// The number that two of the three say, or that the level says alone where nothing ever moved. None: a person must count.
    pub fn right(&self) -> Option<i64> {
        let level = self.level.unwrap_or(0);
        let right = match self.last {
            None => level,
            Some((left, _)) if left == self.moved || left == level => left,
            Some(_) if level == self.moved => level,
            Some(_) => return None,
        };
        (right >= 0).then_some(right)
    }
}

/// Offer, warehouse, what the movements sum to, the last of them.
type Sum = (i64, i64, i64, Option<i64>);

/// The accounts that disagree, of the next `limit` offers after `after`, and the last of these offers; none behind the last of all.
pub fn accounts_off(conn: &mut Conn, after: i64, limit: i64) -> Result<(Vec<Account>, Option<i64>)> {
    let ids: Vec<i64> =
        offers::table.filter(offers::id.gt(after)).order(offers::id).limit(limit).select(offers::id).load(conn)?;
    let Some(last) = ids.last().copied() else { return Ok((Vec::new(), None)) };
    let mut accounts: BTreeMap<(i64, i64), Account> = BTreeMap::new();
    let empty =
        |offer_id, warehouse_id| Account { offer_id, warehouse_id, name: String::new(), level: None, moved: 0, last: None };
    let levels: Vec<(i64, i64, i64)> = each_backend!(conn => stock_levels::table
        .filter(stock_levels::offer_id.eq_any(&ids))
        .select((stock_levels::offer_id, stock_levels::warehouse_id, stock_levels::on_hand))
        .load(conn))?;
    for (offer, warehouse, on_hand) in levels {
        accounts.entry((offer, warehouse)).or_insert_with(|| empty(offer, warehouse)).level = Some(on_hand);
    }
    let sums: Vec<Sum> = each_backend!(conn => stock_movements::table
        .filter(stock_movements::offer_id.eq_any(&ids))
        .group_by((stock_movements::offer_id, stock_movements::warehouse_id))
        .select((
            stock_movements::offer_id,
            stock_movements::warehouse_id,
            diesel::dsl::sql::<diesel::sql_types::BigInt>("CAST(COALESCE(SUM(stock_movements.delta), 0) AS BIGINT)"),
            diesel::dsl::max(stock_movements::id),
        ))
        .load(conn))?;
    let newest: Vec<i64> = sums.iter().filter_map(|(_, _, _, newest)| *newest).collect();
    let mut left: HashMap<i64, (i64, Time)> = HashMap::with_capacity(newest.len());
    for part in newest.chunks(1_000) {
        let rows: Vec<(i64, i64, Time)> = each_backend!(conn => stock_movements::table
            .filter(stock_movements::id.eq_any(part))
            .select((stock_movements::id, stock_movements::on_hand, stock_movements::moved_at))
            .load(conn))?;
        left.extend(rows.into_iter().map(|(id, on_hand, at)| (id, (on_hand, at))));
    }
    for (offer, warehouse, moved, newest) in sums {
        let account = accounts.entry((offer, warehouse)).or_insert_with(|| empty(offer, warehouse));
        account.moved = moved;
        account.last = newest.and_then(|newest| left.get(&newest).copied());
    }
    let mut off: Vec<Account> = accounts.into_values().filter(|account| !account.agrees()).collect();
    name(conn, &mut off)?;
    Ok((off, Some(last)))
}

fn name(conn: &mut Conn, accounts: &mut [Account]) -> Result<()> {
    let of_offers: Vec<i64> = accounts.iter().map(|account| account.offer_id).collect();
    let of_houses: Vec<i64> = accounts.iter().map(|account| account.warehouse_id).collect();
    let (mut keys, mut houses) = (HashMap::new(), HashMap::new());
    for (offers_part, houses_part) in of_offers.chunks(1_000).zip(of_houses.chunks(1_000)) {
        let rows: Vec<(i64, String, String)> = each_backend!(conn => offers::table
            .inner_join(suppliers::table)
            .filter(offers::id.eq_any(offers_part))
            .select((offers::id, suppliers::code, offers::supplier_sku))
            .load(conn))?;
        keys.extend(rows.into_iter().map(|(id, supplier, key)| (id, format!("{supplier}/{key}"))));
        let rows: Vec<(i64, String)> = each_backend!(conn => warehouses::table
            .filter(warehouses::id.eq_any(houses_part))
            .select((warehouses::id, warehouses::code))
            .load(conn))?;
        houses.extend(rows);
    }
    for account in accounts {
        let key = keys.get(&account.offer_id).cloned().unwrap_or_default();
        let house = houses.get(&account.warehouse_id).cloned().unwrap_or_default();
        account.name = format!("{key} in {house}");
    }
    Ok(())
}
