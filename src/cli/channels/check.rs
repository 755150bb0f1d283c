//! `beamline channels check`: every channel's files, judged by the channels' own contracts.

use crate::app::App;
use crate::channels::contract::check::{Verdict, Wanted, check};
use crate::cli::Outcome;
use crate::error::Result;
use clap::Args;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// Make every channel's files from the catalogue and judge them by the channels' own contracts; nothing is stored
///
/// Exit status: 0 no fault, 1 a fault, 2 nothing was judged.
#[derive(Debug, Args)]
pub struct Check {
    /// The folder that holds the contracts, as the channels' profiles name them
    #[arg(long, env = "BEAMLINE_AGAINST", value_name = "DIR")]
    pub against: PathBuf,

    /// Only this channel
    #[arg(long, env = "BEAMLINE_CHANNEL", value_name = "CODE")]
    pub channel: Option<String>,

    /// Leave the files here, one folder a channel
    #[arg(long, env = "BEAMLINE_KEEP", value_name = "DIR")]
    pub keep: Option<PathBuf>,

    /// One JSON object a line
    #[arg(long, env = "BEAMLINE_JSON")]
    pub json: bool,
}

/// Runs the command.
pub async fn run(app: &App, args: &Check, to: &mut dyn Write) -> Result<Outcome> {
    let wanted = Wanted { against: args.against.clone(), channel: args.channel.clone(), keep: args.keep.clone() };
    let verdicts = check(app, &wanted).await?;
    if args.json {
        for verdict in &verdicts {
            writeln!(to, "{}", serde_json::to_string(verdict)?)?;
        }
    } else {
        told(&verdicts, to)?;
    }
    let (items, faults): (u64, u64) =
        verdicts.iter().fold((0, 0), |(items, faults), verdict| (items + verdict.items, faults + verdict.faults));
    let judged = verdicts.iter().filter(|verdict| verdict.judged).count();
    let outcome = match (judged, items, faults) {
        (0, ..) => Outcome::Held,
        (_, _, 1..) => Outcome::Findings,
        (_, 0, _) => Outcome::Held,
        _ => Outcome::Done,
    };
    if !args.json {
        match (judged, items) {
            (0, _) => writeln!(to, "Nothing was judged: {} holds none of the contracts", args.against.display())?,
            (_, 0) => writeln!(to, "Nothing was judged: the catalogue has no product that is ready for any of these channels")?,
            _ => writeln!(to, "{items} items of {judged} of {} formats judged, {faults} faults", verdicts.len())?,
        }
    }
    Ok(outcome)
}

fn told(verdicts: &[Verdict], to: &mut dyn Write) -> Result<()> {
    let mut placeholders: BTreeMap<&str, &[String]> = BTreeMap::new();
    for verdict in verdicts {
        let contract = verdict.contract.as_deref().unwrap_or("-");
        let name = format!("{}/{}", verdict.channel, verdict.format);
        if verdict.judged {
            writeln!(to, "{name:<26} {:>7} items {:>5} faults  {contract}", verdict.items, verdict.faults)?;
        } else {
            writeln!(to, "{name:<26} not judged              {contract}")?;
        }
        for note in &verdict.notes {
            writeln!(to, "    {note}")?;
        }
        for fault in &verdict.first {
            let item = fault.item.map(|item| format!(" item {item}")).unwrap_or_default();
            let sku = fault.sku.as_ref().map(|sku| format!(" ({sku})")).unwrap_or_default();
            writeln!(to, "    {}{item}{sku} {}: {}", fault.file, fault.pointer, fault.reason)?;
        }
        let named = verdict.first.len() as u64;
        if verdict.faults > named {
            writeln!(to, "    and {} more", verdict.faults - named)?;
        }
        if !verdict.placeholders.is_empty() {
            placeholders.insert(&verdict.channel, &verdict.placeholders);
        }
    }
    for (channel, values) in placeholders {
        writeln!(to, "{channel} is not fully set up; in place of what is missing stands {}", values.join(", "))?;
    }
    Ok(())
}
