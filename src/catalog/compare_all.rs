//! Comparing stored products with each other again: after rules, brands or words have changed, what was imported before is looked at as
//! if it came now.
//!
//! Nothing is merged. What an import would merge and what it would ask about both become match cases, for somebody has seen these products
//! apart since; where two have a case already, whatever became of it, it stays as it is.

use super::all_products::{Batch, Through, work_through};
use super::identify::{Known, MAX_CANDIDATES, known, likeliest};
use super::queries::Rules;
use crate::app::App;
use crate::db::Conn;
use crate::error::Result;
use crate::identity::cases::{self, Suspected, Told};
use crate::identity::find::{Found, Judged, choose};
use crate::identity::queries::products_by_key;
use crate::identity::{Decision, blocks, judge};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Products looked at.
    pub products: u64,
    /// Cases opened.
    pub asked: u64,
}

/// Compares all products in batches, as one operation: undone, its cases are withdrawn.
pub async fn run(app: &App, progress: &(dyn Fn(&Compared) + Sync)) -> Result<Compared> {
    let work = |conn: &mut Conn, batch: &Batch<'_>| {
        let suspected = suspected(conn, batch.rules, batch.ids)?;
        let told = cases::open(conn, &suspected, batch.operation, batch.now)?;
        Ok((told.len() as u64, told))
    };
    let compared = |through: Through| Compared { products: through.products, asked: through.found };
    work_through(app, "compare", "asked", work, |through| progress(&compared(through))).await.map(compared)
}

/// What these products may be one with, among those that are older.
fn suspected(conn: &mut Conn, rules: &Rules, ids: &[i64]) -> Result<Vec<Suspected>> {
    let mut all: HashMap<i64, Known> = known(conn, rules, ids)?;
    let mine: Vec<(i64, Vec<i64>)> = ids
        .par_iter()
        .filter_map(|id| Some((*id, all.get(id).filter(|known| !known.suppliers.is_empty())?)))
        .map(|(id, known)| (id, blocks(&known.traits).into_iter().map(u64::cast_signed).collect()))
        .collect();
    let keys: BTreeSet<i64> = mine.iter().flat_map(|(_, keys)| keys).copied().collect();
    let shared = products_by_key(conn, &keys.into_iter().collect::<Vec<_>>())?;
    let near: Vec<(i64, Vec<i64>)> =
        mine.par_iter().map(|(id, keys)| (*id, likeliest(keys, &shared, |other| other < id, MAX_CANDIDATES))).collect();
    let others: BTreeSet<i64> = near.iter().flat_map(|(_, near)| near).copied().filter(|id| !all.contains_key(id)).collect();
    all.extend(known(conn, rules, &others.into_iter().collect::<Vec<_>>())?);

    let one = |a: i64, b: i64| match (all.get(&a), all.get(&b)) {
        (Some(a), Some(b)) => judge(&rules.matching, &a.traits, &b.traits).decision == Decision::Merge,
        _ => false,
    };
    let found = near.into_par_iter().flat_map_iter(|(id, near)| {
        let judged = near.into_iter().filter_map(|other| {
            let (mine, theirs) = (all.get(&id)?, all.get(&other).filter(|other| !other.suppliers.is_empty())?);
            let verdict = judge(&rules.matching, &mine.traits, &theirs.traits);
            let same_supplier = mine.suppliers.iter().any(|supplier| theirs.suppliers.contains(supplier));
            (verdict.decision != Decision::Apart).then_some(Judged { product_id: other, verdict, same_supplier })
        });
        let Found { product, mut suspected, .. } = choose(&rules.matching, judged.collect(), one);
        suspected.extend(product);
        suspected.into_iter().map(move |(other, verdict)| Suspected {
            one: id,
            other,
            score: verdict.score,
            reasons: verdict.reasons.iter().map(Told::of).collect(),
        })
    });
    Ok(found.collect())
}
