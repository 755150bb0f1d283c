//! Renditions that are made before anybody waits for them: of every image, when it comes in, and again when a list or a channel comes to ask
//! for something else.
//!
//! An image says for which wishes it was made ready. Who makes it ready says so first, so that several processes share the work; what one that
//! died had taken is made when it is asked for.

use super::intake;
use super::picture::Spec;
use super::queries::{self, ImageRow};
use super::rendition::{self, key};
use crate::app::App;
use crate::channels::follow::desks;
use crate::db::Conn;
use crate::error::{Code, Result};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long nothing is looked for again, and how long after a fault of our own.
const POLL: Duration = Duration::from_secs(2);
const FAULT: Duration = Duration::from_secs(10);
/// Images taken at once.
const BATCH: i64 = 16;

/// What is to be made ahead of every image.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    specs: Vec<Spec>,
    /// Of all their keys.
    key: String,
}

impl Wishes {
    /// What lists show, and what the channels ask for that are on and can fetch from this house.
    pub(super) async fn now(app: &App) -> Result<Self> {
        let mut specs: Vec<Spec> = app.lists.iter().flat_map(|list| list.wishes.iter().cloned()).collect();
        let desks = desks(app, None).await?;
        let reached = desks.iter().filter(|desk| desk.links.is_some());
        specs.extend(reached.filter_map(|desk| Some(desk.profile.images.as_ref()?.rendition.clone())));
        specs.sort_by_cached_key(key);
        specs.dedup();
        let all: Vec<String> = specs.iter().map(key).collect();
        Ok(Self { specs, key: hex::encode(Sha256::digest(all.join(" "))) })
    }
}

/// Makes ready whatever is not, until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let pause = match step(&app, &shutdown).await {
            Ok(0) => POLL,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "renditions could not be made ahead; trying again");
                FAULT
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Makes some images ready, one after the other, so that who asks for a picture meanwhile has a seat; how many were taken.
async fn step(app: &App, shutdown: &CancellationToken) -> Result<usize> {
    let wishes = Wishes::now(app).await?;
    let of = wishes.key.clone();
    let waiting = app.db.read(move |conn| queries::images_not_ready(conn, &of, BATCH)).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let of = wishes.key.clone();
    let taken = app.db.write(move |conn| queries::images_ready(conn, &waiting, &of)).await?;
    let mut left = taken.iter();
    for id in left.by_ref() {
        if shutdown.is_cancelled() {
            return give_back(app, std::iter::once(id).chain(left)).await.map(|()| 0);
        }
        match make(app, id, &wishes).await {
            Ok(_made) => {}
            Err(error) if error.code == Code::Unavailable && !lost(app, id).await? => {
                give_back(app, std::iter::once(id).chain(left)).await?;
                return Err(error);
            }
            // Deleted meanwhile, its original lost, or nothing can be made of it: who asks for it is told.
            Err(error) => tracing::debug!(%error, image = id, "nothing is made ahead of an image"),
        }
    }
    Ok(taken.len())
}

/// Is its original gone, so that it is not the store that does not answer?
async fn lost(app: &App, image: &str) -> Result<bool> {
    let id = image.to_owned();
    let Some(row) = app.db.read(move |conn| queries::image(conn, &id)).await? else { return Ok(true) };
    Ok(!intake::stands(app, &row).await?)
}

async fn give_back(app: &App, ids: impl Iterator<Item = &String>) -> Result<()> {
    let ids: Vec<String> = ids.cloned().collect();
    app.db.write(move |conn: &mut Conn| queries::images_not_ready_again(conn, &ids)).await
}

/// Makes what is wished of an image and was not made yet; how many.
pub(super) async fn make(app: &App, image: &str, wishes: &Wishes) -> Result<usize> {
    let id = image.to_owned();
    let (row, made) = app.db.read(move |conn| Ok((queries::image(conn, &id)?, queries::renditions_of(conn, &id)?))).await?;
    let Some(row): Option<ImageRow> = row else { return Ok(0) };
    let missing = |spec: &&Spec| made.iter().all(|made| made.rendition != key(spec));
    let missing: Vec<Spec> = wishes.specs.iter().filter(missing).cloned().collect();
    if missing.is_empty() {
        return Ok(0);
    }
    Ok(rendition::make(app, &row, missing).await?.len())
}
