//! The files of one supplier, row by row: nothing is kept, so a million products need the memory of one.

use super::cells::{Clerk, on_hand};
use super::dirt::{Dirt, Dirty, soil};
use super::lamp::{Lamp, product_id};
use super::random::{Random, Subject, shuffled};
use super::{Files, Maker, profile};
use crate::import::read::Format;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Result;
use std::io::{BufWriter, Write};
use std::path::Path;

/// A file of rows in the supplier's format.
enum Rows {
    Cells(Box<csv::Writer<BufWriter<File>>>),
    Lines(BufWriter<File>),
}

impl Rows {
    fn create(path: &Path, format: Format, separator: char, headers: &[&str]) -> Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, File::create(path)?);
        if format == Format::Ndjson {
            return Ok(Self::Lines(file));
        }
        let separator = u8::try_from(separator).unwrap_or(b',');
        let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(file);
        writer.write_record(headers)?;
        Ok(Self::Cells(Box::new(writer)))
    }

    /// `broken` rows are written in Windows-1252, whatever the rest is written in.
    fn write(&mut self, headers: &[&str], cells: &[String], broken: bool) -> Result<()> {
        match self {
            Self::Cells(writer) if broken => writer.write_record(cells.iter().map(|cell| windows(cell)))?,
            Self::Cells(writer) => writer.write_record(cells)?,
            Self::Lines(file) => {
                let line = serde_json::to_string(&nested(headers, cells))?;
                if broken {
                    file.write_all(&windows(&line))?;
                } else {
                    file.write_all(line.as_bytes())?;
                }
                file.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Cells(mut writer) => writer.flush()?,
            Self::Lines(mut file) => file.flush()?,
        }
        Ok(())
    }
}

fn windows(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(text).0.into_owned()
}

/// `specs.weight` stands inside `specs`; blank cells are left out.
fn nested(headers: &[&str], cells: &[String]) -> Value {
    let mut object = Map::new();
    for (header, cell) in headers.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        match header.split_once('.') {
            Some((outer, inner)) => {
                let within = object.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(within) = within {
                    within.insert(inner.to_owned(), Value::String(cell.clone()));
                }
            }
            None => {
                object.insert((*header).to_owned(), Value::String(cell.clone()));
            }
        }
    }
    Value::Object(object)
}

/// The truth files that all suppliers write into.
pub(super) struct Truth {
    pub(super) offers: csv::Writer<BufWriter<File>>,
    pub(super) dirt: csv::Writer<BufWriter<File>>,
}

impl Truth {
    pub(super) fn create(offers: &Path, dirt: &Path) -> Result<Self> {
        let open = |path: &Path| -> Result<_> { Ok(csv::Writer::from_writer(BufWriter::new(File::create(path)?))) };
        let mut truth = Self { offers: open(offers)?, dirt: open(dirt)? };
        truth.offers.write_record(["supplier", "supplier_sku", "product"])?;
        truth.dirt.write_record(["supplier", "row", "supplier_sku", "kind", "field"])?;
        Ok(truth)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.offers.flush()?;
        self.dirt.flush()?;
        Ok(())
    }
}

/// Writes a supplier's catalogue, stock and profiles; returns the offers and the rows of the catalogue.
pub(super) fn supplier(maker: &Maker, clerk: &Clerk<'_>, files: &Files, truth: &mut Truth) -> Result<(u64, u64)> {
    std::fs::write(&files.profile, profile::catalog(clerk, files.format).to_toml())?;
    std::fs::write(&files.stock_profile, profile::stock(clerk, files.format).to_toml())?;
    let headers: Vec<&str> = clerk.shape.column.iter().map(|column| column.from.as_str()).collect();
    let stock_shape = &clerk.shape.stock;
    let stock_headers = [stock_shape.sku.as_str(), stock_shape.warehouse.as_str(), stock_shape.on_hand.as_str()];
    let separator = clerk.shape.separator;
    let mut catalog = Rows::create(&files.catalog, files.format, separator, &headers)?;
    let mut stock = Rows::create(&files.stock, files.format, separator, &stock_headers)?;
    let mut changed = match &files.stock_changed {
        Some(path) => Some(Rows::create(path, files.format, separator, &stock_headers)?),
        None => None,
    };
    let (mut offers, mut rows) = (0, 0);
    for at in 0..maker.plan.products {
        // Each supplier has an order of its own.
        let index = shuffled(at, maker.plan.products, maker.plan.seed ^ (clerk.place + 1));
        if !maker.carries(clerk.place, index) {
            continue;
        }
        let lamp = Lamp::of(&maker.shapes, maker.plan.seed, index);
        let Dirty { cells, twice, broken, done } = dirty(maker, clerk, &lamp);
        offers += 1;
        rows += 1;
        let sku = clerk.sku(index);
        catalog.write(&headers, &cells, broken)?;
        truth.offers.write_record([clerk.code.as_str(), &sku, &lamp.id()])?;
        for (dirt, field) in &done {
            truth.dirt.write_record([clerk.code.as_str(), &rows.to_string(), &sku, dirt.as_str(), field])?;
        }
        if twice {
            rows += 1;
            catalog.write(&headers, &cells, broken)?;
            truth.dirt.write_record([clerk.code.as_str(), &rows.to_string(), &sku, Dirt::DuplicateRow.as_str(), ""])?;
        }
        let line = |on_hand: u64| [sku.clone(), stock_shape.code.clone(), on_hand.to_string()];
        let pieces = on_hand(&maker.shapes.shape, &mut Random::of(maker.plan.seed, Subject::Stock, clerk.place, index));
        stock.write(&stock_headers, &line(pieces), false)?;
        if let Some(changed) = &mut changed {
            let mut random = Random::of(maker.plan.seed, Subject::Changed, clerk.place, index);
            let new = if random.parts(maker.change_parts()) { pieces + 1 + random.below(20) } else { pieces };
            changed.write(&stock_headers, &line(new), false)?;
        }
    }
    catalog.finish()?;
    stock.finish()?;
    if let Some(changed) = changed {
        changed.finish()?;
    }
    Ok((offers, rows))
}

fn dirty(maker: &Maker, clerk: &Clerk<'_>, lamp: &Lamp) -> Dirty {
    let mut random = Random::of(maker.plan.seed, Subject::Offer, clerk.place, lamp.index);
    let cost_share = maker.shapes.shape.cost_share.at(random.rank());
    let cells = clerk.row(lamp, cost_share);
    let next = (lamp.index + 1 + random.below(maker.plan.products.saturating_sub(1))) % maker.plan.products.max(1);
    let another = Lamp::of(&maker.shapes, maker.plan.seed, next).gtin;
    soil(clerk, &maker.plan.dirt, cells, lamp, &another, &mut random)
}

/// Writes what is true of every product, those that nobody carries included.
pub(super) fn values(maker: &Maker, path: &Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for index in 0..maker.plan.products {
        let lamp = Lamp::of(&maker.shapes, maker.plan.seed, index);
        debug_assert_eq!(lamp.id(), product_id(index), "one name everywhere");
        serde_json::to_writer(&mut file, &lamp.truth())?;
        file.write_all(b"\n")?;
    }
    file.flush()?;
    Ok(())
}
