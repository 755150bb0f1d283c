//! Attaching what was taken: some products in one transaction, all of them in one operation.

use super::arrange::{Incoming, Placed, arranged};
use super::find::Target;
use super::{How, Status, Summary, Told, tell};
use crate::app::App;
use crate::catalog::edit::{self, Edit, Edited, Saying};
use crate::catalog::patch::{Patch, Statement};
use crate::catalog::picture::{ATTRIBUTE, MAX_PICTURES};
use crate::catalog::queries::{ProductRow, Rules, view_by_sku};
use crate::db::{Conn, Position, lock_catalog, operations};
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use crate::normalize::Value;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Tries while the database is busy or away.
const TRIES: u32 = 4;

/// A product and the pictures that were taken for it, in their order, each with its file's name.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub target: Target,
    pub pictures: Vec<(String, Incoming)>,
}

/// What one run works with.
pub(super) struct Desk {
    app: App,
    pub how: How,
    pub summary: Summary,
}

/// Why none of a product's pictures were attached.
type Fault = (String, String);

/// What one transaction did: of each product what became of its pictures.
struct Attached {
    products: Vec<Result<Vec<Placed>, Fault>>,
    operation: Option<String>,
    change: Option<Position>,
}

impl Desk {
    pub(super) fn new(app: App, how: How) -> Self {
        Self { app, how, summary: Summary::default() }
    }

    /// Attaches, and tells of every file.
    pub(super) async fn attach(&mut self, mut ready: Vec<Ready>, told: &Sender<Told>) -> Result<()> {
        ready.retain(|of| !of.pictures.is_empty());
        if ready.is_empty() {
            return Ok(());
        }
        let ready = Arc::new(ready);
        let done = self.committed(&ready).await?;
        self.summary.operation = done.operation;
        self.summary.change = done.change.map(|change| change.to_string()).or(self.summary.change.take());
        for (of, outcome) in ready.iter().zip(done.products) {
            for (at, (file, incoming)) in of.pictures.iter().enumerate() {
                let (status, wrong) = match &outcome {
                    Ok(placed) => match placed.get(at) {
                        Some(Placed::Attached) => (Status::Attached, None),
                        Some(Placed::Unchanged) | None => (Status::Unchanged, None),
                        Some(Placed::Repeated) => (
                            Status::Unchanged,
                            Some(("repeated".to_owned(), "another file of this product holds the same picture".to_owned())),
                        ),
                        Some(Placed::TooMany) => {
                            let message = format!("a product has at most {MAX_PICTURES} pictures; take some off first");
                            (Status::Refused, Some(("too_many".to_owned(), message)))
                        }
                    },
                    Err(fault) => (Status::Refused, Some(fault.clone())),
                };
                let (code, message) = wrong.unzip();
                let (sku, image) = (Some(of.target.sku.clone()), Some(incoming.image.clone()));
                tell(&mut self.summary, told, Told { file: file.clone(), status, sku, image, code, message }).await?;
            }
        }
        self.noted().await
    }

    /// Does it in one transaction, again where the database was busy.
    async fn committed(&self, ready: &Arc<Vec<Ready>>) -> Result<Attached> {
        let mut tries = 1;
        loop {
            let (ready, dictionary, how) = (Arc::clone(ready), Arc::clone(&self.app.dictionary), self.how.clone());
            let (summary, now) = (self.summary.clone(), self.app.clock.now());
            let work = move |conn: &mut Conn| apply(conn, &dictionary, &how, &summary, &ready, now);
            let done = if self.how.dry_run { self.app.db.read(work).await } else { self.app.db.write(work).await };
            match done {
                Err(error) if error.code == Code::Unavailable && tries < TRIES && !self.app.shutdown.is_cancelled() => {
                    tracing::info!(%error, tries, "pictures that are attached wait for the database");
                    tokio::time::sleep(Duration::from_millis(250) * 2_u32.pow(tries)).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// Notes how far the operation is: after each transaction, so that a run that is cut off leaves one that has ended.
    async fn noted(&self) -> Result<()> {
        let Some(operation) = self.summary.operation.clone() else { return Ok(()) };
        let (summary, now) = (noted(&self.summary), self.app.clock.now());
        self.app.db.write(move |conn| operations::finish(conn, &operation, &summary, now)).await
    }
}

/// What an operation says of itself.
fn noted(summary: &Summary) -> serde_json::Value {
    let Summary { files, attached, unchanged, refused, unmatched, ambiguous, operation: _, change: _ } = summary;
    serde_json::json!({"files": files, "attached": attached, "unchanged": unchanged, "refused": refused, "unmatched": unmatched, "ambiguous": ambiguous})
}

fn apply(
    conn: &mut Conn,
    dictionary: &Arc<Dictionary>,
    how: &How,
    summary: &Summary,
    ready: &[Ready],
    now: DateTime<Utc>,
) -> Result<Attached> {
    if !how.dry_run {
        lock_catalog(conn)?;
    }
    let mut products: Vec<Result<Vec<Placed>, Fault>> = Vec::with_capacity(ready.len());
    let mut edits: Vec<(usize, Edit)> = Vec::new();
    for (at, of) in ready.iter().enumerate() {
        let view = view_by_sku(conn, &of.target.sku)?.filter(|view| view.merged_into.is_none());
        let Some(view) = view else {
            products
                .push(Err(("gone".to_owned(), "the product was merged or taken away meanwhile; send the file again".to_owned())));
            continue;
        };
        let incoming: Vec<Incoming> = of.pictures.iter().map(|(_, incoming)| incoming.clone()).collect();
        let (said, placed) = arranged(&view.images, &incoming);
        products.push(Ok(placed));
        if let Some(said) = said {
            let value = Some(Value::Pictures(said));
            let statement = Statement { attribute: ATTRIBUTE.to_owned(), locale: None, value };
            let patch = Patch { statements: vec![statement], ..Patch::default() };
            edits.push((at, Edit { sku: view.sku, patch, version: None }));
        }
    }
    let standing = summary.operation.clone();
    if edits.is_empty() || how.dry_run {
        return Ok(Attached { products, operation: standing, change: None });
    }
    let operation = match standing {
        Some(operation) => operation,
        None => operations::begin(conn, "images", &how.actor, "products", &noted(summary), now)?,
    };
    let rules = Rules::load(conn, dictionary)?;
    let saying = Saying { author: &how.actor, operation: &operation, now };
    let exists = |_: &mut Conn, edit: &Edit, row: Option<&ProductRow>| match row {
        Some(_) => Ok(()),
        None => Err(Error::not_found(format!("product {}", edit.sku))),
    };
    let asked: Vec<&Edit> = edits.iter().map(|(_, edit)| edit).collect();
    let (answers, change) = edit::apply(conn, &rules, saying, &asked, &exists)?;
    for ((at, _), answer) in edits.iter().zip(answers) {
        let answer: Result<Edited> = answer;
        if let (Err(error), Some(of)) = (answer, products.get_mut(*at)) {
            let code = error.fields.first().map_or(error.code.as_str(), |field| field.code.as_str()).to_owned();
            *of = Err((code, error.detail));
        }
    }
    operations::finish(conn, &operation, &noted(summary), now)?;
    Ok(Attached { products, operation: Some(operation), change: Some(change) })
}
