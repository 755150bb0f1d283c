//! Search: a tantivy index that follows the change log, and the questions it answers.
//!
//! The index is derived and can be rebuilt at any time. Writers of the catalogue never touch it: a [`Feeder`] reads the change log
//! after the cursor that stands in the index's own last commit, replaces the products that changed, commits with the new cursor,
//! and only when the reader shows that commit publishes the cursor, for whoever waits on [`Search::wait_visible`].
//!
//! One process feeds an index, the one that holds the lock in its folder (`index`); all read it through [`Search`].
//!
//! | file | |
//! |---|---|
//! | `fields`, `document` | the schema from the dictionary, a product as a document |
//! | `text` | how text becomes words |
//! | `index`, `writer`, `reader`, `feeder` | versions and lock, commits, views, following the log |
//! | `agree` | does the index hold what the catalogue holds? |
//! | `compile`, `complement` | what a filter (see [`crate::filter`]) means to the index |
//! | `phrase`, `meaning` | what a person typed, and words that mean a value |
//! | `api` | the search over HTTP |
//! | `query`, `sort`, `facets`, `cursor`, `pins`, `suggest` | a search and its pages |

pub mod agree;
pub mod api;
pub mod bare;
mod compile;
mod complement;
mod cursor;
mod document;
pub mod facets;
mod feeder;
pub mod fields;
mod index;
mod meaning;
mod phrase;
mod pins;
mod queries;
pub mod query;
mod reader;
mod sort;
pub mod suggest;
mod text;
mod writer;

pub use feeder::{Feeder, Reindexed, catch_up, reindex};
pub use fields::Fields;
pub use reader::Search;

use crate::pricing::Money;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// Words; blank finds everything.
    pub q: String,
    /// A filter expression, see [`crate::filter`].
    pub filter: Option<String>,
    /// Columns whose values are counted over the whole result.
    pub facets: Vec<String>,
    /// `relevance`, a column, or `-` and a column. Blank words are sorted by SKU when nothing is said.
    pub sort: Option<String>,
    /// BCP 47 tag of the language searched in; `en` when nothing is said.
    pub locale: Option<String>,
    /// Hits of the page, 1 to 1,000; 50 when nothing is said.
    pub limit: Option<usize>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// What the caller may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchScope {
    /// Only products that are ready on this channel.
    pub ready_on_channel: Option<String>,
}

/// One page of a search.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SearchPage {
    /// Hits, best first.
    pub items: Vec<Hit>,
    /// Counted values by column, the most frequent first, at most 50 each.
    pub facets: BTreeMap<String, Vec<FacetValue>>,
    /// How many products there are in all.
    pub total: Total,
    /// Cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// One product found.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Hit {
    /// Stable key.
    pub sku: String,
    /// Title in the asked locale, else its language, else English, else any.
    pub title: Option<String>,
    /// Brand name.
    pub brand: Option<String>,
    /// Model name.
    pub model: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// `draft`, `active` or `discontinued`.
    pub status: String,
    /// 14 digits.
    pub gtin: Option<String>,
    /// Manufacturer's part number.
    pub mpn: Option<String>,
    /// Code of its product group.
    pub group: Option<String>,
    /// What may be sold.
    pub available: i64,
    /// What the default channel asks for it: `{"amount","currency"}`.
    #[schema(value_type = Option<Object>)]
    pub price: Option<Money>,
    /// Where its first usable picture can be looked at: the address that was named, or a path of this house.
    pub image: Option<String>,
}

/// A value and how many products have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FacetValue {
    /// The code, name or number.
    pub value: String,
    /// Products of the result that have it.
    pub count: u64,
}

/// How many products were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Total {
    /// The number, exact or a lower bound.
    pub value: u64,
    /// Which of the two.
    pub relation: Relation,
}

/// Is a total exact?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Exact.
    Eq,
    /// There are at least so many.
    Gte,
}

/// Completions of what is being typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Suggestions {
    /// Brands, then models, then titles.
    pub items: Vec<Suggestion>,
}

/// One completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Suggestion {
    /// What to search for.
    pub text: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// The product, where it is a product's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
}

/// What a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionKind {
    /// A brand's name.
    Brand,
    /// Brand and model.
    Model,
    /// A product's title.
    Product,
}

impl Hit {
    fn of(stored: document::StoredHit, locale: &str) -> Self {
        let titles = &stored.title;
        let base = locale.split(['-', '_']).next().unwrap_or(locale);
        let title = [locale, base, "en"].iter().find_map(|tag| titles.get(*tag)).or_else(|| titles.values().next()).cloned();
        Self {
            sku: stored.sku,
            title,
            brand: stored.brand,
            model: stored.model,
            category: stored.category,
            status: stored.status,
            gtin: stored.gtin,
            mpn: stored.mpn,
            group: stored.group,
            available: stored.available,
            price: stored.price,
            image: stored.image,
        }
    }
}

#[cfg(test)]
mod tests;
