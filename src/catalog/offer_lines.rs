//! Offers that a supplier sends by itself, a line an offer, instead of in a file.
//!
//! A line says what the supplier's record is, not what we make of it: `raw` is merged (RFC 7396) into the record that is kept, and the
//! whole is read through the supplier's profile as if it had stood in its file. So the lineage of every value stays true, and a better
//! parser can read it all again. `cost` and `recommended_price` are terms, as in a price list, and stand above what the record says of
//! them until the next file does.

use super::intake::{self, Batch};
use super::queries::{OfferRow, Rules, offers_by_key};
use crate::db::{Conn, Position, changes, lock_catalog};
use crate::error::{Error, FieldError, Result};
use crate::import::prepare::record_hash;
use crate::import::queries::profile_in_force;
use crate::import::read::ReadLimits;
use crate::import::{Counts, ImportKind, Issue, PreparedRow, Preparer, Record, Severity, reread};
use crate::pricing::{Money, list, money};
use crate::suppliers::{Profile, Supplier};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value as JsonValue};

/// What stands in the place of a file's name.
const FILE: &str = "api";

/// What to say about one offer. What a reading of the offer shows beside this may stand there as it was read.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferLine {
    /// The supplier's SKU.
    pub supplier_sku: String,
    /// Fields of the supplier's own record, by its own names: merged into what is kept, null takes one away. A new offer needs it.
    #[schema(value_type = Option<Object>)]
    pub raw: Option<Map<String, JsonValue>>,
    /// What the supplier charges.
    #[schema(value_type = Option<Object>)]
    pub cost: Option<Money>,
    /// What the supplier recommends.
    #[schema(value_type = Option<Object>)]
    pub recommended_price: Option<Money>,
    /// Number of the line.
    #[serde(skip)]
    pub number: u64,
    /// Members that are told and never taken, as they were sent.
    #[serde(skip)]
    pub told: Map<String, JsonValue>,
}

/// What became of one line.
#[derive(Debug, Clone, Default)]
pub struct TakenLine {
    /// Was the offer made by it?
    pub created: bool,
    /// What of the record was left out or is doubtful.
    pub warnings: Vec<FieldError>,
}

/// Looks at an offer as it stands before its line, and may refuse.
pub type Allow<'a> = &'a dyn Fn(&OfferLine, Option<&OfferRow>) -> Result<()>;

/// Takes lines of different offers of one supplier; one answer each, in order, and where the log stands then.
pub fn take(
    conn: &mut Conn,
    rules: &Rules,
    supplier: &Supplier,
    lines: &[&OfferLine],
    operation: &str,
    now: DateTime<Utc>,
    allow: Allow<'_>,
) -> Result<(Vec<Result<TakenLine>>, Position)> {
    lock_catalog(conn)?;
    let keys: Vec<&str> = lines.iter().map(|line| line.supplier_sku.as_str()).collect();
    let stored = offers_by_key(conn, supplier.id, &keys)?;
    let profile = match profile_in_force(conn, supplier.id, ImportKind::Catalog)? {
        Some(row) => Profile::parse(&row.toml, &rules.dictionary).ok(),
        None => None,
    };
    let currency = profile.as_ref().and_then(|profile| profile.currency).or_else(|| money::currency(&supplier.currency).ok());
    let preparer = profile
        .as_ref()
        .map(|profile| Preparer::new(ImportKind::Catalog, profile, &rules.dictionary, currency).of_supplier(&supplier.locale));
    let reader = profile
        .as_ref()
        .map(|profile| format!("{}/{}", profile.fingerprint(), rules.dictionary.fingerprint()))
        .unwrap_or_default();
    let batch = Batch {
        supplier_id: supplier.id,
        supplier_code: supplier.code.clone(),
        supplier_rank: supplier.rank,
        import_id: operation.to_owned(),
        file: FILE.to_owned(),
        operation_id: operation.to_owned(),
        now,
        began: now,
    };
    let (mut answers, mut rows, mut terms) = (Vec::with_capacity(lines.len()), Vec::new(), Vec::new());
    for &line in lines {
        let old = stored.get(&line.supplier_sku);
        let read = allow(line, old).and_then(|()| read(line, old, preparer.as_ref(), &reader));
        match read {
            Err(error) if error.code.status() >= 500 => return Err(error),
            Err(error) => answers.push(Err(error)),
            Ok(row) => {
                let warnings = row.as_ref().map(|row| told(&row.issues)).unwrap_or_default();
                rows.extend(row);
                if line.cost.is_some() || line.recommended_price.is_some() {
                    terms.push(PreparedRow {
                        row: line.number,
                        key: line.supplier_sku.clone(),
                        cost: line.cost,
                        recommended_price: line.recommended_price,
                        ..PreparedRow::default()
                    });
                }
                answers.push(Ok(TakenLine { created: old.is_none(), warnings }));
            }
        }
    }
    let mut told = Vec::new();
    if !rows.is_empty() {
        told.extend(intake::take(conn, rules, &batch, rows)?.changes);
    }
    if !terms.is_empty() {
        let (mut counts, mut issues) = (Counts::default(), Vec::new());
        told.extend(list::take_prices(conn, rules, &batch, &terms, &mut counts, &mut issues)?.changes);
    }
    Ok((answers, changes::append(conn, now, &told)?))
}

/// The row that a line makes of the offer's record; none where it says nothing of the record.
fn read(line: &OfferLine, old: Option<&OfferRow>, preparer: Option<&Preparer<'_>>, reader: &str) -> Result<Option<PreparedRow>> {
    let negative = |money: &Option<Money>| money.is_some_and(|money| money.minor < 0);
    if negative(&line.cost) {
        return Err(Error::field("/cost", "out_of_range", "a cost is not negative"));
    }
    if negative(&line.recommended_price) {
        return Err(Error::field("/recommended_price", "out_of_range", "a price is not negative"));
    }
    let Some(patch) = &line.raw else {
        if old.is_some() {
            return Ok(None);
        }
        let message = "there is no such offer yet; give its record under 'raw' to make it";
        return Err(Error::field("/raw", "missing", message));
    };
    let Some(preparer) = preparer else {
        let message = "the supplier has no profile for its catalogue; import one file of it first";
        return Err(Error::field("/raw", "no_profile", message));
    };
    let mut raw: Map<String, JsonValue> = match old {
        Some(offer) => offer.body.record.raw.read()?,
        None => Map::new(),
    };
    merge(&mut raw, patch);
    let record = reread::record(i64::try_from(line.number).unwrap_or(i64::MAX), &raw);
    bounded(&record)?;
    let mut row = preparer.prepare(&record);
    if row.rejected() {
        return Err(Error::fields(told(&row.issues)));
    }
    if row.key != line.supplier_sku {
        let key: String = row.key.chars().take(100).collect();
        let message = format!("by the supplier's profile this record is of '{key}'; give its SKU in the record as well");
        return Err(Error::field("/supplier_sku", "other_key", message));
    }
    row.hash = record_hash(&record, reader);
    row.warned = !row.issues.is_empty();
    // Terms of the line itself are written after the record.
    row.cost = line.cost.or(row.cost);
    row.recommended_price = line.recommended_price.or(row.recommended_price);
    Ok(Some(row))
}

/// Merges fields into a record. A record is flat: a list is a repeated field.
fn merge(raw: &mut Map<String, JsonValue>, patch: &Map<String, JsonValue>) {
    for (field, value) in patch {
        if value.is_null() {
            raw.shift_remove(field);
        } else {
            raw.insert(field.clone(), value.clone());
        }
    }
}

/// A record is bounded like one in a file: line after line would else add to it without end.
fn bounded(record: &Record) -> Result<()> {
    let limits = ReadLimits::default();
    let bytes: usize = record.fields.iter().map(|(name, text)| name.len() + text.len()).sum();
    let long = record.fields.iter().any(|(name, _)| name.chars().count() > limits.max_name_chars);
    if record.fields.len() > limits.max_fields || bytes > limits.max_row_bytes || long {
        let message = format!(
            "a record has at most {} fields with names of {} characters, and {} bytes; set fields to null to take them away",
            limits.max_fields, limits.max_name_chars, limits.max_row_bytes
        );
        return Err(Error::field("/raw", "too_large", message));
    }
    Ok(())
}

fn told(issues: &[Issue]) -> Vec<FieldError> {
    // What rejects the record comes first.
    let (first, rest): (Vec<&Issue>, Vec<&Issue>) = issues.iter().partition(|issue| issue.severity == Severity::Rejected);
    let error = |issue: &Issue| FieldError {
        pointer: if issue.field.is_empty() { "/raw".to_owned() } else { format!("/raw/{}", escaped(&issue.field)) },
        code: issue.code.clone(),
        message: issue.message.clone(),
    };
    first.into_iter().chain(rest).map(error).collect()
}

/// One step of an RFC 6901 pointer.
fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
