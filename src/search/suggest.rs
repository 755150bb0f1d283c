//! Completions while a person types: brands, models and titles whose words begin like the typed ones.

use super::phrase::{MAX_QUERY_CHARS, Strictness};
use super::reader::Search;
use super::text;
use super::{Hit, SearchScope, Suggestion, SuggestionKind, Suggestions};
use crate::error::{Code, Error, Result};
use std::collections::HashSet;
use tantivy::collector::TopDocs;

/// Suggestions when nothing is said.
pub const DEFAULT_LIMIT: usize = 10;
/// Suggestions at most.
pub const MAX_LIMIT: usize = 20;
/// Products that suggestions are drawn from.
const DRAWN_FROM: usize = 100;

impl Search {
    /// Completes `typed`. Blocking; see [`Search::suggest`].
    pub fn complete(&self, typed: &str, locale: &str, limit: Option<usize>, scope: &SearchScope) -> Result<Suggestions> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(Error::new(Code::InvalidParameter, format!("limit is {limit}; it may be 1 to {MAX_LIMIT}")));
        }
        if typed.chars().count() > MAX_QUERY_CHARS {
            return Err(Error::new(Code::InvalidParameter, format!("q is longer than {MAX_QUERY_CHARS} characters")));
        }
        let words: Vec<String> = text::words(typed).iter().map(text::Word::plain).collect();
        if words.is_empty() {
            return Ok(Suggestions { items: Vec::new() });
        }
        let view = self.newest()?;
        let narrowing = self.narrowing(None, None, scope);
        for stage in 0..Strictness::ALL.len() - 1 {
            let query = self.whole(typed.trim(), stage, locale, &narrowing);
            let top = view.searcher.search(query.as_ref(), &TopDocs::with_limit(DRAWN_FROM).order_by_score());
            let hits: Vec<Hit> = top
                .map_err(Error::internal)?
                .into_iter()
                .map(|(_, address)| self.hit(&view.searcher, address, locale))
                .collect::<Result<_>>()?;
            if !hits.is_empty() {
                // A misspelt word begins nothing; then whatever was found is suggested.
                let fits = |text: &str| stage > 0 || begins(text, &words);
                return Ok(Suggestions { items: draw(&hits, fits, limit) });
            }
        }
        Ok(Suggestions { items: Vec::new() })
    }

    /// Completes, off the runtime's threads.
    pub async fn suggest(&self, typed: String, locale: String, limit: Option<usize>, scope: SearchScope) -> Result<Suggestions> {
        self.in_turn(move |search| search.complete(&typed, &locale, limit, &scope)).await
    }
}

/// Brands first, then models, then titles.
fn draw(hits: &[Hit], fits: impl Fn(&str) -> bool, limit: usize) -> Vec<Suggestion> {
    let brands = hits.iter().filter_map(|hit| Some((hit.brand.clone()?, SuggestionKind::Brand, None)));
    let models = hits.iter().filter_map(|hit| {
        let model = hit.model.as_ref()?;
        let text = hit.brand.as_ref().map_or_else(|| model.clone(), |brand| format!("{brand} {model}"));
        Some((text, SuggestionKind::Model, None))
    });
    let titles = hits.iter().filter_map(|hit| Some((hit.title.clone()?, SuggestionKind::Product, Some(hit.sku.clone()))));
    let mut seen = HashSet::new();
    brands
        .chain(models)
        .chain(titles)
        .filter(|(text, ..)| fits(text) && seen.insert(text::keyword(text)))
        .take(limit)
        .map(|(text, kind, sku)| Suggestion { text, kind, sku })
        .collect()
}

/// Does every typed word begin a word of the text?
fn begins(candidate: &str, typed: &[String]) -> bool {
    let words = text::words(candidate);
    typed.iter().all(|typed| {
        words.iter().any(|word| word.plain().starts_with(typed) || word.parts.iter().any(|part| part.starts_with(typed)))
    })
}
