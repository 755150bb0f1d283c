//! `beamline quality`: how well text is read, measured against labelled rows; one JSON object a line.

use crate::{dictionary::Dictionary, quality};
use serde::Serialize;
use serde_json::json;
use std::{io::Write, path::PathBuf};

/// Measure how well text is read, against a folder of labelled rows
#[derive(Debug, clap::Args)]
pub struct QualityArgs {
    /// Folder with the labelled sets
    #[arg(long, env = "BEAMLINE_QUALITY_AGAINST", value_name = "DIR")]
    pub against: PathBuf,
    /// List every row that was read wrongly, too
    #[arg(long, env = "BEAMLINE_QUALITY_MISSES")]
    pub misses: bool,
    /// List every sentence with what is in it and what was found, to hold other programs against
    #[arg(long, env = "BEAMLINE_QUALITY_CASES")]
    pub cases: bool,
    /// Measure how many quantities a second are read, too
    #[arg(long, env = "BEAMLINE_QUALITY_SPEED")]
    pub speed: bool,
    /// Only the set of this name
    #[arg(long, env = "BEAMLINE_QUALITY_ONLY", value_name = "MEASURE")]
    pub only: Option<String>,
}

/// Writes the figures. A set that is not in the folder is a line with `"missing":true`.
pub fn run(args: &QualityArgs, dictionary: &Dictionary, out: &mut dyn Write) -> anyhow::Result<()> {
    if !args.against.is_dir() {
        anyhow::bail!("{} is not a folder; give the one that holds the labelled sets", args.against.display());
    }
    let (measures, missing) = quality::judge(dictionary, &args.against)?;
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| name.starts_with(only));
    for measure in measures.iter().filter(|measure| wanted(measure.name)) {
        line(out, &measure.figures())?;
        if args.misses {
            for case in measure.cases.iter().filter(|case| !case.right) {
                line(out, &json!({"miss": measure.name, "case": case}))?;
            }
        }
        if args.cases {
            for case in &measure.comparable {
                line(out, &json!({"sentence": case}))?;
            }
        }
    }
    if args.speed {
        line(out, &quality::speed::measure(dictionary, std::time::Duration::from_secs(1)))?;
    }
    for name in missing.into_iter().filter(|_| args.only.is_none()) {
        line(out, &json!({"measure": name, "missing": true}))?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, value: &impl Serialize) -> anyhow::Result<()> {
    writeln!(out, "{}", serde_json::to_string(value)?)?;
    Ok(())
}
