//! Is a product ready for a channel, and if not, why? Pure: the same product, settings and profile give the same listing.
//!
//! A listing is `excluded` when the product is not for sale at all (draft, discontinued), `blocked` when the channel would refuse
//! it, else `ready`. Reasons say what to do. Completeness is the share of required and recommended fields that have a value,
//! per mille.

use super::extract::{Product, Side, handle};
use super::profile::Field;
use super::render::{Cell, Fault, render};
use super::source::Source;
use crate::catalog::ProductStatus;
use crate::pricing::NoPrice;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where a listing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListingState {
    /// In the next publication.
    Ready,
    /// The channel would refuse it.
    Blocked,
    /// Not for sale: draft or discontinued.
    Excluded,
}

impl ListingState {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Blocked => "blocked",
            Self::Excluded => "excluded",
        }
    }

    /// Reads the stored name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Ready, Self::Blocked, Self::Excluded].into_iter().find(|state| state.as_str() == name)
    }
}

/// Why a listing is not ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reason {
    /// The channel's field, or `status`.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// A sentence that says what is wrong.
    pub message: String,
    /// Where the rule stands: the channel's page and the day it was read, or the setting.
    pub source: String,
    /// What to do.
    pub fix: String,
}

/// The row of a listing: one list of cells per field of the profile, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The product.
    pub product_id: i64,
    /// What binds the rows of a group together.
    pub handle: String,
    /// Cells by field.
    pub cells: Vec<Vec<Cell>>,
}

/// A product judged for a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The product.
    pub product_id: i64,
    /// Its SKU.
    pub sku: String,
    /// Where the listing stands.
    pub state: ListingState,
    /// 0 to 1000.
    pub completeness: i32,
    /// Why it is not ready; empty when it is.
    pub reasons: Vec<Reason>,
    /// What would be sent; only of a ready listing.
    pub row: Option<Row>,
    /// Changes when the row does; only of a ready listing.
    pub row_hash: Option<String>,
}

/// A row with more bytes than this is no listing; it would break every limit of the channel.
const MAX_ROW_BYTES: usize = 512 * 1024;
/// Escaping may make a character six bytes long (`&quot;`), and a row needs its tags.
const ESCAPED: u64 = 8;

/// Judges one product.
pub fn evaluate(side: Side, product: &Product) -> Evaluation {
    let mut judge = Judge { side, product, reasons: Vec::new(), wanted: 0, filled: 0 };
    let cells: Vec<Vec<Cell>> = side.profile.fields.iter().map(|field| judge.field(field)).collect();
    judge.sets(&cells);
    judge.variants();
    judge.size(&cells);
    let view = product.view;
    let completeness = if judge.wanted == 0 { 1000 } else { judge.filled * 1000 / judge.wanted };
    let mut reasons = judge.reasons;
    let state = match view.status {
        ProductStatus::Active if reasons.is_empty() => ListingState::Ready,
        ProductStatus::Active => ListingState::Blocked,
        status => {
            reasons = vec![not_for_sale(status, side, product)];
            ListingState::Excluded
        }
    };
    let ready = state == ListingState::Ready;
    let row_hash = ready.then(|| hash(side, &cells));
    let row = ready.then(|| Row { product_id: view.id, handle: handle(view), cells });
    Evaluation { product_id: view.id, sku: view.sku.clone(), state, completeness, reasons, row, row_hash }
}

struct Judge<'a> {
    side: Side<'a>,
    product: &'a Product<'a>,
    reasons: Vec<Reason>,
    wanted: i32,
    filled: i32,
}

impl Judge<'_> {
    fn field(&mut self, field: &Field) -> Vec<Cell> {
        let values = self.side.values(field, self.product);
        let found = !values.is_empty();
        let (mut cells, faults) = render(field, values, self.side.words);
        if let (true, Some(default)) = (cells.is_empty(), &field.default) {
            cells.push(Cell::Text(default.clone()));
        }
        for fault in faults {
            self.fault(field, fault, cells.is_empty());
        }
        if field.required || field.recommended {
            self.wanted += 1;
            self.filled += i32::from(!cells.is_empty());
        }
        let explained = self.reasons.iter().any(|reason| reason.field == field.name);
        if field.required && cells.is_empty() && !explained {
            self.missing(field, found);
        }
        cells
    }

    fn block(&mut self, field: &str, code: &str, message: String, source: String, fix: String) {
        self.reasons.push(Reason { field: field.to_owned(), code: code.to_owned(), message, source, fix });
    }

    /// Where the field's rule stands.
    fn page(&self, field: &Field) -> String {
        let docs = field.docs.as_ref().unwrap_or(&self.side.profile.docs);
        format!("{} ({})", docs.url, docs.date)
    }

    fn fault(&mut self, field: &Field, fault: Fault, empty: bool) {
        let name = &field.name;
        let page = self.page(field);
        match fault {
            Fault::TooLong { length } => {
                let max = field.max_length.unwrap_or_default();
                let message = format!("{name} has {length} characters; {} takes at most {max}", self.side.profile.name);
                self.block(name, "too_long", message, page, format!("shorten it to {max} characters"));
            }
            // A wrong GTIN endangers the whole account, so it never passes silently, wanted or not.
            Fault::Gtin(gtin) => {
                let message = format!("'{gtin}' is not a valid GTIN: its length or check digit is wrong");
                self.block(name, "invalid_gtin", message, page, "correct the product's gtin or withdraw it".to_owned());
            }
            // What nobody asked for, or what other values make up for, is only left out.
            _ if !field.required || !empty => {}
            Fault::TooShort => {
                let min = field.min_length.unwrap_or_default();
                let message = format!("{name} has fewer than {min} characters");
                self.block(name, "too_short", message, page, format!("make it at least {min} characters long"));
            }
            Fault::NotAllowed(value) => {
                let message = format!("{name} cannot be '{value}'");
                let fix = match field.allowed.as_slice() {
                    [] => "correct the product's value".to_owned(),
                    allowed => format!("use one of {}", allowed.join(", ")),
                };
                self.block(name, "not_allowed", message, page, fix);
            }
            Fault::Url(url) => {
                let message = format!("'{url}' is not an absolute http or https address");
                self.block(name, "not_an_address", message, page, "correct the address".to_owned());
            }
            Fault::Unit(unit) => {
                let message = format!("{name} cannot be made from a value in '{unit}'");
                self.block(name, "wrong_unit", message, page, "correct the value's unit".to_owned());
            }
        }
    }

    fn missing(&mut self, field: &Field, found: bool) {
        let code = &self.side.profile.code;
        let locale = &self.side.settings.locale;
        let setting = |key: &str| format!("settings of channel {code}: {key}");
        let name = &field.name;
        let page = self.page(field);
        match field.from.first() {
            Some(Source::Price) => self.no_price(name),
            Some(Source::Link) if self.side.settings.link_template.is_none() => {
                let message = "the channel has no link template, so products have no address".to_owned();
                let fix = format!("set link_template of channel {code}, such as https://shop.example/p/{{sku}}");
                self.block(name, "no_link", message, setting("link_template"), fix);
            }
            Some(Source::Link) => {
                let message = "the link template asks for a value that this product does not have".to_owned();
                let fix = "give the product a GTIN or use {sku} in the template".to_owned();
                self.block(name, "no_link", message, setting("link_template"), fix);
            }
            Some(Source::Title | Source::Description) => {
                let message = format!("there is no {name} in '{locale}', and too little is known to make one");
                let fix = format!("give the product a {name} in '{locale}', or a brand, a model and a category");
                self.block(name, "missing", message, page, fix);
            }
            Some(Source::Image | Source::Images) => {
                let message = "there is no picture with an absolute address".to_owned();
                self.block(name, "missing", message, page, "add a picture, or set image_base of the channel".to_owned());
            }
            _ if found => {
                let message = format!("{name} has no form that {} takes", self.side.profile.name);
                self.block(name, "not_allowed", message, page, "correct the product's value".to_owned());
            }
            _ => {
                let message = format!("{} needs {name}, and there is no value for it", self.side.profile.name);
                self.block(name, "missing", message, page, format!("give the product a value for {}", wanted(field)));
            }
        }
    }

    fn no_price(&mut self, name: &str) {
        let code = &self.side.profile.code;
        let Err(why) = &self.product.price else { return };
        let message = why.to_string();
        let source = format!("settings of channel {code}: currency, markup, price_source");
        let (reason, fix) = match why {
            NoPrice::NoRate { from, to } => ("no_rate", format!("set a rate from {from} to {to}, or sell in {from}")),
            NoPrice::NoCost => ("no_price", "give the offer a cost or a recommended price".to_owned()),
            NoPrice::NoOffer => ("no_price", "import an offer for it".to_owned()),
            NoPrice::TooLarge => ("no_price", "correct the cost, the markup or the rate".to_owned()),
        };
        self.block(name, reason, message, source, fix);
    }

    /// Sets of fields of which one must have a value.
    fn sets(&mut self, cells: &[Vec<Cell>]) {
        for set in &self.side.profile.one_of {
            let filled =
                self.side.profile.fields.iter().zip(cells).any(|(field, cells)| set.contains(&field.name) && !cells.is_empty());
            self.wanted += 1;
            self.filled += i32::from(filled);
            if !filled {
                let names = set.join(", ");
                let message = format!("{} needs at least one of {names}", self.side.profile.name);
                let docs = &self.side.profile.docs;
                let source = format!("{} ({})", docs.url, docs.date);
                self.block(
                    set.first().map_or("", String::as_str),
                    "missing",
                    message,
                    source,
                    format!("give the product one of {names}"),
                );
            }
        }
    }

    /// Variants that a shop could not tell apart.
    fn variants(&mut self) {
        let rules = &self.side.profile.variants;
        let group = &self.product.group;
        let name = &self.side.profile.name;
        let docs = &self.side.profile.docs;
        let source = format!("{} ({})", docs.url, docs.date);
        if let Some(other) = group.same_as.as_ref().filter(|_| rules.options > 0) {
            let message = format!("{name} cannot tell it from {other}, a variant of the same group");
            let fix =
                format!("give the two different values of one of {}, or take one out of the group", rules.attributes.join(", "));
            self.block("group", "same_variant", message, source.clone(), fix);
        }
        let (side, product) = (self.side, self.product);
        for (at, attribute) in group.options.iter().enumerate() {
            if rules.options == 0 || side.option(product, at + 1).is_some() {
                continue;
            }
            let message = format!(
                "variants of its group differ in {attribute}, and it has no value of it in '{}'",
                self.side.settings.locale
            );
            let fix = format!("give the product a value for {attribute}");
            self.block("group", "missing_option", message, source.clone(), fix);
        }
        if rules.max > 0 && group.members > rules.max {
            let message = format!("its group has {} variants; {name} takes at most {}", group.members, rules.max);
            self.block("group", "too_many_variants", message, source, "split the group".to_owned());
        }
    }

    /// A row must fit into a part together with the part's head.
    fn size(&mut self, cells: &[Vec<Cell>]) {
        let bytes: usize = cells
            .iter()
            .flatten()
            .map(|cell| match cell {
                Cell::Text(text) => text.len(),
                Cell::Parts(parts) => parts.iter().map(String::len).sum(),
            })
            .sum();
        let part = self.side.profile.limits.bytes_per_part.unwrap_or(u64::MAX);
        if bytes > MAX_ROW_BYTES || (bytes as u64).saturating_mul(ESCAPED) > part {
            let message = format!("its texts are {bytes} bytes long together, too many for one row");
            let docs = &self.side.profile.docs;
            self.block("", "too_large", message, format!("{} ({})", docs.url, docs.date), "shorten its texts".to_owned());
        }
    }
}

/// What a person would fill in, in our words.
fn wanted(field: &Field) -> String {
    let names = field.from.iter().filter_map(|source| match source {
        Source::Value(attribute) | Source::Label(attribute) => Some(attribute.clone()),
        Source::Brand => Some("brand".to_owned()),
        Source::Gtin => Some("gtin".to_owned()),
        Source::Mpn => Some("mpn".to_owned()),
        Source::CategoryId(_) | Source::CategoryLabel => Some("category".to_owned()),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() { field.name.clone() } else { names.join(" or ") }
}

fn not_for_sale(status: ProductStatus, side: Side, product: &Product) -> Reason {
    let view = product.view;
    let (code, message, fix) = if status == ProductStatus::Discontinued {
        ("discontinued", "the product is discontinued".to_owned(), "set its status to active to sell it again".to_owned())
    } else {
        let lacks = [
            ("a title", side.title(view).is_none()),
            ("a brand", view.brand.is_none()),
            ("a category", view.category.is_none()),
            ("a live offer", view.suppliers.is_empty()),
        ];
        let lacks: Vec<&str> = lacks.into_iter().filter(|(_, lacking)| *lacking).map(|(what, _)| what).collect();
        let lacks = if lacks.is_empty() { "something that an active product has".to_owned() } else { lacks.join(", ") };
        ("draft", format!("the product is a draft: it lacks {lacks}"), format!("give it {lacks}"))
    };
    Reason { field: "status".to_owned(), code: code.to_owned(), message, source: "product status".to_owned(), fix }
}

/// 128 bits over names and cells; lengths stand before texts, so that no two rows read the same.
fn hash(side: Side, cells: &[Vec<Cell>]) -> String {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for (field, cells) in side.profile.fields.iter().zip(cells).filter(|(_, cells)| !cells.is_empty()) {
        text(&field.name);
        for cell in cells {
            match cell {
                Cell::Text(value) => text(value),
                Cell::Parts(parts) => parts.iter().for_each(|part| text(part)),
            }
        }
    }
    let digest = hash.finalize();
    hex::encode(digest.get(..16).unwrap_or(&digest))
}
