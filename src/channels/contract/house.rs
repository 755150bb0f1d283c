//! A channel's files made from the house's own catalogue, all formats, nothing stored.
//!
//! A channel that nobody set up is made all the same: what only its owner knows gets a placeholder, and that is said.

use crate::app::App;
use crate::channels::follow;
use crate::channels::judge::ChannelDesk;
use crate::channels::layout::{Encoder, Frame};
use crate::channels::placeholders;
use crate::channels::press::is_grouped;
use crate::channels::profile::{ChannelProfile, Format, Holds, Limits};
use crate::channels::queries::{self, StoredSettings, Walk};
use crate::channels::readiness::{Evaluation, ListingState, Row};
use crate::channels::write::{FeedWriter, WrittenPart};
use crate::error::{Error, Result};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Products read at once.
const BATCH: i64 = 500;
/// A part is read back whole where it is one document; larger feeds become several.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The files of one channel.
pub(super) struct Made {
    pub(super) formats: Vec<MadeFormat>,
    /// What stands in for what the owner has not set: `NAME=VALUE`.
    pub(super) placeholders: Vec<String>,
    /// How often each reason keeps a product out.
    pub(super) blocked: BTreeMap<String, u64>,
}

pub(super) struct MadeFormat {
    pub(super) format: Format,
    pub(super) parts: Vec<WrittenPart>,
    /// SKU, or the first of a group's, by item.
    pub(super) names: Vec<String>,
}

/// Makes all files of a channel in `folder`.
pub(super) async fn make(app: &App, profile: &Arc<ChannelProfile>, folder: &Path) -> Result<Made> {
    let of = profile.clone();
    let (desk, placeholders) = app
        .db
        .read(move |conn| {
            let stored = queries::channel_settings(conn, &of.code)?;
            let (stored, placeholders) = with_all_formats(&of, stored)?;
            let mut desk = ChannelDesk::assemble(&of, Some(stored), queries::rates(conn)?)?;
            desk.links = queries::links(conn)?;
            Ok((desk, placeholders))
        })
        .await?;
    let mut press = Press::open(&desk, folder);
    let mut at = Walk::Single(0);
    while at != Walk::Done {
        let (desk, dictionary) = (desk.clone(), app.dictionary.clone());
        let (judged, next) = app
            .db
            .read(move |conn| {
                let (blocks, next) = queries::walk(conn, at, BATCH)?;
                Ok((desk.judge(&follow::batch(conn, blocks)?, &*dictionary), next))
            })
            .await?;
        press = tokio::task::spawn_blocking(move || press.take(&judged).map(|()| press)).await.map_err(Error::internal)??;
        at = next;
    }
    let (formats, blocked) = tokio::task::spawn_blocking(move || press.finish()).await.map_err(Error::internal)??;
    Ok(Made { formats, placeholders, blocked })
}

/// The owner's settings with all formats, and placeholders for what is missing.
fn with_all_formats(profile: &ChannelProfile, stored: Option<StoredSettings>) -> Result<(StoredSettings, Vec<String>)> {
    let (mut stored, placeholders) = placeholders::complete(profile, stored)?;
    let formats: Vec<&str> = profile.formats.iter().map(|format| format.code.as_str()).collect();
    if let Json::Object(own) = &mut stored.settings {
        own.insert("formats".to_owned(), json!(formats));
    }
    Ok((stored, placeholders))
}

struct Press {
    desk: ChannelDesk,
    frame: Frame,
    writers: Vec<(FeedWriter, Vec<String>)>,
    blocked: BTreeMap<String, u64>,
}

impl Press {
    fn open(desk: &ChannelDesk, folder: &Path) -> Self {
        let frame = desk.frame();
        let writer = |format: &Format| {
            let limits = format.limits.unwrap_or(desk.profile.limits);
            let bytes = limits.bytes_per_part.map_or(MOST_BYTES, |most| most.min(MOST_BYTES));
            let format = Format { limits: Some(Limits { bytes_per_part: Some(bytes), ..limits }), ..format.clone() };
            (FeedWriter::new(desk.profile.clone(), &format, &frame, folder), Vec::new())
        };
        let writers = desk.profile.formats.iter().map(writer).collect();
        Self { desk: desk.clone(), frame, writers, blocked: BTreeMap::new() }
    }

    fn take(&mut self, judged: &[Evaluation]) -> Result<()> {
        for evaluation in judged.iter().filter(|evaluation| evaluation.state == ListingState::Blocked) {
            for reason in evaluation.reasons.iter().filter(|reason| reason.level == crate::channels::readiness::Level::Blocked) {
                *self.blocked.entry(format!("{} {}", reason.field, reason.code)).or_default() += 1;
            }
        }
        let rows: Vec<&Row> = judged.iter().filter_map(|evaluation| evaluation.row.as_ref()).collect();
        let single: Vec<Vec<&Row>> = rows.iter().map(|row| vec![*row]).collect();
        let together = |a: &&Row, b: &&Row| a.group.is_some() && a.group == b.group;
        let grouped: Vec<Vec<&Row>> = rows.chunk_by(together).map(<[_]>::to_vec).collect();
        for (writer, names) in &mut self.writers {
            let format = writer.format().clone();
            let blocks = if is_grouped(&format, &self.desk) { &grouped } else { &single };
            writer.blocks(blocks)?;
            let encoder = Encoder { profile: &self.desk.profile, format: &format, frame: &self.frame };
            for block in blocks.iter().filter(|block| format.holds != Holds::Families || block.len() > 1) {
                // One item for the block, or as many lines as its rows and pictures make.
                let count = usize::try_from(encoder.block(block, 0)?.rows).unwrap_or_default();
                let of = |n: usize| block.get(n.min(block.len() - 1)).map_or_else(String::new, |row| row.sku.clone());
                names.extend((0..count).map(of));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(Vec<MadeFormat>, BTreeMap<String, u64>)> {
        let mut formats = Vec::new();
        for (writer, names) in self.writers {
            let format = writer.format().clone();
            let parts = if names.is_empty() { Vec::new() } else { writer.finish()? };
            formats.push(MadeFormat { format, parts, names });
        }
        Ok((formats, self.blocked))
    }
}
