//! The press: judged products in, files and counts out. Synchronous; memory holds one batch.

use super::judge::ChannelDesk;
use super::publish::DiffSkus;
use super::readiness::{Evaluation, ListingState, Row};
use super::words::Words;
use super::write::{FeedWriter, WrittenPart};
use crate::catalog::ProductView;
use crate::error::{Error, Result};
use crate::pricing::OfferTerms;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

/// A piece of the catalogue.
#[derive(Debug, Default)]
pub struct Batch {
    /// Whole groups and single products.
    pub blocks: Vec<Vec<ProductView>>,
    /// Terms of their offers.
    pub terms: HashMap<i64, Vec<OfferTerms>>,
    /// What was sent last of them.
    pub sent: HashMap<i64, Option<String>>,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// All ready listings.
    Full,
    /// Those that were added or changed.
    Delta,
    /// No files; so many SKUs of each kind.
    Diff {
        /// At most.
        first: usize,
    },
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ready and not sent before.
    pub added: i64,
    /// Ready and another row than the one sent.
    pub changed: i64,
    /// Sent before and not ready.
    pub removed: i64,
    /// Ready and the same row.
    pub unchanged: i64,
    /// Blocked listings; those that are not for sale do not count.
    pub blocked: i64,
    /// How often each reason was the first one of a listing that is not ready.
    pub reasons: BTreeMap<String, i64>,
    /// SKUs, for a diff.
    pub first: DiffSkus,
}

impl Counts {
    /// The reasons, most frequent first.
    pub fn why_blocked(&self) -> String {
        let mut reasons: Vec<(&String, &i64)> = self.reasons.iter().collect();
        reasons.sort_by_key(|(code, count)| (-**count, code.as_str()));
        reasons.iter().take(5).map(|(code, count)| format!("{count} x {code}")).collect::<Vec<_>>().join(", ")
    }
}

/// Writes the formats of one channel while it counts.
pub struct Press {
    writers: Vec<(String, FeedWriter)>,
    counts: Counts,
    sent: BufWriter<File>,
    purpose: Purpose,
}

/// What the press made.
pub struct Printed {
    /// What was counted.
    pub counts: Counts,
    /// Format and part, in order.
    pub files: Vec<(String, WrittenPart)>,
    /// What changes in what was sent.
    pub sent: SentLog,
}

impl Press {
    /// A press for these formats of the channel, writing into `folder`.
    pub fn open(desk: &ChannelDesk, formats: &[String], folder: &Path, purpose: Purpose) -> Result<Self> {
        let shop = desk.settings.link_template.as_deref().map(shop_of).unwrap_or_default();
        let writers = formats
            .iter()
            .filter_map(|code| desk.profile.format(code))
            .map(|format| (format.code.clone(), FeedWriter::new(desk.profile.clone(), format, &shop, folder)))
            .collect();
        // Unnamed: gone with the process, whatever happens.
        Ok(Self { writers, counts: Counts::default(), sent: BufWriter::new(tempfile::tempfile()?), purpose })
    }

    /// Judges a batch and prints what is ready.
    pub fn take(&mut self, desk: &ChannelDesk, batch: &Batch, words: &dyn Words) -> Result<()> {
        let judged = desk.judge_all(&batch.blocks, &batch.terms, words, true);
        let mut blocks: Vec<Vec<&Row>> = Vec::with_capacity(judged.len());
        for block in &judged {
            let mut rows = Vec::with_capacity(block.len());
            for evaluation in block {
                // A product made after the listings were brought up to date waits for the next publication.
                let Some(sent) = batch.sent.get(&evaluation.product_id) else { continue };
                let fresh = self.count(evaluation, sent.as_deref())?;
                rows.extend(evaluation.row.as_ref().filter(|_| fresh || self.purpose == Purpose::Full));
            }
            blocks.push(rows);
        }
        for (_, writer) in &mut self.writers {
            writer.blocks(&blocks)?;
        }
        Ok(())
    }

    /// Counts a listing; true when it was added or changed.
    fn count(&mut self, evaluation: &Evaluation, sent: Option<&str>) -> Result<bool> {
        let counts = &mut self.counts;
        let (count, skus, fresh) = match (evaluation.row_hash.as_deref(), sent) {
            (Some(_), None) => (&mut counts.added, Some(&mut counts.first.added), true),
            (Some(now), Some(before)) if now != before => (&mut counts.changed, Some(&mut counts.first.changed), true),
            (Some(_), Some(_)) => (&mut counts.unchanged, None, false),
            (None, sent) => {
                counts.blocked += i64::from(evaluation.state == ListingState::Blocked);
                if let Some(reason) = evaluation.reasons.first() {
                    *counts.reasons.entry(reason.code.clone()).or_default() += 1;
                }
                match sent {
                    Some(_) => (&mut counts.removed, Some(&mut counts.first.removed), false),
                    None => return Ok(false),
                }
            }
        };
        *count += 1;
        let Some(skus) = skus else { return Ok(fresh) };
        if let Purpose::Diff { first } = self.purpose
            && skus.len() < first
        {
            skus.push(evaluation.sku.clone());
        }
        writeln!(self.sent, "{} {}", evaluation.product_id, evaluation.row_hash.as_deref().unwrap_or_default())?;
        Ok(fresh)
    }

    /// Ends all files.
    pub fn finish(self) -> Result<Printed> {
        let mut files = Vec::new();
        for (format, writer) in self.writers {
            files.extend(writer.finish()?.into_iter().map(|part| (format.clone(), part)));
        }
        let mut sent = self.sent.into_inner().map_err(|error| Error::internal(error.into_error()))?;
        sent.seek(SeekFrom::Start(0))?;
        Ok(Printed { counts: self.counts, files, sent: SentLog(sent) })
    }
}

/// What changes in what was sent, on disk until the publication is committed.
pub struct SentLog(File);

/// Product and hash of what was sent; none for what is no longer in.
type Sent = Vec<(i64, Option<String>)>;

impl SentLog {
    /// Product and hash, some thousand at once.
    pub fn batches(self) -> Result<impl Iterator<Item = Result<Sent>>> {
        let mut lines = BufReader::new(self.0).lines();
        Ok(std::iter::from_fn(move || {
            let mut batch = Vec::new();
            for line in lines.by_ref().take(2_000) {
                let line = match line {
                    Ok(line) => line,
                    Err(error) => return Some(Err(error.into())),
                };
                let Some((id, hash)) = line.split_once(' ') else { continue };
                let Ok(id) = id.parse() else { continue };
                batch.push((id, Some(hash.to_owned()).filter(|hash| !hash.is_empty())));
            }
            (!batch.is_empty()).then_some(Ok(batch))
        }))
    }
}

/// Scheme and host of a link template.
fn shop_of(template: &str) -> String {
    let (scheme, rest) = template.split_once("://").unwrap_or(("https", template));
    format!("{scheme}://{}/", rest.split(['/', '?', '#', '{']).next().unwrap_or_default())
}
