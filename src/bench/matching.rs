//! How well offers of one product found each other: pairs of offers held against the generator's truth.

use super::queries::offer_products;
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::suppliers::queries::supplier_codes;
use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

/// Offers of one read.
const PAGE: i64 = 20_000;

/// The pairwise F1 of the catalogue's products, and that of products which equal barcodes alone would make.
pub async fn quality(app: &App, truth: &Path) -> Result<(f64, f64)> {
    let unreadable =
        |error: csv::Error| Error::new(Code::UnreadableFile, format!("{} cannot be read", truth.display())).because(error);
    let mut products: HashMap<(String, String), u64> = HashMap::new();
    let mut names: HashMap<String, u64> = HashMap::new();
    for row in csv::Reader::from_path(truth).map_err(unreadable)?.into_records() {
        let row = row.map_err(unreadable)?;
        let cell = |at: usize| row.get(at).unwrap_or_default().to_owned();
        let next = names.len() as u64;
        let product = *names.entry(cell(2)).or_insert(next);
        products.insert((cell(0), cell(1)), product);
    }
    drop(names);
    let suppliers = app.db.read(supplier_codes).await?;
    let (mut found, mut plain) = (Pairs::default(), Pairs::default());
    let mut barcodes: HashMap<String, i64> = HashMap::new();
    let mut after = 0;
    loop {
        let page = app.db.read(move |conn| offer_products(conn, after, PAGE)).await?;
        let Some((last, ..)) = page.last() else { break };
        after = *last;
        for (id, supplier, key, product, gtin) in page {
            let supplier = suppliers.get(&supplier).cloned().unwrap_or_default();
            let Some(truth) = products.get(&(supplier, key)).copied() else { continue };
            found.add(truth, product.unwrap_or(-id));
            let alone = -id;
            plain.add(truth, gtin.map_or(alone, |gtin| *barcodes.entry(gtin).or_insert(alone)));
        }
    }
    Ok((found.f1(), plain.f1()))
}

/// Counts pairs without making them: of offers in each cell of truth against outcome.
#[derive(Debug)]
struct Pairs<T, F> {
    both: HashMap<(T, F), u64>,
    truth: HashMap<T, u64>,
    found: HashMap<F, u64>,
}

impl<T, F> Default for Pairs<T, F> {
    fn default() -> Self {
        Self { both: HashMap::new(), truth: HashMap::new(), found: HashMap::new() }
    }
}

impl<T: Hash + Eq + Copy, F: Hash + Eq + Copy> Pairs<T, F> {
    fn add(&mut self, truth: T, found: F) {
        *self.both.entry((truth, found)).or_default() += 1;
        *self.truth.entry(truth).or_default() += 1;
        *self.found.entry(found).or_default() += 1;
    }

    /// The harmonic mean of precision and recall over pairs; 1 where there is no pair at all.
    #[expect(clippy::cast_precision_loss, reason = "counts of pairs; a share is meant")]
    fn f1(&self) -> f64 {
        fn pairs<'a>(counts: impl Iterator<Item = &'a u64>) -> u64 {
            counts.map(|count| count * count.saturating_sub(1) / 2).sum()
        }
        let (both, truth, found) = (pairs(self.both.values()), pairs(self.truth.values()), pairs(self.found.values()));
        if truth + found == 0 { 1.0 } else { 2.0 * both as f64 / (truth + found) as f64 }
    }
}

#[cfg(test)]
mod tests;
