//! What is different between what the channel was told last and what it would be told now: counted, by field, with examples.

use super::profile::{ChannelProfile, Field};
use super::readiness::Row;
use super::render::Cell;
use super::source::Source;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What a publication changes against the one before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Report {
    /// The first SKUs of each kind.
    pub first: FirstSkus,
    /// Fields that differ, those that differ most often first.
    pub fields: Vec<FieldChange>,
    /// How prices move.
    pub price: PriceMoves,
    /// How stock moves.
    pub stock: StockMoves,
    /// Fields that had values and have none any more.
    pub lost: Vec<String>,
}

/// See [`Report::first`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FirstSkus {
    /// Would come in.
    pub added: Vec<String>,
    /// Would change.
    pub changed: Vec<String>,
    /// Would go.
    pub removed: Vec<String>,
}

/// One field that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldChange {
    /// The channel's field.
    pub field: String,
    /// In how many listings.
    pub listings: i64,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// A value before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Example {
    /// The product.
    pub sku: String,
    /// What the channel was told last.
    pub before: String,
    /// What it would be told.
    pub after: String,
}

/// See [`Report::price`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PriceMoves {
    /// Listings that get dearer.
    pub up: i64,
    /// Listings that get cheaper.
    pub down: i64,
    /// Listings whose price moves by more than the guard's step.
    pub far: i64,
    /// The largest moves.
    pub largest: Vec<Example>,
}

/// See [`Report::stock`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StockMoves {
    /// Listings that sold out.
    pub sold_out: i64,
    /// Listings that are back.
    pub back: i64,
    /// Listings that had stock and whose stock differs.
    pub other: i64,
}

/// Examples of a field.
const EXAMPLES: usize = 5;
/// Of long texts the beginning is shown.
const SHOWN: usize = 200;

/// Compares row by row.
pub struct Comparison {
    fields: Vec<FieldChange>,
    filled_before: Vec<u64>,
    filled_now: Vec<u64>,
    before: u64,
    price: Option<usize>,
    stock: Option<usize>,
    availability: Option<(usize, String)>,
    price_step: Decimal,
    largest: Vec<(Decimal, Example)>,
    report: Report,
    first: usize,
}

impl Comparison {
    /// For rows of this profile; `first` SKUs of each kind are named.
    pub fn new(profile: &ChannelProfile, price_step: Decimal, first: usize) -> Self {
        let of = |source: &Source| profile.fields.iter().position(|field| field.from.first() == Some(source));
        let out = |field: &Field| field.map.get("out_of_stock").cloned().unwrap_or_else(|| "out_of_stock".to_owned());
        let availability = of(&Source::Availability).and_then(|at| Some((at, out(profile.fields.get(at)?))));
        let named = |field: &Field| FieldChange { field: field.name.clone(), ..FieldChange::default() };
        let count = profile.fields.len();
        Self {
            fields: profile.fields.iter().map(named).collect(),
            filled_before: vec![0; count],
            filled_now: vec![0; count],
            before: 0,
            price: of(&Source::Price),
            stock: of(&Source::Available),
            availability,
            price_step,
            largest: Vec::new(),
            report: Report::default(),
            first,
        }
    }

    /// A row that was not told before.
    pub fn added(&mut self, row: &Row) {
        Self::name(&mut self.report.first.added, &row.sku, self.first);
        fill(&mut self.filled_now, row);
    }

    /// A row that is no longer told.
    pub fn removed(&mut self, row: &Row) {
        self.before += 1;
        Self::name(&mut self.report.first.removed, &row.sku, self.first);
        fill(&mut self.filled_before, row);
    }

    /// The same row.
    pub fn unchanged(&mut self, row: &Row) {
        self.before += 1;
        fill(&mut self.filled_before, row);
        fill(&mut self.filled_now, row);
    }

    /// Another row of the same product.
    pub fn changed(&mut self, before: &Row, now: &Row) {
        self.before += 1;
        fill(&mut self.filled_before, before);
        fill(&mut self.filled_now, now);
        Self::name(&mut self.report.first.changed, &now.sku, self.first);
        let both = before.cells.iter().zip(&now.cells);
        for (field, (old, new)) in self.fields.iter_mut().zip(both).filter(|(_, (old, new))| old != new) {
            field.listings += 1;
            if field.examples.len() < EXAMPLES {
                field.examples.push(Example { sku: now.sku.clone(), before: shown(old), after: shown(new) });
            }
        }
        self.prices(before, now);
        self.stocks(before, now);
    }

    /// A row that changed, of which nothing else is known.
    pub fn named(&mut self, sku: &str) {
        self.before += 1;
        Self::name(&mut self.report.first.changed, sku, self.first);
    }

    fn name(names: &mut Vec<String>, sku: &str, first: usize) {
        if names.len() < first {
            names.push(sku.to_owned());
        }
    }

    fn prices(&mut self, before: &Row, now: &Row) {
        let Some(at) = self.price else { return };
        let (Some((old, old_in)), Some((new, new_in))) = (price(before, at), price(now, at)) else { return };
        // Another currency is another number, not another price.
        if old == new || old_in != new_in || old.is_zero() {
            return;
        }
        if new > old {
            self.report.price.up += 1;
        } else {
            self.report.price.down += 1;
        }
        let step = ((new - old) / old).abs();
        self.report.price.far += i64::from(step > self.price_step);
        let place = self.largest.partition_point(|(other, _)| *other >= step);
        if place < EXAMPLES {
            let of = |row: &Row| row.cells.get(at).map(|cells| shown(cells)).unwrap_or_default();
            self.largest.insert(place, (step, Example { sku: now.sku.clone(), before: of(before), after: of(now) }));
            self.largest.truncate(EXAMPLES);
        }
    }

    fn stocks(&mut self, before: &Row, now: &Row) {
        let availability = self.availability.clone();
        let pieces = |row: &Row| first_text(row, self.stock?)?.parse::<Decimal>().ok();
        let some_or_none = |row: &Row| {
            let (at, out) = availability.as_ref()?;
            first_text(row, *at).map(|text| if text == out { Decimal::ZERO } else { Decimal::ONE })
        };
        let stock = |row: &Row| pieces(row).or_else(|| some_or_none(row));
        let (Some(old), Some(new)) = (stock(before), stock(now)) else { return };
        let moves = &mut self.report.stock;
        match (old > Decimal::ZERO, new > Decimal::ZERO) {
            (true, false) => moves.sold_out += 1,
            (false, true) => moves.back += 1,
            _ => moves.other += i64::from(old != new),
        }
    }

    /// The report.
    pub fn finish(mut self) -> Report {
        let counted = self.filled_before.iter().zip(&self.filled_now).zip(&self.fields);
        // A field that one listing in twenty had is a column; a rarer one comes and goes with its products.
        let lost = counted.filter(|((before, now), _)| **now == 0 && **before > 0 && **before * 20 >= self.before);
        self.report.lost = lost.map(|(_, field)| field.field.clone()).collect();
        self.fields.retain(|field| field.listings > 0);
        self.fields.sort_by_key(|field| -field.listings);
        self.report.fields = self.fields;
        self.report.price.largest = self.largest.into_iter().map(|(_, example)| example).collect();
        self.report
    }
}

fn fill(filled: &mut [u64], row: &Row) {
    for (count, cells) in filled.iter_mut().zip(&row.cells) {
        *count += u64::from(!cells.is_empty());
    }
}

fn first_text(row: &Row, at: usize) -> Option<&str> {
    match row.cells.get(at)?.first()? {
        Cell::Text(text) => Some(text),
        Cell::Parts(_) => None,
    }
}

/// `29.99 USD` or `29.99`.
fn price(row: &Row, at: usize) -> Option<(Decimal, &str)> {
    let text = first_text(row, at)?;
    let (amount, currency) = text.split_once(' ').unwrap_or((text, ""));
    Some((amount.parse().ok()?, currency))
}

fn shown(cells: &[Cell]) -> String {
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Parts(parts) => parts.join(": "),
    };
    let all = cells.iter().map(text).collect::<Vec<_>>().join(" | ");
    if all.chars().count() <= SHOWN { all } else { all.chars().take(SHOWN).chain(['…']).collect() }
}

impl Report {
    /// The report as a person reads it.
    pub fn told(&self, of_each: usize) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        let mut line = |written: std::fmt::Arguments| {
            let _ = writeln!(text, "{written}");
        };
        for (word, skus) in [("added", &self.first.added), ("removed", &self.first.removed)] {
            if !skus.is_empty() {
                line(format_args!("  {word}: {}", skus.iter().take(of_each).cloned().collect::<Vec<_>>().join(", ")));
            }
        }
        let PriceMoves { up, down, far, largest } = &self.price;
        if up + down > 0 {
            line(format_args!("  prices: {up} up, {down} down, {far} far"));
            for example in largest.iter().take(of_each) {
                line(format_args!("    {}: {} -> {}", example.sku, example.before, example.after));
            }
        }
        let StockMoves { sold_out, back, other } = &self.stock;
        if sold_out + back + other > 0 {
            line(format_args!("  stock: {sold_out} sold out, {back} back, {other} other"));
        }
        for field in &self.fields {
            line(format_args!("  {} differs in {}", field.field, field.listings));
            for example in field.examples.iter().take(of_each.min(2)) {
                line(format_args!("    {}: {} -> {}", example.sku, example.before, example.after));
            }
        }
        if !self.lost.is_empty() {
            line(format_args!("  no longer filled at all: {}", self.lost.join(", ")));
        }
        text
    }
}
