//! Doctor: do the database, the index, the files and the ledgers agree?
//!
//! It looks and tells; what it finds names the thing, what is wrong and what to do. Everything derived can be rebuilt: golden records
//! from offers (`beamline resolve --all`), the index from the catalogue (`beamline reindex`).

use crate::app::App;
use crate::catalog::golden;
use crate::catalog::queries::{Rules, product_ids_after};
use crate::channels::{publish, store};
use crate::db::{Conn, changes};
use crate::error::Result;
use crate::files;
use crate::import::queries::imports_open;
use crate::jobs::queries::{job_of_import_is_alive, jobs_dead};
use crate::search::SearchRequest;
use crate::stock::queries::levels_off_ledger;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which examination found it: `golden`, `stock`, `index`, `files`, `imports`, `jobs`.
    pub area: &'static str,
    /// A stable code.
    pub code: &'static str,
    /// What it is about: a SKU, a file, an id.
    pub subject: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Findings of one kind that are listed; the rest is counted.
const LISTED: usize = 50;
/// How long the index may take to come to where the log stood.
const PATIENCE: Duration = Duration::from_secs(5);
/// Products looked at in one transaction.
const CHUNK: i64 = 500;

/// Examines everything. `progress` is told what is being looked at.
pub async fn examine(app: &App, progress: &(dyn Fn(&'static str) + Sync)) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    progress("golden records");
    findings.extend(golden_records(app).await?);
    progress("stock");
    findings.extend(stock(app).await?);
    progress("index");
    findings.extend(index(app).await?);
    progress("files");
    findings.extend(files(app).await?);
    progress("imports and jobs");
    findings.extend(work(app).await?);
    Ok(findings)
}

/// Resolves every product again, in rehearsal: what would change is not what its offers say.
async fn golden_records(app: &App) -> Result<Vec<Finding>> {
    let mut after = 0;
    let mut off = Vec::new();
    let mut more = 0_usize;
    loop {
        let (dictionary, now) = (Arc::clone(&app.dictionary), app.clock.now());
        let (last, wrong) = app
            .db
            .rehearse(move |conn: &mut Conn| {
                let ids = product_ids_after(conn, after, CHUNK)?;
                let Some(last) = ids.last().copied() else { return Ok((None, BTreeSet::new())) };
                let rules = Rules::load(conn, &dictionary)?;
                let changes = golden::rebuild(conn, &rules, &ids.into_iter().collect(), None, now)?;
                let wrong: BTreeSet<(String, &'static str)> =
                    changes.into_iter().map(|change| (change.subject, change.kind.as_str())).collect();
                Ok((Some(last), wrong))
            })
            .await?;
        let Some(last) = last else { break };
        after = last;
        for (sku, kind) in wrong {
            if off.len() < LISTED {
                let what = match kind {
                    "stock.changed" => "what may be sold is not the sum of its stock",
                    "price.changed" => "its price is not what its offers and rates make",
                    _ => "its golden record is not what its offers and edits say",
                };
                off.push(finding("golden", "stale", sku, format!("{what}; run 'beamline resolve --all'")));
            } else {
                more += 1;
            }
        }
    }
    if more > 0 {
        off.push(finding("golden", "more", "products", format!("{more} more products do not agree with their offers")));
    }
    Ok(off)
}

/// Every level is the sum of its movements, and promises no more than it has.
async fn stock(app: &App) -> Result<Vec<Finding>> {
    let limit = i64::try_from(LISTED).unwrap_or(i64::MAX);
    let off = app.db.read(move |conn| levels_off_ledger(conn, limit)).await?;
    let told = off.into_iter().map(|level| {
        let message = format!("on hand is {}, its movements sum to {}; report the stock anew", level.on_hand, level.moved);
        finding("stock", "ledger", format!("{}/{} in {}", level.supplier, level.supplier_sku, level.warehouse), message)
    });
    Ok(told.collect())
}

/// The index holds every product, as new as the log.
async fn index(app: &App) -> Result<Vec<Finding>> {
    let (products, head) = app.db.read(|conn| Ok((crate::catalog::queries::product_count(conn)?, changes::head(conn)?))).await?;
    app.search.refresh()?;
    if !app.search.is_ready() {
        return Ok(vec![finding("index", "missing", "index", "there is no search index; run 'beamline reindex'".to_owned())]);
    }
    let mut findings = Vec::new();
    // Whoever feeds the index may be in the middle of it; only one that does not come is behind.
    let behind = app.search.wait_visible(&head, PATIENCE).await.is_err();
    if behind {
        findings.push(finding(
            "index",
            "behind",
            "index",
            "the index has not followed the change log to its end; is a 'beamline serve' running? else run 'beamline reindex'"
                .to_owned(),
        ));
    }
    let request = SearchRequest {
        filter: Some("status IN [draft, active, discontinued]".to_owned()),
        limit: Some(1),
        ..SearchRequest::default()
    };
    let found = app.search.search(request, crate::search::SearchScope::default()).await?.total;
    let indexed = i64::try_from(found.value).unwrap_or(i64::MAX);
    let exact = found.relation == crate::search::Relation::Eq;
    if !behind && exact && indexed != products {
        let message = format!("the index holds {indexed} products, the catalogue {products}; run 'beamline reindex'");
        findings.push(finding("index", "count", "index", message));
    }
    Ok(findings)
}

/// What is published is there, whole, in both forms; so are the originals of imports that are still to be read.
async fn files(app: &App) -> Result<Vec<Finding>> {
    let mut wanted = Vec::new();
    for profile in app.channels.iter() {
        for format in &profile.formats {
            let again = format!("publish {} again", profile.code);
            for (publication, part) in publish::standing(app, profile, &format.code).await? {
                let place = |name: &str| store::place(&profile.code, &publication, name);
                wanted.push((place(&part.file), part.bytes, again.clone()));
                wanted.push((place(&format!("{}.gz", part.file)), part.gzip.bytes, again.clone()));
            }
        }
    }
    let limit = i64::try_from(LISTED).unwrap_or(i64::MAX);
    for import in app.db.read(move |conn| imports_open(conn, limit)).await? {
        let again = format!("cancel import {} and send the file again", import.id);
        wanted.extend(import.files.into_iter().map(|file| (Path::from(file.path), file.bytes, again.clone())));
    }
    let mut findings = Vec::new();
    for (place, bytes, advice) in wanted {
        let path = place.to_string();
        match app.files.head(&place).await {
            Ok(meta) if meta.size == bytes => {}
            Ok(meta) => {
                findings.push(finding("files", "size", path, format!("has {} bytes, not {bytes}; {advice}", meta.size)));
            }
            Err(object_store::Error::NotFound { .. }) => {
                findings.push(finding("files", "missing", path, format!("is not in the file store; {advice}")));
            }
            // The store does not answer; it would say so of every other file too.
            Err(error) => {
                let error = files::refused("it cannot be examined", error);
                findings.push(finding("files", "unread", path, error.to_string()));
                break;
            }
        }
    }
    Ok(findings)
}

/// Nothing is stuck: every unfinished import has a job that somebody works on or will.
async fn work(app: &App) -> Result<Vec<Finding>> {
    let limit = i64::try_from(LISTED).unwrap_or(i64::MAX);
    let (imports, dead) = app
        .db
        .read(move |conn| {
            let mut stuck = Vec::new();
            for import in imports_open(conn, limit)? {
                if !job_of_import_is_alive(conn, &import.id)? {
                    stuck.push(import);
                }
            }
            Ok((stuck, jobs_dead(conn, limit)?))
        })
        .await?;
    let stuck = imports.into_iter().map(|import| {
        let message = format!("is {} and nobody works on it; cancel it and send the file again", import.status.as_str());
        finding("imports", "stuck", import.id, message)
    });
    let dead = dead.into_iter().map(|(id, kind, error)| {
        let message = format!("the {kind} job was given up: {}", error.unwrap_or_else(|| "no reason was noted".to_owned()));
        finding("jobs", "dead", id, message)
    });
    Ok(stuck.chain(dead).collect())
}

fn finding(area: &'static str, code: &'static str, subject: impl Into<String>, message: String) -> Finding {
    Finding { area, code, subject: subject.into(), message }
}
