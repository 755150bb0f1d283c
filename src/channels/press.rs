//! The press: rows in, files, counts and a report out. Synchronous; memory holds one batch.
//!
//! It walks what would be told now beside what was told last, both in the order of SKUs, and hands each file the rows that it is for.

use super::compare::{Comparison, Report};
use super::judge::ChannelDesk;
use super::manifest::{self, Told};
use super::profile::{Format, Holds, Scope};
use super::queries::{StoredRow, Untold};
use super::readiness::{Row, changed_beyond_terms, changed_terms};
use super::render::Cell;
use super::sent::SentLog;
use super::source::Source;
use super::write::{FeedWriter, WrittenPart};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

/// A piece of what would be told, in the order of SKUs.
#[derive(Debug, Default)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<StoredRow>,
    /// Groups of which the first member is among them, whole.
    pub groups: BTreeMap<String, Vec<StoredRow>>,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// All rows, and a manifest of them.
    Full,
    /// What differs from what was told last.
    Delta,
    /// No files, only the report.
    Diff,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not told before.
    pub added: i64,
    /// Another row than the one told.
    pub changed: i64,
    /// Told before and no longer ready.
    pub removed: i64,
    /// The same row.
    pub unchanged: i64,
    /// How often each reason keeps a listing out.
    pub reasons: BTreeMap<String, i64>,
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
    writers: Vec<FeedWriter>,
    manifest: Option<manifest::Writer>,
    before: Peekable<Box<dyn Iterator<Item = Result<Told>> + Send>>,
    desk: ChannelDesk,
    purpose: Purpose,
    counts: Counts,
    comparison: Comparison,
    sent: SentLog,
    /// Groups in which something differs, for deltas.
    touched: BTreeSet<String>,
}

/// What the press made.
pub struct Printed {
    /// What was counted.
    pub counts: Counts,
    /// What differs.
    pub report: Report,
    /// Format and part, in order.
    pub files: Vec<(String, WrittenPart)>,
    /// The manifest, of a full publication.
    pub manifest: Option<PathBuf>,
    /// What changes in what was sent.
    pub sent: SentLog,
}

/// How the old row and the new one stand to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Difference {
    Added,
    /// Stock or price, and nothing else.
    Terms,
    /// Anything else, and stock and price perhaps too.
    Changed {
        terms: bool,
    },
    Same,
}

impl Press {
    /// A press for these formats of the channel, writing into `folder`; `before` is the manifest of what was told last.
    pub fn open(
        desk: &ChannelDesk,
        formats: &[&Format],
        folder: &Path,
        before: Option<&Path>,
        (purpose, first): (Purpose, usize),
    ) -> Result<Self> {
        let frame = desk.frame();
        let writers = if purpose == Purpose::Diff { &[][..] } else { formats };
        let writers = writers.iter().map(|format| FeedWriter::new(desk.profile.clone(), format, &frame, folder)).collect();
        let manifest = (purpose == Purpose::Full)
            .then(|| manifest::Writer::create(&folder.join(manifest::STORED), &desk.profile))
            .transpose()?;
        let before: Box<dyn Iterator<Item = Result<Told>> + Send> = match before {
            Some(path) => Box::new(manifest::Reader::open(path, &desk.profile)?),
            None => Box::new(std::iter::empty()),
        };
        Ok(Self {
            writers,
            manifest,
            before: before.peekable(),
            desk: desk.clone(),
            purpose,
            counts: Counts::default(),
            comparison: Comparison::new(&desk.profile, desk.settings.guard.price_step, first),
            sent: SentLog::new()?,
            touched: BTreeSet::new(),
        })
    }

    /// Why listings are kept out, for when none goes.
    pub fn explain(&mut self, reasons: BTreeMap<String, i64>) {
        self.counts.reasons = reasons;
    }

    /// Counts and prints a piece.
    pub fn take(&mut self, piece: &Rows) -> Result<()> {
        let mut differences = Vec::with_capacity(piece.rows.len());
        for stored in &piece.rows {
            self.removed_before(Some(&stored.row.sku))?;
            let told = self.before.next_if(|told| told.as_ref().is_ok_and(|told| told.row.sku == stored.row.sku)).transpose()?;
            differences.push(self.compare(stored, told.as_ref())?);
            if let Some(manifest) = &mut self.manifest {
                manifest.add(&stored.row, &stored.hash)?;
            }
        }
        let purpose = self.purpose;
        for writer in &mut self.writers {
            let format = writer.format();
            if is_grouped(format, &self.desk) {
                // In a delta groups are printed at the end, when it is known which of them differ.
                if purpose == Purpose::Full {
                    let blocks = grouped(piece);
                    writer.blocks(&blocks)?;
                }
                continue;
            }
            let scope = format.scope;
            let chosen = piece.rows.iter().zip(&differences).filter(|(_, difference)| match purpose {
                Purpose::Full => scope != Scope::Removed,
                _ => is_in_delta(scope, **difference),
            });
            let blocks: Vec<Vec<&Row>> = chosen.map(|(stored, _)| vec![&stored.row]).collect();
            writer.blocks(&blocks)?;
        }
        Ok(())
    }

    fn compare(&mut self, stored: &StoredRow, told: Option<&Told>) -> Result<Difference> {
        let row = &stored.row;
        let difference = match told {
            None => {
                self.counts.added += 1;
                self.comparison.added(row);
                Difference::Added
            }
            Some(told) if told.hash == stored.hash => {
                self.counts.unchanged += 1;
                self.comparison.unchanged(row);
                return Ok(Difference::Same);
            }
            Some(told) => {
                self.counts.changed += 1;
                self.comparison.changed(&told.row, row);
                match (changed_beyond_terms(&told.hash, &stored.hash), changed_terms(&told.hash, &stored.hash)) {
                    (true, terms) => Difference::Changed { terms },
                    (false, _) => Difference::Terms,
                }
            }
        };
        self.touch(row);
        if let Some(told) = told {
            self.touch(&told.row);
        }
        self.sent.add(&(row.product_id, Some(stored.hash.clone()), row.group.clone()))?;
        Ok(difference)
    }

    fn touch(&mut self, row: &Row) {
        self.touch_group(row.group.as_ref());
    }

    fn touch_group(&mut self, group: Option<&String>) {
        if self.purpose == Purpose::Delta {
            self.touched.extend(group.cloned());
        }
    }

    /// Rows that were told and stand before `sku` without being told now; without a SKU all that are left.
    fn removed_before(&mut self, sku: Option<&str>) -> Result<()> {
        let earlier = |told: &Result<Told>| told.as_ref().map_or(true, |told| sku.is_none_or(|sku| told.row.sku.as_str() < sku));
        while let Some(told) = self.before.next_if(earlier).transpose()? {
            self.counts.removed += 1;
            self.comparison.removed(&told.row);
            self.touch(&told.row);
            self.sent.add(&(told.row.product_id, None, None))?;
            for writer in &mut self.writers {
                let grouped = is_grouped(writer.format(), &self.desk);
                let row = match writer.format().scope {
                    Scope::Removed => Some(told.row.clone()),
                    Scope::Full if self.purpose == Purpose::Delta && !grouped => self.desk.removal(&told.row),
                    _ => None,
                };
                if let Some(row) = row {
                    writer.blocks(&[vec![&row]])?;
                }
            }
        }
        Ok(())
    }

    /// Counts and prints listings that differ from what was told, of which only the hash is known: for a delta without a walk.
    pub fn take_untold(&mut self, listings: &[Untold]) -> Result<()> {
        for listing in listings {
            self.touch_group(listing.group.as_ref());
            match &listing.now {
                None => self.gone(listing)?,
                Some(stored) => {
                    let difference = match &listing.sent {
                        None => Difference::Added,
                        Some(sent) if changed_beyond_terms(sent, &stored.hash) => {
                            Difference::Changed { terms: changed_terms(sent, &stored.hash) }
                        }
                        Some(_) => Difference::Terms,
                    };
                    if difference == Difference::Added {
                        self.counts.added += 1;
                        self.comparison.added(&stored.row);
                    } else {
                        self.counts.changed += 1;
                        self.comparison.named(&stored.row.sku);
                    }
                    self.touch(&stored.row);
                    for writer in &mut self.writers {
                        if !is_grouped(writer.format(), &self.desk) && is_in_delta(writer.format().scope, difference) {
                            writer.blocks(&[vec![&stored.row]])?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A listing that went: told by its SKU and what is the channel's own.
    fn gone(&mut self, listing: &Untold) -> Result<()> {
        let row = self.desk.bare_row(listing.product_id, &listing.sku);
        self.counts.removed += 1;
        self.comparison.removed(&row);
        for writer in &mut self.writers {
            if writer.format().scope == Scope::Removed {
                writer.blocks(&[vec![&row]])?;
            }
        }
        Ok(())
    }

    /// Everything has been taken: what was told beyond it is removed. Returns the groups that a delta must still print.
    pub fn end(&mut self) -> Result<Vec<String>> {
        self.removed_before(None)?;
        let wanted = self.writers.iter().any(|writer| is_grouped(writer.format(), &self.desk));
        Ok(if wanted { std::mem::take(&mut self.touched).into_iter().collect() } else { Vec::new() })
    }

    /// Prints whole groups in the formats that hold groups, for a delta.
    pub fn take_groups(&mut self, groups: &BTreeMap<String, Vec<StoredRow>>) -> Result<()> {
        let blocks: Vec<Vec<&Row>> = groups.values().map(|rows| rows.iter().map(|stored| &stored.row).collect()).collect();
        for writer in &mut self.writers {
            if is_grouped(writer.format(), &self.desk) {
                writer.blocks(&blocks)?;
            }
        }
        Ok(())
    }

    /// Ends all files.
    pub fn finish(self, folder: &Path) -> Result<Printed> {
        let mut files = Vec::new();
        for writer in self.writers {
            let format = writer.format().clone();
            // Nothing that goes, no families, nothing that differs: no file, rather than one that says nothing.
            let may_lack = self.purpose == Purpose::Delta || format.scope == Scope::Removed || format.holds == Holds::Families;
            let parts = writer.finish()?.into_iter().filter(|part| part.rows > 0 || !may_lack);
            files.extend(parts.map(|part| (format.code.clone(), part)));
        }
        let manifest = self.manifest.map(manifest::Writer::finish).transpose()?.map(|()| folder.join(manifest::STORED));
        Ok(Printed { counts: self.counts, report: self.comparison.finish(), files, manifest, sent: self.sent })
    }
}

fn is_in_delta(scope: Scope, difference: Difference) -> bool {
    match difference {
        Difference::Same => false,
        Difference::Added => scope != Scope::Removed,
        Difference::Terms => matches!(scope, Scope::Terms | Scope::Full | Scope::Snapshot),
        Difference::Changed { terms } => match scope {
            Scope::Full | Scope::Snapshot => true,
            Scope::Terms => terms,
            Scope::Removed => false,
        },
    }
}

/// Does the format keep the members of a group together?
pub(super) fn is_grouped(format: &Format, desk: &ChannelDesk) -> bool {
    if format.layout.is_table() { desk.profile.variants.rows } else { format.holds != Holds::Products }
}

/// Blocks in the order of their first SKUs: groups where their first member stands, everything else by itself.
fn grouped(piece: &Rows) -> Vec<Vec<&Row>> {
    let block = |stored: &'_ StoredRow| -> Option<Vec<&Row>> {
        let Some(group) = &stored.row.group else { return None };
        let members = piece.groups.get(group)?;
        let leads = members.first().is_some_and(|first| first.row.sku == stored.row.sku);
        leads.then(|| members.iter().map(|member| &member.row).collect())
    };
    let mut blocks = Vec::with_capacity(piece.rows.len());
    for stored in &piece.rows {
        if stored.row.group.is_none() {
            blocks.push(vec![&stored.row]);
        } else {
            blocks.extend(block(stored));
        }
    }
    blocks
}

impl ChannelDesk {
    /// What is known of a product without looking: its SKU, and what the channel's settings and profile say.
    fn bare_row(&self, product_id: i64, sku: &str) -> Row {
        let cells = self.profile.fields.iter().map(|field| match field.from.first() {
            Some(Source::Sku) => vec![Cell::Text(sku.to_owned())],
            Some(Source::Literal(text)) => vec![Cell::Text(text.clone())],
            Some(Source::Setting(name)) => self.settings.option(&self.profile, name).map(Cell::Text).into_iter().collect(),
            _ => Vec::new(),
        });
        let cells = cells.collect();
        Row { product_id, sku: sku.to_owned(), group: None, handle: String::new(), cells }
    }

    /// The row that tells the channel of a removal in a file of changes; none where leaving out is how it hears of it.
    fn removal(&self, told: &Row) -> Option<Row> {
        if self.profile.removed.is_empty() {
            return None;
        }
        let mut row = told.clone();
        for (name, value) in &self.profile.removed {
            let at = self.profile.fields.iter().position(|field| field.name == *name)?;
            *row.cells.get_mut(at)? = vec![Cell::Text(value.clone())];
        }
        Some(row)
    }
}
