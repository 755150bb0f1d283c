//! What a supplier writes of a lamp, cell by cell: its language, its units, its separators.

use super::lamp::{Lamp, Mode, tenths};
use super::random::{Random, shuffled};
use super::shapes::{ColumnShape, SupplierShape};
use crate::dictionary::Dictionary;
use crate::normalize::DecimalStyle;

/// One supplier at work.
pub(super) struct Clerk<'a> {
    pub(super) shape: &'a SupplierShape,
    pub(super) dictionary: &'a Dictionary,
    /// The supplier's code, one for each however many share a shape.
    pub(super) code: String,
    /// Its place among the suppliers.
    pub(super) place: u64,
}

/// Most products, so most numbers of one supplier.
const NUMBERS: u64 = 10_000_000;

impl Clerk<'_> {
    /// The supplier's own number: no order and no other supplier's number can be read from it.
    pub(super) fn sku(&self, index: u64) -> String {
        format!("{}{:07}", self.shape.sku, shuffled(index, NUMBERS, self.place ^ 0x73_6b75))
    }

    /// A whole row, clean.
    pub(super) fn row(&self, lamp: &Lamp, cost_share: u64) -> Vec<String> {
        self.shape.column.iter().map(|column| self.cell(column, lamp, cost_share)).collect()
    }

    fn cell(&self, column: &ColumnShape, lamp: &Lamp, cost_share: u64) -> String {
        match column.to.as_str() {
            "supplier_sku" => self.sku(lamp.index),
            "parent" => format!("{}M{:07}", self.shape.sku, lamp.model_id),
            "brand" => lamp.brand.clone(),
            "model_name" => lamp.model.clone(),
            "mpn" => lamp.mpn.clone(),
            "gtin" => lamp.gtin.clone(),
            "title" => self.fill(&self.shape.title, lamp),
            "description" => self.fill(&self.shape.description, lamp),
            "category" => self.shape.category.clone(),
            "light_output_max" => self.measure(column, lamp.lumens * 10),
            "beam_distance_max" => self.measure(column, lamp.distance * 10),
            "runtime_max" => self.measure(column, lamp.runtime),
            "weight_with_battery" => self.measure(column, lamp.weight),
            "modes" => lamp.modes.iter().map(|mode| self.mode(mode)).collect::<Vec<_>>().join(" | "),
            "ip_rating" => lamp.ip.clone(),
            "battery_options" => self.cells(lamp),
            "rechargeable" => self.word(if lamp.port.is_some() { "yes" } else { "no" }).to_owned(),
            "charging_port" => lamp.port.as_deref().map(|port| self.option("charging_port", port)).unwrap_or_default(),
            "light_colors" => self.options("light_colors", &lamp.light_colors),
            "body_color" => self.option("body_color", &lamp.color),
            "features" => self.options("features", &lamp.features),
            "release_year" => lamp.year.to_string(),
            "image" => format!("https://images.example/{}/{}.jpg", self.code, self.sku(lamp.index).to_lowercase()),
            "cost" => self.money(lamp.price * cost_share / 100),
            "recommended_price" => self.money(lamp.price),
            _ => String::new(),
        }
    }

    fn fill(&self, template: &str, lamp: &Lamp) -> String {
        let mut text = template.replace("{brand}", &lamp.brand).replace("{model}", &lamp.model);
        for (sign, value) in [
            ("{lumens}", lamp.lumens.to_string()),
            ("{distance}", lamp.distance.to_string()),
            ("{ip}", lamp.ip.clone()),
            ("{color}", self.option("body_color", &lamp.color)),
        ] {
            text = text.replace(sign, &value);
        }
        text
    }

    /// A number of tenths of the canonical unit, in the column's unit.
    fn measure(&self, column: &ColumnShape, value: u64) -> String {
        let number = match column.unit.as_deref() {
            Some("oz") => hundredths(value.saturating_mul(10_000_000_000) / 28_349_523_125),
            Some("yd") => tenths(value.saturating_mul(10_000) / 9_144),
            Some("ft") => tenths(value.saturating_mul(10_000) / 3_048),
            _ => tenths(value),
        };
        let number = self.decimal(&number);
        match &column.write {
            Some(unit) => format!("{number} {unit}"),
            None => number,
        }
    }

    /// A number with the supplier's decimal sign.
    pub(super) fn decimal(&self, number: &str) -> String {
        if self.shape.decimal == DecimalStyle::Comma { number.replace('.', ",") } else { number.to_owned() }
    }

    fn mode(&self, mode: &Mode) -> String {
        let known = self.dictionary.locale(&self.shape.locale).and_then(|words| words.modes.get(mode.name)?.first());
        let name = self.shape.word.get(mode.name).or(known).map_or(mode.name, String::as_str);
        format!("{} lm / {} h ({name})", mode.lumens, self.decimal(&tenths(mode.runtime)))
    }

    fn cells(&self, lamp: &Lamp) -> String {
        match lamp.cells.split_once('x') {
            Some((quantity, cell)) => format!("{quantity} x {cell}"),
            None => self.word("built_in").to_owned(),
        }
    }

    fn word<'a>(&'a self, code: &'a str) -> &'a str {
        self.shape.word.get(code).map_or(code, String::as_str)
    }

    /// The dictionary's word for an option, in the supplier's language where there is one.
    fn option(&self, attribute: &str, code: &str) -> String {
        let words = self.dictionary.locale(&self.shape.locale);
        if let Some(word) = words.and_then(|words| words.colors.get(code)?.first()) {
            return word.clone();
        }
        let option = self.dictionary.attribute(attribute).and_then(|attribute| attribute.option(code));
        option.map_or(code, |option| option.label(&self.shape.locale)).to_owned()
    }

    fn options(&self, attribute: &str, codes: &[String]) -> String {
        codes.iter().map(|code| self.option(attribute, code)).collect::<Vec<_>>().join(&self.shape.list)
    }

    /// Cents of a US dollar in the supplier's currency.
    fn money(&self, cents: u64) -> String {
        let amount = (cents * self.shape.per_usd / 100).max(1);
        let unit = 10_u64.pow(self.shape.minor);
        let places = usize::try_from(self.shape.minor).unwrap_or_default();
        self.decimal(&format!("{}.{:0places$}", amount / unit, amount % unit))
    }
}

/// `1234` hundredths as `12.34`.
fn hundredths(value: u64) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

/// How many pieces a supplier has.
pub(super) fn on_hand(shape: &super::shapes::Shape, random: &mut Random) -> u64 {
    if random.below(100) < shape.stock_empty { 0 } else { shape.stock.at(random.rank()) }
}
