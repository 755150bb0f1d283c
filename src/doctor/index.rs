//! The index: it holds every product once, in the state that the catalogue has, as new as the log.

use super::{Finding, LISTED, derived, mended};
use crate::app::App;
use crate::db::changes;
use crate::error::Result;
use crate::search::agree::{Apart, compare};
use crate::search::{catch_up, reindex};
use std::time::Duration;

/// How long the index may take to come to where the log stood.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn examine(app: &App) -> Result<Vec<Finding>> {
    let head = app.db.read(changes::head).await?;
    app.search.refresh()?;
    if !app.search.is_ready() {
        return Ok(vec![derived("index", "missing", "index", "there is no search index; run 'beamline reindex'")]);
    }
    // Whoever feeds the index may be in the middle of it; only one that does not come is behind.
    if app.search.wait_visible(&head, PATIENCE).await.is_err() {
        let what =
            "the index has not followed the change log to its end; is a 'beamline serve' running? else run 'beamline reindex'";
        return Ok(vec![derived("index", "behind", "index", what)]);
    }
    let apart = compare(&app.db, &app.search, LISTED, PATIENCE).await?;
    Ok(apart.filter(|apart| !apart.is_nothing()).map_or_else(Vec::new, told))
}

fn told(apart: Apart) -> Vec<Finding> {
    let Apart { skus, differ, documents, products } = apart;
    let named = skus.len() as u64;
    let stale = |sku| derived("index", "differs", sku, "the index does not show it as it is; run 'beamline reindex'");
    let mut findings: Vec<Finding> = skus.into_iter().map(stale).collect();
    if differ > named {
        let message = format!("{} more products are not in the index as they are", differ - named);
        findings.push(derived("index", "more", "products", message));
    }
    if documents != products {
        let message = format!("the index holds {documents} products, the catalogue {products}; run 'beamline reindex'");
        findings.push(derived("index", "count", "index", message));
    }
    findings
}

/// Follows the log to its end, and builds anew where that is not enough.
pub(super) async fn repair(app: &App) -> Result<Vec<Finding>> {
    catch_up(app).await?;
    let apart = compare(&app.db, &app.search, 0, PATIENCE).await?;
    if apart.is_some_and(|apart| apart.is_nothing()) {
        return Ok(vec![mended("index", "followed", "index", "the index has followed the change log to its end")]);
    }
    let built = reindex(app).await?;
    let by = if built.by_holder { ", by the process that feeds it" } else { "" };
    Ok(vec![mended("index", "rebuilt", "index", format!("the index was built anew with {} products{by}", built.products))])
}
