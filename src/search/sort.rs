//! Order by a column: ties by SKU, products without a value last in both directions, and the query for what follows a hit.

use super::compile::{AnyQuery, all, any, nearest, not, term};
use super::cursor::SortValue;
use super::fields::{Column, ColumnKind, Fields};
use super::text;
use crate::error::{Code, Error, Result};
use std::ops::Bound;
use tantivy::collector::TopDocs;
use tantivy::collector::sort_key::{SortByStaticFastValue, SortByString};
use tantivy::query::{Query, RangeQuery};
use tantivy::schema::Field;
use tantivy::{DocAddress, Order, Searcher, Term};

/// A hit of a sorted search: its value, its SKU and where it is.
pub(super) type SortedHit = (Option<SortValue>, String, DocAddress);

/// By what and in which direction.
pub(super) struct Sort<'a> {
    fields: &'a Fields,
    column: &'a Column,
    field: Field,
    descending: bool,
}

impl<'a> Sort<'a> {
    /// Reads `field` or `-field`; none for relevance.
    pub fn parse(text: &str, fields: &'a Fields) -> Result<Option<Self>> {
        if text.is_empty() || text == "relevance" {
            return Ok(None);
        }
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let sortable = fields.column(name).and_then(|column| Some((column, column.sort?)));
        let Some((column, field)) = sortable else {
            let names = fields.columns().filter(|column| column.sort.is_some()).map(|column| column.name.as_str());
            let hint = nearest(name, names).map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
            return Err(Error::new(Code::InvalidParameter, format!("'{name}' cannot be sorted by{hint}")));
        };
        Ok(Some(Self { fields, column, field, descending }))
    }

    /// The first `limit` hits.
    pub fn top(&self, searcher: &Searcher, query: &dyn Query, limit: usize) -> Result<Vec<SortedHit>> {
        let order = if self.descending { Order::Desc } else { Order::Asc };
        let name = self.fields.name(self.field);
        let sku = (SortByString::for_field(self.fields.name(self.fields.sku)), Order::Asc);
        let top = TopDocs::with_limit(limit.max(1));
        let hits = if self.column.sorts_as_text() {
            let found = searcher.search(query, &top.order_by(((SortByString::for_field(name), order), sku)));
            shape(found, SortValue::Text)
        } else if self.column.kind == ColumnKind::Time {
            let found = searcher.search(query, &top.order_by(((SortByStaticFastValue::<i64>::for_field(name), order), sku)));
            shape(found, SortValue::Time)
        } else {
            let found = searcher.search(query, &top.order_by(((SortByStaticFastValue::<f64>::for_field(name), order), sku)));
            shape(found, |value| SortValue::Number(value.to_bits()))
        };
        hits.map_err(Error::internal)
    }

    /// Everything after the hit of this value and SKU.
    pub fn after(&self, value: Option<&SortValue>, sku: &str) -> Result<AnyQuery> {
        let name = text::keyword(&self.column.name);
        let missing = not(term(Term::from_field_text(self.fields.has, &name)));
        let later_sku = range(Bound::Excluded(Term::from_field_text(self.fields.sku, sku)), Bound::Unbounded);
        let Some(value) = value else { return Ok(all(vec![missing, later_sku])) };
        let here = self.term(value)?;
        let beyond = if self.descending {
            range(Bound::Unbounded, Bound::Excluded(here.clone()))
        } else {
            range(Bound::Excluded(here.clone()), Bound::Unbounded)
        };
        let same = range(Bound::Included(here.clone()), Bound::Included(here));
        Ok(any(vec![beyond, all(vec![same, later_sku]), missing]))
    }

    fn term(&self, value: &SortValue) -> Result<Term> {
        let is_text = self.column.sorts_as_text();
        let is_time = self.column.kind == ColumnKind::Time;
        match value {
            SortValue::Text(text) if is_text => Ok(Term::from_field_text(self.field, text)),
            SortValue::Time(time) if is_time => Ok(Term::from_field_i64(self.field, *time)),
            SortValue::Number(bits) if !is_text && !is_time && f64::from_bits(*bits).is_finite() => {
                Ok(Term::from_field_f64(self.field, f64::from_bits(*bits)))
            }
            _ => Err(Error::new(Code::InvalidCursor, "this cursor was not made for this sort; leave 'after' out to begin anew")),
        }
    }
}

fn range(low: Bound<Term>, high: Bound<Term>) -> AnyQuery {
    Box::new(RangeQuery::new(low, high))
}

type Keyed<T> = Vec<((Option<T>, Option<String>), DocAddress)>;

fn shape<T>(found: tantivy::Result<Keyed<T>>, value: impl Fn(T) -> SortValue) -> tantivy::Result<Vec<SortedHit>> {
    let hits = found?.into_iter();
    Ok(hits.map(|((key, sku), address)| (key.map(&value), sku.unwrap_or_default(), address)).collect())
}
