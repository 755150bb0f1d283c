//! `beamline match`: which records of two files are one product.

use super::progress::Progress;
use super::{Outcome, say};
use crate::config::Config;
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use crate::identity::pairing::{Pair, pairs};
use crate::identity::{Decision, MatchRules, Reason, Traits};
use crate::import::read::{self, ReadLimits, ReadOptions};
use crate::import::{ImportKind, Preparer, Record};
use crate::normalize::Memo;
use crate::suppliers::{Profile, field_names, propose};
use clap::Args;
use iso_currency::Currency;
use rayon::prelude::*;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Records looked at to propose a profile, and records understood at a time.
const SAMPLES: usize = 200;
const CHUNK: usize = 4_096;

/// Find the records of two files that are one product
///
/// Runs the same rules as an import on two files and needs no database. Writes the pairs that it would merge and those that a person
/// should look at, with score and reasons. A colour of the same model is another product and is only counted.
#[derive(Debug, Args)]
#[command(after_help = "Example: beamline match --left wholesaler.csv --right maker.xlsx --out pairs.csv\n\n\
    The output has the columns left_row, right_row (records from 1 after the header), decision (merge or review), score (0 to 1000), reasons.")]
pub struct Match {
    /// A file of products, in any format that import reads
    #[arg(long, env = "BEAMLINE_LEFT", value_name = "FILE")]
    left: PathBuf,
    /// The other file
    #[arg(long, env = "BEAMLINE_RIGHT", value_name = "FILE")]
    right: PathBuf,
    /// Profile of the left file [default: proposed from its headers]
    #[arg(long, env = "BEAMLINE_PROFILE_LEFT", value_name = "FILE")]
    profile_left: Option<PathBuf>,
    /// Profile of the right file [default: proposed from its headers]
    #[arg(long, env = "BEAMLINE_PROFILE_RIGHT", value_name = "FILE")]
    profile_right: Option<PathBuf>,
    /// CSV file to write; '-' is standard output
    #[arg(long, env = "BEAMLINE_OUT", value_name = "PAIRS.csv")]
    out: PathBuf,
    /// What was found, as one JSON object
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
}

impl Match {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let work = move || {
            let dictionary = Dictionary::load(config.schema.as_deref())?;
            self.find(&dictionary, &*MatchRules::of(&dictionary)?)
        };
        let (counts, to_stdout) = tokio::task::spawn_blocking(work).await.map_err(Error::internal)??;
        if let Some(counts) = Some(counts).filter(|_| !to_stdout) {
            say(counts)?;
        }
        Ok(Outcome::Done)
    }

    fn find(&self, dictionary: &Dictionary, rules: &MatchRules) -> Result<(String, bool)> {
        let progress = Progress::begin("matching");
        let mut left = Side::read(&self.left, self.profile_left.as_deref(), dictionary, rules, &progress)?;
        let mut right = Side::read(&self.right, self.profile_right.as_deref(), dictionary, rules, &progress)?;
        progress.now("comparing");
        let found = pairs(rules, &mut left.traits, &mut right.traits);
        let to_stdout = self.out.as_os_str() == "-";
        let merges = write(&self.out, &left, &right, &found)?;
        let count = |decision| found.iter().filter(|pair| pair.verdict.decision == decision).count();
        let (review, variant) = (count(Decision::Review), count(Decision::Variant));
        let counts = if self.json {
            serde_json::json!({"left": left.rows.len(), "right": right.rows.len(), "merge": merges, "review": review, "variant": variant,
                "left_unread": left.unread, "right_unread": right.unread}).to_string()
        } else {
            let unread = left.unread + right.unread;
            let unread = if unread == 0 { String::new() } else { format!("; {unread} rows could not be read or say nothing") };
            format!(
                "{} and {} records: {merges} pairs to merge, {review} to review, {variant} of the same model in another colour{unread}",
                left.rows.len(),
                right.rows.len()
            )
        };
        Ok((counts, to_stdout))
    }
}

/// One file, understood.
#[derive(Default)]
struct Side {
    traits: Vec<Traits>,
    /// Record numbers of the traits.
    rows: Vec<u64>,
    /// Rows that could not be read or say nothing to compare.
    unread: usize,
}

impl Side {
    fn read(
        path: &Path,
        profile: Option<&Path>,
        dictionary: &Dictionary,
        rules: &MatchRules,
        progress: &Progress,
    ) -> Result<Self> {
        let shown = path.display();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let open = |options: &ReadOptions| {
            let file = File::open(path)
                .map_err(|error| Error::new(Code::Invalid, format!("{shown} cannot be opened ({error}); check the path")))?;
            read::open(file, &name, options, &ReadLimits::default())
                .map_err(|error| Error::new(Code::UnreadableFile, format!("{shown} cannot be read: {error}")))
        };
        let profile = if let Some(path) = profile {
            given(path, dictionary)?
        } else {
            let readable = open(&ReadOptions::default())?.filter_map(std::result::Result::ok);
            let samples: Vec<Record> = readable.take(SAMPLES).collect();
            propose(&field_names(&samples), &samples, dictionary, None)
        };
        // Prices that say no currency can still be compared with each other.
        let preparer = Preparer::new(ImportKind::Catalog, &profile, dictionary, Some(Currency::XXX));
        let memo = Memo::default();
        let preparer = preparer.remembering(&memo);
        let mut side = Self::default();
        let mut records = open(&profile.read_options())?;
        loop {
            let chunk: Vec<_> = records.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            let fatal = chunk.iter().find_map(|item| item.as_ref().err().filter(|error| error.fatal).map(ToString::to_string));
            if let Some(reason) = fatal {
                return Err(Error::new(Code::UnreadableFile, format!("{shown} cannot be read to its end: {reason}")));
            }
            let understood: Vec<(u64, Traits)> = chunk
                .into_par_iter()
                .filter_map(|item| preparer.take(item).ok())
                .map(|row| (row.row, Traits::of_row(&row, dictionary, rules)))
                .collect();
            for (row, traits) in understood {
                if traits.is_empty() {
                    side.unread += 1;
                } else {
                    side.rows.push(row);
                    side.traits.push(traits);
                }
            }
            progress.at(i64::try_from(side.rows.len()).unwrap_or(i64::MAX), "records read");
        }
        side.traits.shrink_to_fit();
        Ok(side)
    }
}

fn given(path: &Path, dictionary: &Dictionary) -> Result<Profile> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::new(Code::Invalid, format!("the profile {shown} cannot be read ({error}); check the path")))?;
    Profile::parse(&text, dictionary)
        .map_err(|error| Error::new(Code::InvalidProfile, format!("the profile {shown} cannot be used: {error}")))
}

/// Writes the pairs and counts the merges.
fn write(out: &Path, left: &Side, right: &Side, found: &[Pair]) -> Result<usize> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Error::new(Code::Invalid, format!("{} cannot be written ({error}); give --out a file that can", out.display()))
    };
    let sink: Box<dyn std::io::Write> = if out.as_os_str() == "-" {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(File::create(out).map_err(|error| unwritable(&error))?)
    };
    let mut writer = csv::Writer::from_writer(sink);
    writer.write_record(["left_row", "right_row", "decision", "score", "reasons"]).map_err(|error| unwritable(&error))?;
    let mut merges = 0;
    for pair in found {
        let decision = match pair.verdict.decision {
            Decision::Merge => "merge",
            Decision::Review => "review",
            Decision::Variant | Decision::Apart => continue,
        };
        merges += usize::from(pair.verdict.decision == Decision::Merge);
        let (Some(left), Some(right)) = (left.rows.get(pair.left), right.rows.get(pair.right)) else { continue };
        let reasons: Vec<String> = pair.verdict.reasons.iter().map(told).collect();
        writer
            .write_record([&left.to_string(), &right.to_string(), decision, &pair.verdict.score.to_string(), &reasons.join("; ")])
            .map_err(|error| unwritable(&error))?;
    }
    writer.flush().map_err(|error| unwritable(&error))?;
    Ok(merges)
}

/// `differs light_output_max: 320 | 600`
fn told(reason: &Reason) -> String {
    match (reason.field, reason.left.as_str(), reason.right.as_str()) {
        ("", "", "") => reason.code.to_owned(),
        ("", left, right) => format!("{}: {left} | {right}", reason.code),
        (field, "", "") => format!("{} {field}", reason.code),
        (field, left, right) if left == right => format!("{} {field}: {left}", reason.code),
        (field, left, right) => format!("{} {field}: {left} | {right}", reason.code),
    }
}
