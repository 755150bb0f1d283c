//! Does the index hold what the catalogue holds?
//!
//! Every document carries a checksum of the state it was made of: the product's version, which counts every edit of its catalogue
//! data, and what a version does not count (stock, price, names that stand elsewhere, channels it is ready on). Comparing walks the
//! catalogue in pages and looks each product up, so that its memory is that of a page.

use super::queries::{newest, ready_channels};
use super::reader::{Search, View};
use crate::catalog::ProductView;
use crate::catalog::queries::{product_count, views, views_after};
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED, Term};

/// Products compared at once.
const PAGE: i64 = 1_000;
/// Products that are looked at again; where more differ, it is no passing matter.
const AGAIN: usize = 1_000;
/// Looks at what differed: whoever feeds the index may be about to bring it.
const LOOKS: usize = 3;

/// How index and catalogue differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Apart {
    /// The first SKUs that the index lacks, or holds in another state.
    pub skus: Vec<String>,
    /// How many there are.
    pub differ: u64,
    /// Documents of the index.
    pub documents: u64,
    /// Products of the catalogue.
    pub products: u64,
}

impl Apart {
    /// Do they hold the same?
    pub fn is_nothing(&self) -> bool {
        self.differ == 0 && self.documents == self.products
    }
}

/// The state of a product that a document is of.
pub(super) fn checksum(view: &ProductView, ready_on: &[String]) -> u64 {
    let mut ready: Vec<&str> = ready_on.iter().map(String::as_str).collect();
    ready.sort_unstable();
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    };
    let price = view.price.map_or_else(String::new, |price| format!("{} {}", price.minor, price.currency.code()));
    for text in [&view.sku, &view.version.to_string(), &view.available.to_string(), &price] {
        add(text);
    }
    add(view.status.as_str());
    for name in [&view.brand, &view.group] {
        add(name.as_deref().unwrap_or_default());
    }
    for list in [view.suppliers.iter().map(String::as_str).collect::<Vec<_>>(), ready] {
        add(&list.len().to_string());
        list.into_iter().for_each(&mut add);
    }
    u64::from_le_bytes(hash.finalize().first_chunk().copied().unwrap_or_default())
}

/// Compares all of the catalogue with what searches now see; `first` SKUs are named. What differs is looked at again while whoever
/// feeds the index follows the log, at most `patience` a time. None when there is no index.
pub async fn compare(db: &Db, search: &Search, first: usize, patience: Duration) -> Result<Option<Apart>> {
    let mut apart = Apart::default();
    let mut suspects: Vec<i64> = Vec::new();
    let mut after = 0;
    loop {
        let Some(view) = search.view() else { return Ok(None) };
        let page = db.read(move |conn| with_ready(conn, |conn| views_after(conn, after, PAGE))).await?;
        let Some(last) = page.last().map(|(view, _)| view.id) else { break };
        after = last;
        let page: Page = page.into_iter().filter(|(view, _)| view.merged_into.is_none()).collect();
        let wrong = differing(search, view, page).await?;
        apart.differ += wrong.len() as u64;
        let room = (AGAIN + 1).saturating_sub(suspects.len());
        suspects.extend(wrong.iter().take(room).map(|(id, _)| *id));
        let names = first.saturating_sub(apart.skus.len());
        apart.skus.extend(wrong.into_iter().take(names).map(|(_, sku)| sku));
    }
    for _ in 0..LOOKS {
        let (products, head) = db.read(|conn| Ok((product_count(conn)?, newest(conn)?))).await?;
        let waited = search.wait_visible(&head, patience).await;
        let Some(view) = search.view() else { return Ok(None) };
        apart.products = products.unsigned_abs();
        apart.documents = view.searcher.num_docs();
        if waited.is_ok() && (1..=AGAIN).contains(&suspects.len()) {
            let ids = std::mem::take(&mut suspects);
            let page = db.read(move |conn| with_ready(conn, |conn| views(conn, &ids))).await?;
            let wrong = differing(search, view, page).await?;
            apart.differ = wrong.len() as u64;
            apart.skus = wrong.iter().take(first).map(|(_, sku)| sku.clone()).collect();
            suspects = wrong.into_iter().map(|(id, _)| id).collect();
        }
        if apart.is_nothing() {
            break;
        }
    }
    Ok(Some(apart))
}

type Page = Vec<(ProductView, Vec<String>)>;

fn with_ready(conn: &mut Conn, read: impl FnOnce(&mut Conn) -> Result<Vec<ProductView>>) -> Result<Page> {
    let views = read(conn)?;
    let ids: Vec<i64> = views.iter().map(|view| view.id).collect();
    let mut ready = ready_channels(conn, &ids)?;
    Ok(views
        .into_iter()
        .map(|view| (ready.remove(&view.id), view))
        .map(|(ready, view)| (view, ready.unwrap_or_default()))
        .collect())
}

/// Id and SKU of the products of which the index does not hold exactly this one state.
async fn differing(search: &Search, view: View, page: Page) -> Result<Vec<(i64, String)>> {
    let search = search.clone();
    let look = move || {
        let fields = search.fields();
        let mut held: Vec<Vec<u64>> = vec![Vec::new(); page.len()];
        for segment in view.searcher.segment_readers() {
            let index = segment.inverted_index(fields.product_id).map_err(Error::internal)?;
            let sums = segment.fast_fields().u64("checksum").map_err(Error::internal)?;
            for ((product, _), held) in page.iter().zip(&mut held) {
                let term = Term::from_field_u64(fields.product_id, u64::try_from(product.id).unwrap_or_default());
                let found = index.read_postings(&term, IndexRecordOption::Basic).map_err(Error::internal)?;
                let Some(mut found) = found else { continue };
                while found.doc() != TERMINATED {
                    if segment.alive_bitset().is_none_or(|alive| alive.is_alive(found.doc())) {
                        held.push(sums.first(found.doc()).unwrap_or_default());
                    }
                    found.advance();
                }
            }
        }
        let wrong = page.into_iter().zip(held).filter(|((view, ready), held)| *held != [checksum(view, ready)]);
        Ok(wrong.map(|((view, _), _)| (view.id, view.sku)).collect())
    };
    tokio::task::spawn_blocking(look).await.map_err(Error::internal)?
}
