//! How many products of a result have each value of a column.
//!
//! Codes, names and flags are counted by value; so are numbers, whose values in a catalogue are few (light outputs, years). The 50
//! most frequent values are given, the most frequent first. Intervals, times and texts have no counts.

use super::FacetValue;
use super::compile::nearest;
use super::fields::Fields;
use crate::error::{Code, Error, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tantivy::Searcher;
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::aggregation::{AggContextParams, AggregationCollector, AggregationLimitsGuard};
use tantivy::query::Query;
use tantivy::tokenizer::TokenizerManager;

/// Facets of one search.
pub const MAX_FACETS: usize = 20;
/// Values of one facet.
pub const MAX_VALUES: usize = 50;
/// Memory that counting may take.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The names in `brand,ip_rating`; blanks are left out.
pub fn names(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The facets of a search, checked.
pub(super) struct Facets<'a> {
    fields: &'a Fields,
    names: Vec<String>,
}

impl<'a> Facets<'a> {
    pub fn parse(names: &[String], fields: &'a Fields) -> Result<Self> {
        let invalid = |detail: String| Error::new(Code::InvalidParameter, detail);
        if names.len() > MAX_FACETS {
            return Err(invalid(format!("{} facets are asked for; {MAX_FACETS} are allowed", names.len())));
        }
        for name in names {
            if !fields.column(name).is_some_and(super::fields::Column::is_facet) {
                let known = fields.columns().filter(|column| column.is_facet()).map(|column| column.name.as_str());
                let hint = nearest(name, known).map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
                return Err(invalid(format!("'{name}' is no facet{hint}")));
            }
        }
        Ok(Self { fields, names: names.to_vec() })
    }

    /// Counts over everything the query finds.
    pub fn count(&self, searcher: &Searcher, query: &dyn Query) -> Result<BTreeMap<String, Vec<FacetValue>>> {
        if self.names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut request = serde_json::Map::new();
        for name in &self.names {
            if let Some(column) = self.fields.column(name) {
                let field = self.fields.name(column.field);
                request.insert(name.clone(), json!({"terms": {"field": field, "size": MAX_VALUES, "segment_size": 1_000}}));
            }
        }
        let request: Aggregations = serde_json::from_value(Value::Object(request))?;
        let limits = AggregationLimitsGuard::new(Some(MAX_BYTES), None);
        let collector = AggregationCollector::from_aggs(request, AggContextParams::new(limits, TokenizerManager::default()));
        let counted = searcher.search(query, &collector).map_err(Error::internal)?;
        let counted = serde_json::to_value(counted)?;
        Ok(self.names.iter().map(|name| (name.clone(), values(counted.get(name)))).collect())
    }
}

fn values(counted: Option<&Value>) -> Vec<FacetValue> {
    let buckets = counted.and_then(|facet| facet.get("buckets")).and_then(Value::as_array);
    let mut values: Vec<FacetValue> = buckets
        .into_iter()
        .flatten()
        .filter_map(|bucket| {
            let value = match (bucket.get("key_as_string"), bucket.get("key")?) {
                (Some(Value::String(text)), _) | (_, Value::String(text)) => text.clone(),
                (_, Value::Number(number)) => plain(number.as_f64()?),
                _ => return None,
            };
            Some(FacetValue { value, count: bucket.get("doc_count")?.as_u64()? })
        })
        .collect();
    values.sort_by(|left, right| right.count.cmp(&left.count).then_with(|| left.value.cmp(&right.value)));
    values
}

/// `600`, not `600.0`.
fn plain(number: f64) -> String {
    number.to_string()
}
