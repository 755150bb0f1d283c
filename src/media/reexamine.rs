//! Looking at every kept picture again, after a threshold of `schema/media/pictures.toml` or our way of looking changed.
//!
//! Safe at any time and to be repeated: what is known of a picture is replaced where it comes out another, and products that show it are
//! told. Nothing is refused afterwards that was taken once, and which pictures are the same stays as it was.

use super::intake;
use super::picture::{self, Facts};
use super::queries::{self, ImageRow};
use crate::app::App;
use crate::db::{Conn, JsonText, NewChange, changes};
use crate::error::{Error, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

/// Images of one transaction.
const BATCH: i64 = 100;

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reexamined {
    /// Images looked at.
    pub images: u64,
    /// Of which something else is known now.
    pub changed: u64,
    /// That cannot be looked at any more: the original is lost, or a limit was lowered below it. They stay as they were.
    pub unreadable: u64,
}

/// What one look came to.
enum Look {
    Same,
    Changed(Box<(String, Facts)>),
    Unreadable,
}

/// Looks at all of them. `progress` hears how many are done.
pub async fn reexamine(app: &App, progress: &(dyn Fn(u64) + Sync)) -> Result<Reexamined> {
    let (mut done, mut after) = (Reexamined::default(), String::new());
    // One is read while the others are looked at; how many pictures are in memory is up to the seats.
    let at_once = std::thread::available_parallelism().map_or(1, usize::from) + 1;
    loop {
        let from = after.clone();
        let page = app.db.read(move |conn| queries::images_page(conn, None, &from, BATCH)).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after.clone_from(&last.id);
        let count = page.len() as u64;
        let looks: Vec<Look> = stream::iter(page).map(|row| look(app, row)).buffered(at_once).try_collect().await?;
        let mut changed = Vec::new();
        for look in looks {
            match look {
                Look::Same => {}
                Look::Changed(one) => changed.push(*one),
                Look::Unreadable => done.unreadable += 1,
            }
        }
        done.images += count;
        done.changed += changed.len() as u64;
        if !changed.is_empty() {
            let now = app.clock.now();
            app.db
                .write(move |conn| {
                    let told = note(conn, &changed)?;
                    changes::append(conn, now, &told).map(|_| ())
                })
                .await?;
        }
        progress(done.images);
    }
}

async fn look(app: &App, row: ImageRow) -> Result<Look> {
    let seat = app.pictures.seat().await?;
    let bytes = match intake::original(app, &row).await {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!(image = row.id, %error, "an image cannot be examined again");
            return Ok(Look::Unreadable);
        }
    };
    let dictionary = app.dictionary.clone();
    Ok(match seat.run(move || picture::examine(&bytes, dictionary.pictures())).await? {
        Err(refusal) => {
            tracing::warn!(image = row.id, code = refusal.code, %refusal, "an image would not be taken any more; it stays as it was");
            Look::Unreadable
        }
        Ok(facts) if row.facts.read::<Facts>().is_ok_and(|known| known == facts) => Look::Same,
        Ok(facts) => Look::Changed(Box::new((row.id, facts))),
    })
}

/// Notes what is known now, and which products show it.
fn note(conn: &mut Conn, changed: &[(String, Facts)]) -> Result<Vec<NewChange>> {
    for (id, facts) in changed {
        let row = queries::Examined {
            white_border: i32::from(facts.white_border),
            looks: intake::looks(facts),
            findings: intake::codes(facts),
            facts: JsonText::of(facts).map_err(Error::from)?,
        };
        queries::image_examined(conn, id, &row, &intake::bands(&facts.hash))?;
    }
    let ids: Vec<&str> = changed.iter().map(|(id, _)| id.as_str()).collect();
    queries::products_of_images(conn, &ids)
}
