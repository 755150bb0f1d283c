//! Which product an offer is of: by GTIN first, then by brand and manufacturer's part number.
//!
//! Pure: [`Known`] is what the database holds about the GTINs and part numbers of one batch; [`Known::find`] decides. Products made
//! within the batch are told to [`Known::learn`], so that two rows of one file meet in one product.

use std::collections::HashMap;

/// What identifies an offer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Usable 14-digit GTIN.
    pub gtin: Option<String>,
    /// Brand code.
    pub brand: Option<String>,
    /// Folded part number.
    pub mpn_key: Option<String>,
    /// Lamps in the pack; 1 when nothing is said. Packs of other sizes are other products.
    pub pack: i64,
}

/// Why a product was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The same GTIN.
    Gtin,
    /// The same brand and part number.
    BrandMpn,
}

/// One product that may be meant.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its row id.
    pub product_id: i64,
    /// GTINs that it or its offers carry.
    pub gtins: Vec<String>,
    /// Lamps in the pack.
    pub pack: i64,
}

/// What is known about the marks of one batch.
#[derive(Debug, Default)]
pub struct Known {
    by_gtin: HashMap<String, i64>,
    by_mpn: HashMap<(String, String), Vec<Candidate>>,
}

impl Known {
    /// A GTIN leads to this product; the first told stays.
    pub fn gtin(&mut self, gtin: String, product_id: i64) {
        self.by_gtin.entry(gtin).or_insert(product_id);
    }

    /// A brand and part number lead to this product, among others.
    pub fn mpn(&mut self, brand: String, mpn_key: String, candidate: Candidate) {
        let candidates = self.by_mpn.entry((brand, mpn_key)).or_default();
        if !candidates.iter().any(|known| known.product_id == candidate.product_id) {
            candidates.push(candidate);
        }
    }

    /// The product that these marks mean.
    ///
    /// Brand and part number count only where no GTINs contradict: makers reuse part numbers for colours and generations, and two
    /// different GTINs are two different trade items (GS1 General Specifications, GTIN allocation rules).
    pub fn find(&self, marks: &Marks) -> Option<(i64, Reason)> {
        if let Some(product) = marks.gtin.as_ref().and_then(|gtin| self.by_gtin.get(gtin)) {
            return Some((*product, Reason::Gtin));
        }
        let key = (marks.brand.clone()?, marks.mpn_key.clone()?);
        let candidates = self.by_mpn.get(&key)?;
        let fitting = candidates.iter().find(|candidate| {
            candidate.pack == marks.pack
                && match &marks.gtin {
                    Some(gtin) => candidate.gtins.is_empty() || candidate.gtins.contains(gtin),
                    None => true,
                }
        });
        fitting.map(|candidate| (candidate.product_id, Reason::BrandMpn))
    }

    /// From now on these marks mean this product.
    pub fn learn(&mut self, marks: &Marks, product_id: i64) {
        if let Some(gtin) = &marks.gtin {
            self.gtin(gtin.clone(), product_id);
        }
        let (Some(brand), Some(mpn_key)) = (&marks.brand, &marks.mpn_key) else { return };
        let candidates = self.by_mpn.entry((brand.clone(), mpn_key.clone())).or_default();
        match candidates.iter_mut().find(|known| known.product_id == product_id) {
            Some(known) => known.gtins.extend(marks.gtin.clone()),
            None => candidates.push(Candidate { product_id, gtins: marks.gtin.iter().cloned().collect(), pack: marks.pack }),
        }
    }
}
