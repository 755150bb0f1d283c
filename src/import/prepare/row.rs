//! One row: its columns in the profile's order, each to its target.

use super::cells::{Cells, items};
use super::claims::Claims;
use super::{CellReading, ImportKind, Preparer, key, price, stock};
use crate::dictionary::Dictionary;
use crate::import::read::{RAW_CHARS, Unless};
use crate::import::row::{ImageLink, Issue, PreparedRow, Record, Severity};
use crate::normalize::Hints;
use crate::normalize::checks::{Checks, contradictions};
use crate::normalize::parse_amount;
use crate::suppliers::profile::ROLES;
use crate::suppliers::{Column, Profile, Take, Target};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;

/// Issues of one row at most; a row with more is not better known by them.
const MAX_ISSUES: usize = 100;
/// Pictures and tags of one row at most.
const MAX_IMAGES: usize = 100;
const MAX_TAGS: usize = 100;
/// Characters of a picture's address, as Google Merchant allows (`image_link`), and of a tag.
const MAX_URL_CHARS: usize = 2_000;
const MAX_TAG_CHARS: usize = 100;

/// The attribute that says the category where no text does.
const KIND: &str = "product_kind";

/// A row on its way, with all that is needed to understand its texts.
pub(super) struct Row<'a> {
    pub(super) preparer: Preparer<'a>,
    pub(super) cells: Cells<'a>,
    pub(super) claims: Claims,
    /// Code of the category, once it is known.
    pub(super) category: Option<String>,
    pub(super) out: PreparedRow,
    /// How each cell was read, when somebody asks.
    pub(super) told: Option<Vec<CellReading>>,
}

impl<'a> Row<'a> {
    pub(super) fn profile(&self) -> &'a Profile {
        self.preparer.profile
    }

    pub(super) fn dictionary(&self) -> &'a Dictionary {
        self.preparer.dictionary
    }

    pub(super) fn locale<'c>(&self, column: &'c Column) -> Option<&'c str>
    where
        'a: 'c,
    {
        column.locale.as_deref().or(self.profile().language())
    }

    /// What is known of how this column's texts are written.
    pub(super) fn hints(&self, column: &Column) -> Hints {
        Hints {
            locale: self.locale(column).map(str::to_owned),
            decimal: column.decimal.unwrap_or(self.profile().decimal),
            unit: self.stated_unit(column).or_else(|| column.unit.clone()),
            category: self.category.clone(),
        }
    }

    /// The unit that another field of the row states.
    fn stated_unit(&self, column: &Column) -> Option<String> {
        let mut texts = self.cells.texts(column.unit_from.as_deref()?);
        texts.retain(|text| !self.preparer.is_null(text));
        texts.dedup();
        // Several are no unit, so that a bare number is told of and left out rather than read with the wrong one.
        (!texts.is_empty()).then(|| texts.join(" / "))
    }

    /// The items of a column.
    pub(super) fn items(&self, column: &Column, default: Take) -> Vec<String> {
        if column.unless.as_ref().is_some_and(|unless| self.says(unless)) {
            return Vec::new();
        }
        let number = |item: &str| parse_amount(self.dictionary(), item, &self.hints(column)).ok().map(|(amount, _)| amount);
        items(column, &self.cells.texts(&column.from), default, number)
    }

    fn says(&self, Unless { field, says }: &Unless) -> bool {
        let wanted = says.trim().to_lowercase();
        self.cells.texts(field).iter().any(|text| text.to_lowercase() == wanted)
    }

    /// The first item of the first column that has one, null words left out.
    pub(super) fn first(&self, target: &Target) -> Option<(&'a Column, String)> {
        self.profile().columns.iter().filter(|column| column.to == *target).find_map(|column| {
            let item = self.items(column, Take::First).into_iter().next()?;
            (!self.preparer.is_null(&item)).then_some((column, item))
        })
    }

    /// Notes a value that was left out or is doubtful.
    pub(super) fn warn(&mut self, field: &str, code: &str, message: impl Into<String>, raw: &str) {
        self.issue(Severity::Warning, field, code, message, raw);
    }

    /// Loses the row.
    pub(super) fn reject(&mut self, field: &str, code: &str, message: impl Into<String>, raw: &str) {
        self.issue(Severity::Rejected, field, code, message, raw);
    }

    fn issue(&mut self, severity: Severity, field: &str, code: &str, message: impl Into<String>, raw: &str) {
        // What loses the row is always told.
        if self.out.issues.len() < MAX_ISSUES || severity == Severity::Rejected {
            self.out.issues.push(Issue {
                row: self.out.row,
                field: field.to_owned(),
                code: code.to_owned(),
                message: message.into(),
                raw: raw.chars().take(RAW_CHARS).collect(),
                severity,
            });
        }
    }
}

impl<'a> Row<'a> {
    fn of(preparer: &Preparer<'a>, record: &'a Record) -> Self {
        Self {
            preparer: *preparer,
            cells: Cells::new(record, preparer.profile.file.formulas_guarded),
            claims: Claims::default(),
            category: None,
            out: PreparedRow { row: record.row, ..PreparedRow::default() },
            told: None,
        }
    }

    fn has_sku_column(&self) -> bool {
        self.profile().columns.iter().any(|column| column.to == Target::SupplierSku)
    }
}

/// See [`super::Preparer::key`].
pub(super) fn key(preparer: &Preparer<'_>, record: &Record) -> Option<String> {
    let mut row = Row::of(preparer, record);
    if !row.has_sku_column() {
        claims(&mut row);
    }
    key::set(&mut row);
    (!row.out.key.is_empty()).then_some(row.out.key)
}

/// See [`super::Preparer::readings`].
pub(super) fn readings(preparer: &Preparer<'_>, record: &Record) -> Vec<CellReading> {
    let mut row = Row { told: Some(Vec::new()), ..Row::of(preparer, record) };
    claims(&mut row);
    row.told.unwrap_or_default()
}

/// The kind of product says the category, and the category which amounts are usual.
fn claims(row: &mut Row<'_>) {
    row.attributes(|code| code == KIND);
    if row.preparer.kind == ImportKind::Catalog {
        category(row);
    }
    row.attributes(|code| code != KIND);
}

/// See [`super::Preparer::prepare`].
pub(super) fn prepare(preparer: &Preparer<'_>, record: &Record) -> PreparedRow {
    let mut row = Row::of(preparer, record);
    damaged_text(&mut row, record);
    let catalog = preparer.kind == ImportKind::Catalog;
    if catalog || !row.has_sku_column() {
        claims(&mut row);
    }
    key::set(&mut row);
    if catalog {
        images(&mut row);
        tags(&mut row);
        row.out.parent = row.first(&Target::Parent).map(|(_, text)| text.chars().take(key::MAX_CHARS).collect());
    }
    if catalog || preparer.kind == ImportKind::Prices {
        price::set(&mut row);
    }
    if catalog || preparer.kind == ImportKind::Stock {
        stock::set(&mut row);
    }
    let Row { claims, mut out, .. } = row;
    // Stock and prices are not kept as read; what was lost is looked through for the key that it may have had.
    if catalog || out.rejected() {
        out.raw = raw(record);
    }
    if catalog {
        out.claims = claims.finish();
        contradicted(preparer.dictionary.checks(), &mut out);
        let text = |code: &str| out.claims.iter().find(|claim| claim.attribute == code).and_then(|claim| claim.value.as_text());
        out.brand = text("brand").map(str::to_owned);
        out.mpn = text("mpn").map(str::to_owned);
    } else {
        out.gtin = None;
    }
    out
}

/// Warns of values that cannot be together; both stay, because nobody knows from here which of them is wrong.
fn contradicted(checks: &Checks, out: &mut PreparedRow) {
    for check in contradictions(checks, out.claims.iter().map(|claim| (claim.attribute.as_str(), &claim.value))) {
        let claim = out.claims.iter().find(|claim| claim.attribute == check.attribute);
        if out.issues.len() < MAX_ISSUES {
            out.issues.push(Issue {
                row: out.row,
                field: claim.map(|claim| claim.field.clone()).unwrap_or_default(),
                code: check.finding.code,
                message: check.finding.message,
                raw: claim.map(|claim| claim.raw.chars().take(RAW_CHARS).collect()).unwrap_or_default(),
                severity: Severity::Warning,
            });
        }
    }
}

/// The record as JSON, repeated fields as arrays.
fn raw(record: &Record) -> Map<String, Json> {
    let mut raw = Map::with_capacity(record.fields.len());
    for (name, text) in &record.fields {
        let text = Json::String(text.clone());
        match raw.get_mut(&**name) {
            None => _ = raw.insert(name.to_string(), text),
            Some(Json::Array(texts)) => texts.push(text),
            Some(first) => *first = Json::Array(vec![first.take(), text]),
        }
    }
    raw
}

/// U+FFFD stands where the decoder found no letter: the encoding is another one.
fn damaged_text(row: &mut Row<'_>, record: &Record) {
    if let Some((name, text)) = record.fields.iter().find(|(_, text)| text.contains('\u{fffd}')) {
        let message = "letters of this row could not be decoded; set file.encoding in the profile, such as \"windows-1252\"";
        row.warn(name, "damaged_text", message, text);
    }
}

fn images(row: &mut Row<'_>) {
    for column in row.profile().columns.iter().filter(|column| column.to == Target::Image) {
        let roles = column.role_from.as_deref().map(|from| row.cells.texts(from)).unwrap_or_default();
        for (at, text) in row.items(column, Take::All).into_iter().enumerate() {
            if row.preparer.is_null(&text) {
                continue;
            }
            let url = match &column.prefix {
                _ if text.starts_with("//") => format!("https:{text}"),
                Some(prefix) if !text.contains("://") => {
                    format!("{}/{}", prefix.trim_end_matches('/'), text.trim_start_matches('/'))
                }
                _ => text.clone(),
            };
            let url = match address(&url) {
                Ok(url) => url.into_owned(),
                Err(message) => {
                    row.warn(&column.from, "bad_image_address", message, &text);
                    continue;
                }
            };
            if row.out.images.len() < MAX_IMAGES && !row.out.images.iter().any(|image| image.url == url) {
                let said = roles.get(at).copied().filter(|role| ROLES.contains(role)).or(column.role.as_deref());
                // A product has one main picture, its first.
                let second = said == Some("main") && row.out.images.iter().any(|image| image.role == "main");
                let role = said.filter(|_| !second).unwrap_or("gallery").to_owned();
                row.out.images.push(ImageLink { url, role });
            }
        }
    }
}

/// An absolute http or https address, of no more characters than a picture's may have; else what is wrong with it.
///
/// Blanks within it, which names of files often have, are written as `%20`, as browsers send them.
pub fn address(text: &str) -> Result<Cow<'_, str>, &'static str> {
    if text.matches("://").count() > 1 && text.contains(char::is_whitespace) {
        return Err("these are several addresses; let the profile say what stands between them (split)");
    }
    let url = if text.contains(' ') { Cow::Owned(text.replace(' ', "%20")) } else { Cow::Borrowed(text) };
    let begin: String = url.chars().take(8).collect::<String>().to_ascii_lowercase();
    let host = ["https://", "http://"].iter().find(|scheme| begin.starts_with(**scheme)).and(url.split('/').nth(2));
    if host.is_none_or(|host| host.is_empty() || host.contains('%')) || url.chars().count() > MAX_URL_CHARS {
        return Err("a picture needs an absolute address that begins with http:// or https:// and has at most 2,000 characters");
    }
    if url.chars().any(|sign| sign.is_whitespace() || sign.is_control()) {
        return Err("a picture's address has no line breaks, tabs or other signs that cannot be seen");
    }
    Ok(url)
}

fn tags(row: &mut Row<'_>) {
    let fixed = row.profile().fixed.get("tags").map(|text| vec![text.clone()]).unwrap_or_default();
    let columns = row.profile().columns.iter().filter(|column| column.to == Target::Tags);
    let texts: Vec<(bool, String)> =
        columns.flat_map(|column| row.items(column, Take::All).into_iter().map(|text| (column.split.is_none(), text))).collect();
    for (whole, text) in texts.into_iter().chain(fixed.into_iter().map(|text| (true, text))) {
        let parts = if whole { text.split(',').collect() } else { vec![text.as_str()] };
        for part in parts {
            let tag: String = part.trim().chars().take(MAX_TAG_CHARS).collect();
            if !row.preparer.is_null(&tag) && row.out.tags.len() < MAX_TAGS && !row.out.tags.contains(&tag) {
                row.out.tags.push(tag);
            }
        }
    }
}

/// The category that the supplier's text means, else that of the product's kind, else the profile's.
fn category(row: &mut Row<'_>) {
    let mut unknown = None;
    for column in row.profile().columns.iter().filter(|column| column.to == Target::Category) {
        for text in row.items(column, Take::All) {
            if row.preparer.is_null(&text) {
                continue;
            }
            if let Some(category) = row.dictionary().category_for(&text, row.locale(column)) {
                row.claims.category(&category.code, &text, &column.from, "category.text", 90);
                row.category = Some(category.code.clone());
                return;
            }
            unknown.get_or_insert((column, text));
        }
    }
    let kind = row.claims.text(KIND).map(str::to_owned);
    if let Some(category) = kind.as_deref().and_then(|kind| row.dictionary().category_of_kind(kind)) {
        row.claims.category(&category.code, kind.as_deref().unwrap_or_default(), "", "category.kind", 80);
        row.category = Some(category.code.clone());
        return;
    }
    if let Some(text) = row.profile().fixed.get("category")
        && let Some(category) =
            row.dictionary().category(text).or_else(|| row.dictionary().category_for(text, row.profile().language()))
    {
        row.claims.category(&category.code, text, "", "category.fixed", 90);
        row.category = Some(category.code.clone());
        return;
    }
    if let Some((column, text)) = unknown {
        let message = "this category is not known; add its words to the dictionary's category, or map it in the profile";
        row.warn(&column.from, "unknown_category", message, &text);
    }
}
