//! A filter expression as a query of the index.
//!
//! Numbers are compared in the attribute's canonical unit; a unit written beside a number is converted through the dictionary.
//! An interval attribute is compared with a number as a whole: `= x` means that it holds x, `>= x` that it reaches x. IP codes are
//! compared numeral by numeral, see [`super::ip`]. Select options and categories may also be named by their labels.

use super::complement::Complement;
use super::fields::{Column, ColumnKind, Fields};
use super::text;
use crate::dictionary::Dictionary;
use crate::filter::ip::Rating;
use crate::filter::{Expr, Fault, Literal, Name, Operator};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::ops::Bound;
use tantivy::Term;
use tantivy::query::{BooleanQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery, TermSetQuery};
use tantivy::schema::{Field, IndexRecordOption};

/// A query, owned.
pub(super) type AnyQuery = Box<dyn Query>;

/// Compiles an expression; what it names that is not there, or compares in a way that has no meaning, is a fault.
pub(super) fn compile(expr: &Expr, fields: &Fields, dictionary: &Dictionary) -> Result<AnyQuery, Fault> {
    let compiler = Compiler { fields, dictionary };
    compiler.expr(expr)
}

/// Documents with exactly this term.
pub(super) fn term(term: Term) -> AnyQuery {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

/// All of these.
pub(super) fn all(queries: Vec<AnyQuery>) -> AnyQuery {
    Box::new(BooleanQuery::new(queries.into_iter().map(|query| (Occur::Must, query)).collect()))
}

/// Any of these.
pub(super) fn any(queries: Vec<AnyQuery>) -> AnyQuery {
    Box::new(BooleanQuery::new(queries.into_iter().map(|query| (Occur::Should, query)).collect()))
}

/// Everything but this.
pub(super) fn not(query: AnyQuery) -> AnyQuery {
    Box::new(Complement { inner: query })
}

struct Compiler<'a> {
    fields: &'a Fields,
    dictionary: &'a Dictionary,
}

impl Compiler<'_> {
    fn expr(&self, expr: &Expr) -> Result<AnyQuery, Fault> {
        Ok(match expr {
            Expr::And(parts) => all(parts.iter().map(|part| self.expr(part)).collect::<Result<_, _>>()?),
            Expr::Or(parts) => any(parts.iter().map(|part| self.expr(part)).collect::<Result<_, _>>()?),
            Expr::Not(inner) => not(self.expr(inner)?),
            Expr::Exists(name) => {
                let column = self.column(name)?;
                term(Term::from_field_text(self.fields.has, &text::keyword(&column.name)))
            }
            Expr::In(name, values) => self.one_of(self.column(name)?, name, values)?,
            Expr::Compare(name, Operator::NotEqual, value) => not(self.compare(name, Operator::Equal, value)?),
            Expr::Compare(name, operator, value) => self.compare(name, *operator, value)?,
        })
    }

    fn column(&self, name: &Name) -> Result<&Column, Fault> {
        self.fields.column(&name.text).ok_or_else(|| {
            let message = match nearest(&name.text, self.fields.columns().map(|column| column.name.as_str())) {
                Some(near) => format!("there is no attribute '{}'; did you mean '{near}'?", name.text),
                None => format!("there is no attribute '{}'; GET /attributes lists them", name.text),
            };
            Fault { at: name.at, message }
        })
    }

    /// Lists of codes can be long: they are one query, not one each.
    fn one_of(&self, column: &Column, name: &Name, values: &[Literal]) -> Result<AnyQuery, Fault> {
        if let ColumnKind::Keyword { .. } | ColumnKind::Identifier = column.kind {
            let mut terms = Vec::with_capacity(values.len());
            for value in values {
                terms.extend(self.keyword_terms(column, value)?);
            }
            return Ok(Box::new(TermSetQuery::new(terms)));
        }
        Ok(any(values.iter().map(|value| self.compare(name, Operator::Equal, value)).collect::<Result<_, _>>()?))
    }

    fn compare(&self, name: &Name, operator: Operator, value: &Literal) -> Result<AnyQuery, Fault> {
        let column = self.column(name)?;
        match &column.kind {
            ColumnKind::Keyword { .. } | ColumnKind::Identifier => {
                only_equality(column, operator, value)?;
                Ok(any(self.keyword_terms(column, value)?.into_iter().map(term).collect()))
            }
            ColumnKind::Number { unit } => {
                if column.name == "available"
                    && let Some(flag) = boolean(&value.text).filter(|_| value.text.parse::<Decimal>().is_err())
                {
                    only_equality(column, operator, value)?;
                    let some = range(column.field, Bound::Excluded(0.0), Bound::Unbounded);
                    return Ok(if flag { some } else { not(some) });
                }
                let amount = self.amount(value, unit.as_deref())?;
                Ok(compare_numbers(column.field, operator, amount))
            }
            ColumnKind::Interval { unit, max } => {
                let amount = self.amount(value, unit.as_deref())?;
                let (low, high) = (column.field, *max);
                Ok(match operator {
                    Operator::Equal | Operator::NotEqual => all(vec![
                        compare_numbers(low, Operator::LessOrEqual, amount),
                        compare_numbers(high, Operator::GreaterOrEqual, amount),
                    ]),
                    Operator::Less | Operator::LessOrEqual => compare_numbers(low, operator, amount),
                    Operator::Greater | Operator::GreaterOrEqual => compare_numbers(high, operator, amount),
                })
            }
            ColumnKind::Flag => {
                only_equality(column, operator, value)?;
                let flag = boolean(&value.text)
                    .ok_or_else(|| fault(value, format!("{} is true or false, not '{}'", column.name, value.text)))?;
                Ok(term(Term::from_field_bool(column.field, flag)))
            }
            ColumnKind::Rating { dust, water } => rating(column, (*dust, *water), operator, value),
            ColumnKind::Time => {
                let (from, to) = period(&value.text).ok_or_else(|| {
                    fault(value, format!("'{}' is no time; write 2026-01-31 or 2026-01-31T10:00:00Z", value.text))
                })?;
                Ok(compare_times(column.field, operator, from, to))
            }
            ColumnKind::Money { currency } => {
                let amount = number(value)?;
                let compared = compare_numbers(column.field, operator, amount);
                let Some(unit) = &value.unit else { return Ok(compared) };
                let code = crate::pricing::money::currency(unit).map_err(|error| fault(value, error.to_string()))?;
                Ok(all(vec![compared, term(Term::from_field_text(*currency, &text::keyword(code.code())))]))
            }
            ColumnKind::Presence => Err(Fault {
                at: name.at,
                message: format!("'{0}' cannot be compared; use '{0} EXISTS', or search its text with q", column.name),
            }),
        }
    }

    /// The terms that a value of a column of codes or names means: by itself, or by an option's or category's label.
    fn keyword_terms(&self, column: &Column, value: &Literal) -> Result<Vec<Term>, Fault> {
        let written = match &value.unit {
            Some(unit) => format!("{} {unit}", value.text),
            None => value.text.clone(),
        };
        if column.kind == ColumnKind::Identifier {
            return Ok(vec![Term::from_field_text(column.field, &text::identifier(&written))]);
        }
        let folded = text::keyword(&written);
        let mut terms = vec![Term::from_field_text(column.field, &folded)];
        let mut also = |field: Field, code: &str| {
            let term = Term::from_field_text(field, &text::keyword(code));
            if !terms.contains(&term) {
                terms.push(term);
            }
        };
        match column.name.as_str() {
            "brand" => {
                also(self.fields.brand_code, &written);
                if let Some(brand) = self.dictionary.brand(&written) {
                    also(column.field, &brand.name);
                }
            }
            "category" => {
                if self.dictionary.category(&written).is_none()
                    && let Some(category) = self.dictionary.category_for(&written, None)
                {
                    also(column.field, &category.code);
                }
            }
            "status" if !matches!(folded.as_str(), "draft" | "active" | "discontinued") => {
                let message = format!("'{written}' is no status; there are draft, active and discontinued");
                return Err(fault(value, message));
            }
            code => {
                if let Some(attribute) = self.dictionary.attribute(code)
                    && attribute.option(&written).is_none()
                    && let Some(option) = self.dictionary.option_for(attribute, &written)
                {
                    also(column.field, &option.code);
                }
            }
        }
        Ok(terms)
    }

    /// A number in the column's unit.
    fn amount(&self, value: &Literal, unit: Option<&str>) -> Result<f64, Fault> {
        let (digits, written) = split_unit(value);
        let amount: Decimal = digits.parse().map_err(|_| fault(value, format!("'{}' is no number", value.text)))?;
        let converted = match (unit, written) {
            (_, None) => amount,
            (None, Some(written)) => return Err(fault(value, format!("this attribute has no unit; leave out '{written}'"))),
            (Some(unit), Some(written)) => {
                let known = self.dictionary.unit(unit).and_then(|unit| self.dictionary.unit_in(&unit.family, &written));
                known
                    .and_then(|known| self.dictionary.convert(amount, &known.code, unit))
                    .ok_or_else(|| fault(value, format!("'{written}' is no unit that converts to {unit}")))?
            }
        };
        float(converted).ok_or_else(|| fault(value, format!("'{}' is too large", value.text)))
    }
}

fn fault(value: &Literal, message: String) -> Fault {
    Fault { at: value.at, message }
}

fn only_equality(column: &Column, operator: Operator, value: &Literal) -> Result<(), Fault> {
    if matches!(operator, Operator::Equal | Operator::NotEqual) {
        return Ok(());
    }
    let message = format!("'{}' has no order; use =, !=, IN, NOT IN or EXISTS instead of {}", column.name, operator.as_str());
    Err(Fault { at: value.at, message })
}

/// As numbers are kept in the index: there is one zero.
pub(super) fn float(amount: Decimal) -> Option<f64> {
    amount.to_f64().map(|amount| amount + 0.0)
}

fn number(value: &Literal) -> Result<f64, Fault> {
    let amount: Option<Decimal> = value.text.parse().ok();
    amount.and_then(float).ok_or_else(|| fault(value, format!("'{}' is no number", value.text)))
}

/// The number and the unit of `3 oz`, `3oz` and `"3 oz"`.
fn split_unit(value: &Literal) -> (String, Option<String>) {
    if value.unit.is_some() || value.text.parse::<Decimal>().is_ok() {
        return (value.text.clone(), value.unit.clone());
    }
    let digits: String = value
        .text
        .char_indices()
        .take_while(|(at, c)| c.is_ascii_digit() || *c == '.' || (*at == 0 && matches!(c, '-' | '+')))
        .map(|(_, c)| c)
        .collect();
    let unit = value.text.get(digits.len()..).unwrap_or_default().trim();
    (digits, (!unit.is_empty()).then(|| unit.to_owned()))
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn range(field: Field, low: Bound<f64>, high: Bound<f64>) -> AnyQuery {
    let of = |value: f64| Term::from_field_f64(field, value);
    Box::new(RangeQuery::new(low.map(of), high.map(of)))
}

fn compare_numbers(field: Field, operator: Operator, amount: f64) -> AnyQuery {
    match operator {
        // By its term: a list of a thousand numbers is no thousand scans.
        Operator::Equal | Operator::NotEqual => term(Term::from_field_f64(field, amount)),
        Operator::Less => range(field, Bound::Unbounded, Bound::Excluded(amount)),
        Operator::LessOrEqual => range(field, Bound::Unbounded, Bound::Included(amount)),
        Operator::Greater => range(field, Bound::Excluded(amount), Bound::Unbounded),
        Operator::GreaterOrEqual => range(field, Bound::Included(amount), Bound::Unbounded),
    }
}

/// A date is the whole day: its start, and the start of the next; a time is itself and the next microsecond.
fn period(text: &str) -> Option<(i64, i64)> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        let from = time.with_timezone(&Utc).timestamp_micros();
        return Some((from, from.checked_add(1)?));
    }
    let day = text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?.and_utc();
    Some((day.timestamp_micros(), day.checked_add_signed(TimeDelta::days(1))?.timestamp_micros()))
}

fn compare_times(field: Field, operator: Operator, from: i64, to: i64) -> AnyQuery {
    let of = |value: i64| Term::from_field_i64(field, value);
    let (low, high) = match operator {
        Operator::Equal | Operator::NotEqual => (Bound::Included(from), Bound::Excluded(to)),
        Operator::Less => (Bound::Unbounded, Bound::Excluded(from)),
        Operator::LessOrEqual => (Bound::Unbounded, Bound::Excluded(to)),
        Operator::Greater => (Bound::Included(to), Bound::Unbounded),
        Operator::GreaterOrEqual => (Bound::Included(from), Bound::Unbounded),
    };
    Box::new(RangeQuery::new(low.map(of), high.map(of)))
}

fn rating(column: &Column, numerals: (Field, Field), operator: Operator, value: &Literal) -> Result<AnyQuery, Fault> {
    let bound = Rating::parse(&value.text)
        .ok_or_else(|| fault(value, format!("'{}' is no IP code; write IPX4, IP67 or IP6X", value.text)))?;
    let exact = || term(Term::from_field_text(column.field, &text::keyword(&value.text.replace(['-', ' '], ""))));
    let parts = |operator: Operator| {
        let numeral = |field: Field, numeral: Option<u8>| {
            let of = |value: u8| Term::from_field_u64(field, value.into());
            numeral.map(|numeral| -> AnyQuery {
                let (low, high) = if operator == Operator::GreaterOrEqual {
                    (Bound::Included(of(numeral)), Bound::Unbounded)
                } else {
                    (Bound::Unbounded, Bound::Included(of(numeral)))
                };
                Box::new(RangeQuery::new(low, high))
            })
        };
        all([numeral(numerals.0, bound.dust), numeral(numerals.1, bound.water)].into_iter().flatten().collect())
    };
    // Strictly better: at least as good in every numeral named, and not the same in all of them.
    let but = |one: AnyQuery, other: AnyQuery| all(vec![one, not(other)]);
    Ok(match operator {
        Operator::Equal | Operator::NotEqual => exact(),
        Operator::GreaterOrEqual | Operator::LessOrEqual => parts(operator),
        Operator::Greater => but(parts(Operator::GreaterOrEqual), parts(Operator::LessOrEqual)),
        Operator::Less => but(parts(Operator::LessOrEqual), parts(Operator::GreaterOrEqual)),
    })
}

/// The most similar name, when one is similar at all.
pub(super) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Names are short; a long wrong one is no misspelling.
    if wanted.len() > 64 {
        return None;
    }
    let wanted = wanted.to_lowercase();
    let near = names.map(|name| {
        // Half a name is as likely a slip as a letter: `light_output` for `light_output_max`.
        let distance =
            if name.starts_with(&wanted) && wanted.len() >= 4 { 1 } else { strsim::damerau_levenshtein(&wanted, name) };
        (distance, name)
    });
    near.min().filter(|(distance, name)| *distance <= 2.max(name.chars().count() / 3)).map(|(_, name)| name)
}

/// Nothing.
pub(super) fn nothing() -> AnyQuery {
    Box::new(EmptyQuery)
}
