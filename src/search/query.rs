//! One search: text, filter, scope, order, page.

use super::compile::{AnyQuery, all, compile, term};
use super::cursor::{Cursor, SortValue, asked};
use super::document::StoredHit;
use super::facets::Facets;
use super::fields::language;
use super::phrase::{MAX_QUERY_CHARS, Reading, Strictness, constant};
use super::reader::{Search, View};
use super::sort::Sort;
use super::text;
use super::{Hit, Relation, SearchPage, SearchRequest, SearchScope, Total};
use crate::error::{Code, Error, Result};
use crate::filter::{self, Expr};
use std::sync::PoisonError;
use tantivy::collector::TopDocs;
use tantivy::query::{AllQuery, BooleanQuery, EnableScoring, Occur, Query, TermSetQuery};
use tantivy::schema::Value;
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, TantivyDocument, Term};

/// Hits of a page when nothing is said.
pub const DEFAULT_LIMIT: usize = 50;
/// Hits of a page at most.
pub const MAX_LIMIT: usize = 1_000;
/// How far a relevance search can be paged.
pub const MAX_RELEVANCE_HITS: usize = 10_000;
/// Totals are counted this far.
pub const MAX_TOTAL: u64 = 100_000;

/// What was found: documents in order, and where the page ends.
struct Found {
    addresses: Vec<DocAddress>,
    next: Option<Cursor>,
}

impl Search {
    /// Searches. Blocking; see [`Search::search`].
    pub fn query(&self, request: &SearchRequest, scope: &SearchScope) -> Result<SearchPage> {
        let inner = &*self.inner;
        let invalid = |detail: String| Error::new(Code::InvalidParameter, detail);
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(invalid(format!("limit is {limit}; it may be 1 to {MAX_LIMIT}")));
        }
        let typed = request.q.trim();
        if typed.chars().count() > MAX_QUERY_CHARS {
            return Err(invalid(format!("q is longer than {MAX_QUERY_CHARS} characters")));
        }
        let facets = Facets::parse(&request.facets, self.fields())?;
        let filter = request.filter.as_deref().filter(|filter| !filter.trim().is_empty()).map(filter::parse).transpose()?;
        let about_suppliers = filter.as_ref().is_some_and(|filter| filter.mentions("supplier"))
            || request.facets.iter().any(|facet| facet.eq_ignore_ascii_case("supplier"));
        if scope.ready_on_channel.is_some() && about_suppliers {
            return Err(Error::new(Code::Forbidden, "a channel key may not ask about suppliers; leave 'supplier' out"));
        }
        let compiled = filter.as_ref().map(|filter| compile(filter, self.fields(), &inner.dictionary)).transpose()?;
        // Without words there is no relevance; the SKU's order is stable and can be paged to its end.
        let default = if typed.is_empty() { "sku" } else { "relevance" };
        let ordered = request.sort.as_deref().filter(|sort| !sort.is_empty()).unwrap_or(default);
        let sort = Sort::parse(if typed.is_empty() && ordered == "relevance" { "sku" } else { ordered }, self.fields())?;
        let locale = request.locale.as_deref().unwrap_or("en");
        let asked = asked(&[
            typed,
            &filter.as_ref().map(Expr::to_string).unwrap_or_default(),
            ordered,
            &language(locale),
            scope.ready_on_channel.as_deref().unwrap_or_default(),
        ]);
        let cursor = request.after.as_deref().map(|after| Cursor::decode(after, &asked)).transpose()?;
        let view = self.view_for(cursor.as_ref())?;

        let narrowing = self.narrowing(filter.as_ref(), compiled, scope);
        let query = |stage: usize| self.whole(typed, stage, locale, &narrowing);
        let (stage, whole, total) = match &cursor {
            Some(Cursor::Relevance { stage, .. } | Cursor::Sorted { stage, .. }) => {
                let whole = query(*stage);
                let total = count(&view.searcher, &*whole)?;
                (*stage, whole, total)
            }
            None => first_that_finds(typed, &view.searcher, query)?,
        };
        let found = match sort {
            Some(sort) => sorted(&view, &sort, whole.as_ref(), limit, cursor.as_ref(), (stage, asked))?,
            None => self.relevant(&view, whole.as_ref(), limit, cursor.as_ref(), (stage, asked))?,
        };
        let items = found.addresses.iter().map(|address| self.hit(&view.searcher, *address, locale)).collect::<Result<_>>()?;
        let facets = facets.count(&view.searcher, whole.as_ref())?;
        let next = found.next.map(|cursor| cursor.encode()).transpose()?;
        Ok(SearchPage { items, facets, total, next })
    }

    /// Searches, off the runtime's threads.
    pub async fn search(&self, request: SearchRequest, scope: SearchScope) -> Result<SearchPage> {
        self.in_turn(move |search| search.query(&request, &scope)).await
    }

    /// The view a page is cut from: the kept one of its cursor, else the newest.
    fn view_for(&self, cursor: Option<&Cursor>) -> Result<View> {
        if let Some(Cursor::Relevance { pin, shown, .. }) = cursor {
            let mut pins = self.inner.pins.lock().unwrap_or_else(PoisonError::into_inner);
            let view = pins.get(pin, self.inner.clock.now()).filter(|_| *shown < MAX_RELEVANCE_HITS);
            return view.ok_or_else(|| {
                let detail = "this page is no longer kept; search anew, or sort by a field to page without limit";
                Error::new(Code::CursorExpired, detail)
            });
        }
        self.newest()
    }

    pub(super) fn newest(&self) -> Result<View> {
        self.view().ok_or_else(|| Error::new(Code::Unavailable, "the search index is being built; try again in a moment"))
    }

    /// Filter, scope and the usual status, as one query.
    pub(super) fn narrowing(&self, filter: Option<&Expr>, compiled: Option<AnyQuery>, scope: &SearchScope) -> AnyQuery {
        let mut parts: Vec<AnyQuery> = compiled.into_iter().collect();
        if !filter.is_some_and(|filter| filter.mentions("status"))
            && let Some(column) = self.fields().column("status")
        {
            let usual = ["active", "draft"].map(|status| Term::from_field_text(column.field, status));
            parts.push(Box::new(TermSetQuery::new(usual)));
        }
        if let Some(channel) = &scope.ready_on_channel {
            parts.push(term(Term::from_field_text(self.fields().ready_on, &text::keyword(channel))));
        }
        all(parts)
    }

    pub(super) fn whole(&self, typed: &str, stage: usize, locale: &str, narrowing: &AnyQuery) -> AnyQuery {
        let narrowing = constant(narrowing.box_clone(), 0.0);
        if typed.is_empty() {
            return Box::new(BooleanQuery::new(vec![(Occur::Must, Box::new(AllQuery)), (Occur::Must, narrowing)]));
        }
        let inner = &*self.inner;
        let reading = Reading {
            fields: &inner.fields,
            dictionary: &inner.dictionary,
            meanings: &inner.meanings,
            tokenizers: &inner.tokenizers,
            language: inner.fields.language(locale),
        };
        let strictness = Strictness::ALL.get(stage).copied().unwrap_or(Strictness::Some);
        Box::new(BooleanQuery::new(vec![(Occur::Must, reading.query(typed, strictness)), (Occur::Must, narrowing)]))
    }

    fn relevant(
        &self,
        view: &View,
        query: &dyn Query,
        limit: usize,
        cursor: Option<&Cursor>,
        (stage, asked): (usize, String),
    ) -> Result<Found> {
        let shown = if let Some(Cursor::Relevance { shown, .. }) = cursor { *shown } else { 0 };
        let limit = limit.min(MAX_RELEVANCE_HITS.saturating_sub(shown)).max(1);
        let top = TopDocs::with_limit(limit + 1).and_offset(shown).order_by_score();
        let mut addresses: Vec<DocAddress> =
            view.searcher.search(query, &top).map_err(Error::internal)?.into_iter().map(|(_, address)| address).collect();
        let more = addresses.len() > limit;
        addresses.truncate(limit);
        let next = more.then(|| {
            let mut pins = self.inner.pins.lock().unwrap_or_else(PoisonError::into_inner);
            let pin = pins.keep(view, self.inner.clock.now());
            Cursor::Relevance { pin, stage, shown: shown + limit, asked }
        });
        Ok(Found { addresses, next })
    }

    pub(super) fn hit(&self, searcher: &Searcher, address: DocAddress, locale: &str) -> Result<Hit> {
        let document: TantivyDocument = searcher.doc(address).map_err(Error::internal)?;
        let stored = document.get_first(self.fields().hit).and_then(|value| value.as_str()).unwrap_or_default();
        let stored: StoredHit = serde_json::from_str(stored)?;
        Ok(Hit::of(stored, locale))
    }
}

/// The strictest reading of the words that finds anything.
fn first_that_finds(typed: &str, searcher: &Searcher, query: impl Fn(usize) -> AnyQuery) -> Result<(usize, AnyQuery, Total)> {
    let last = if typed.is_empty() { 0 } else { Strictness::ALL.len() - 1 };
    let mut stage = 0;
    loop {
        let whole = query(stage);
        let total = count(searcher, whole.as_ref())?;
        if total.value > 0 || stage >= last {
            return Ok((stage, whole, total));
        }
        stage += 1;
    }
}

fn sorted(
    view: &View,
    sort: &Sort<'_>,
    query: &dyn Query,
    limit: usize,
    cursor: Option<&Cursor>,
    (stage, asked): (usize, String),
) -> Result<Found> {
    let mut hits = match cursor {
        Some(Cursor::Sorted { value, sku, .. }) => {
            let rest = all(vec![query.box_clone(), sort.after(value.as_ref(), sku)?]);
            sort.top(&view.searcher, rest.as_ref(), limit + 1)?
        }
        _ => sort.top(&view.searcher, query, limit + 1)?,
    };
    let more = hits.len() > limit;
    hits.truncate(limit);
    let last: Option<(Option<SortValue>, String)> = hits.last().map(|(value, sku, _)| (value.clone(), sku.clone()));
    let next = last.filter(|_| more).map(|(value, sku)| Cursor::Sorted { value, sku, stage, asked });
    Ok(Found { addresses: hits.into_iter().map(|(_, _, address)| address).collect(), next })
}

/// Counts up to [`MAX_TOTAL`].
fn count(searcher: &Searcher, query: &dyn Query) -> Result<Total> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher)).map_err(Error::internal)?;
    let mut value = 0;
    for reader in searcher.segment_readers() {
        let mut scorer = weight.scorer(reader, 1.0).map_err(Error::internal)?;
        let alive = reader.alive_bitset();
        let mut doc = scorer.doc();
        while doc != TERMINATED {
            if alive.is_none_or(|alive| alive.is_alive(doc)) {
                value += 1;
                if value > MAX_TOTAL {
                    return Ok(Total { value: MAX_TOTAL, relation: Relation::Gte });
                }
            }
            doc = scorer.advance();
        }
    }
    Ok(Total { value, relation: Relation::Eq })
}
