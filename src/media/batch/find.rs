//! Which product a file is of: what its name may mean, held against the catalogue.

use crate::catalog::queries::{merged_into, products_by_id};
use crate::db::Conn;
use crate::error::Result;
use crate::media::naming::{Key, Meaning};
use crate::media::queries::{Named, products_of_marks, products_of_skus};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// SKUs told of a name that means several products.
const TOLD: usize = 5;

/// A product that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub id: i64,
    pub sku: String,
}

/// What became of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Product {
        target: Target,
        position: Option<u32>,
        role: Option<String>,
    },
    Unmatched,
    /// SKUs of the products that it may mean.
    Ambiguous(Vec<String>),
}

/// Products by what names say.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    skus: HashMap<String, Target>,
    small: HashMap<String, BTreeSet<Target>>,
    gtins: HashMap<String, BTreeSet<Target>>,
    mpns: HashMap<String, BTreeSet<Target>>,
}

impl Known {
    /// Asks for all that these meanings name, in as few questions as there may be: first SKUs as they are written, then what is left.
    pub(super) fn ask(conn: &mut Conn, meanings: &[Vec<Meaning>]) -> Result<Self> {
        let mut known = Self::default();
        let skus: BTreeSet<&str> = keys(meanings.iter().flatten(), |key| if let Key::Sku(sku) = key { Some(sku) } else { None });
        let upper: Vec<String> = skus.iter().map(|sku| sku.to_ascii_uppercase()).collect();
        let asked: BTreeSet<&str> = skus.iter().copied().chain(upper.iter().map(String::as_str)).collect();
        for row in products_of_skus(conn, &asked.into_iter().collect::<Vec<_>>())? {
            known.add_sku(conn, row)?;
        }
        let is_left = |meanings: &&Vec<Meaning>| {
            !meanings.iter().any(|meaning| matches!(&meaning.key, Key::Sku(sku) if known.by_sku(sku).is_some()))
        };
        let left: Vec<&Vec<Meaning>> = meanings.iter().filter(is_left).collect();
        let left = || left.iter().copied().flatten();
        let small: BTreeSet<String> = keys(left(), |key| if let Key::Sku(sku) = key { Some(sku) } else { None })
            .iter()
            .map(|sku| sku.to_ascii_lowercase())
            .collect();
        // Numbers count beside a SKU, too: a name that means two products by them means neither.
        let gtins = keys(meanings.iter().flatten(), |key| if let Key::Gtin(gtin) = key { Some(gtin) } else { None });
        let mpns = keys(left(), |key| if let Key::Mpn(mpn) = key { Some(mpn) } else { None });
        let small: Vec<&str> = small.iter().map(String::as_str).collect();
        let (gtins, mpns): (Vec<&str>, Vec<&str>) = (gtins.into_iter().collect(), mpns.into_iter().collect());
        for row in products_of_marks(conn, &small, &gtins, &mpns)? {
            known.add_marks(&row);
            known.add_sku(conn, row)?;
        }
        Ok(known)
    }

    fn by_sku(&self, sku: &str) -> Option<BTreeSet<&Target>> {
        match self.skus.get(sku) {
            // Where SKUs differ in nothing but case, the one that is written so is meant.
            Some(target) => Some(BTreeSet::from([target])),
            None => self.small.get(&sku.to_ascii_lowercase()).map(|targets| targets.iter().collect()),
        }
    }

    /// A product's SKU; one that was merged stands for what it was merged into.
    fn add_sku(&mut self, conn: &mut Conn, row: Named) -> Result<()> {
        let mut target = Target { id: row.id, sku: row.sku.clone() };
        if row.merged_into.is_some()
            && let Some(merged) = products_by_id(conn, &[row.id])?.remove(&row.id)
            && let Some(into) = merged_into(conn, &merged)?
        {
            target = Target { id: into.id, sku: into.body.sku };
        }
        self.small.entry(row.sku.to_ascii_lowercase()).or_default().insert(target.clone());
        self.skus.insert(row.sku, target);
        Ok(())
    }

    fn add_marks(&mut self, row: &Named) {
        if row.merged_into.is_some() {
            return;
        }
        let target = Target { id: row.id, sku: row.sku.clone() };
        for (mark, by) in [(&row.gtin, &mut self.gtins), (&row.mpn_key, &mut self.mpns)] {
            if let Some(mark) = mark {
                by.entry(mark.clone()).or_default().insert(target.clone());
            }
        }
    }

    /// The products that one meaning leads to.
    fn targets(&self, key: &Key) -> BTreeSet<&Target> {
        match key {
            Key::Sku(sku) => self.by_sku(sku).unwrap_or_default(),
            Key::Gtin(gtin) => self.gtins.get(gtin).into_iter().flatten().collect(),
            Key::Mpn(mpn) => self.mpns.get(mpn).into_iter().flatten().collect(),
        }
    }

    /// What a name means: by SKUs and GTINs, and only where these find nothing by part numbers, which other makers use as well.
    pub(super) fn find(&self, meanings: &[Meaning]) -> Found {
        let strong = |meaning: &&Meaning| !matches!(meaning.key, Key::Mpn(_));
        match self.among(meanings.iter().filter(strong)) {
            Found::Unmatched => self.among(meanings.iter().filter(|meaning| !strong(meaning))),
            found => found,
        }
    }

    fn among<'a>(&self, meanings: impl Iterator<Item = &'a Meaning>) -> Found {
        let mut all: BTreeMap<i64, &str> = BTreeMap::new();
        let mut best: Option<(&Meaning, &Target)> = None;
        for meaning in meanings {
            for target in self.targets(&meaning.key) {
                all.insert(target.id, &target.sku);
                best = best.or(Some((meaning, target)));
            }
        }
        match best {
            Some((meaning, target)) if all.len() == 1 => {
                Found::Product { target: target.clone(), position: meaning.position, role: meaning.role.clone() }
            }
            None => Found::Unmatched,
            Some(_) => Found::Ambiguous(all.into_values().take(TOLD).map(str::to_owned).collect()),
        }
    }
}

fn keys<'a>(meanings: impl Iterator<Item = &'a Meaning>, of: fn(&Key) -> Option<&String>) -> BTreeSet<&'a str> {
    meanings.filter_map(|meaning| of(&meaning.key)).map(String::as_str).collect()
}

#[cfg(test)]
impl Known {
    /// What a catalogue of these products knows: id, SKU, GTIN, part number's key.
    pub(super) fn of(products: &[(i64, &str, Option<&str>, Option<&str>)]) -> Self {
        let mut known = Self::default();
        for (id, sku, gtin, mpn) in products {
            let target = Target { id: *id, sku: (*sku).to_owned() };
            known.skus.insert((*sku).to_owned(), target.clone());
            known.small.entry(sku.to_ascii_lowercase()).or_default().insert(target);
            let (gtin, mpn_key) = (gtin.map(str::to_owned), mpn.map(str::to_owned));
            known.add_marks(&Named { id: *id, sku: (*sku).to_owned(), gtin, mpn_key, merged_into: None });
        }
        known
    }
}
