//! All files of all channels, made and judged; nothing is stored.

use super::house::{self, MadeFormat};
use super::{Finding, Judge};
use crate::app::App;
use crate::channels::profile::{ChannelProfile, ContractKind};
use crate::error::{Code, Error, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Faults that a verdict names; all are counted.
const NAMED: usize = 10;

/// What is to be judged.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The folder of contracts.
    pub against: PathBuf,
    /// Only this channel.
    pub channel: Option<String>,
    /// Where the files are left, one folder a channel; without it they go.
    pub keep: Option<PathBuf>,
}

/// What a contract said of one format of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The channel.
    pub channel: String,
    /// The format.
    pub format: String,
    /// Its first file.
    pub file: String,
    /// The contract, where the channel has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// How it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ContractKind>,
    /// Was the contract there?
    pub judged: bool,
    /// Items judged.
    pub items: u64,
    /// Faults found.
    pub faults: u64,
    /// The first ones.
    pub first: Vec<Fault>,
    /// What is to be known about it: why it was not judged, what keeps products out.
    pub notes: Vec<String>,
    /// What stood in for settings that nobody made: `NAME=VALUE`.
    pub placeholders: Vec<String>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The part.
    pub file: String,
    /// The item in the part, from 1; none where it is the part as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<u64>,
    /// Its SKU, or the first of its group's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Where in the document or line, as a JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
}

/// Makes and judges. One verdict for each format, in the order of channels.
pub async fn check(app: &App, wanted: &Wanted) -> Result<Vec<Verdict>> {
    if !wanted.against.is_dir() {
        let message = format!("{} is no folder; name the one that holds the channels' contracts", wanted.against.display());
        return Err(Error::new(Code::Invalid, message));
    }
    let profiles: Vec<Arc<ChannelProfile>> = match &wanted.channel {
        Some(code) => vec![app.channels.get(code)?],
        None => app.channels.iter().cloned().collect(),
    };
    let mut verdicts = Vec::new();
    for profile in profiles {
        let temporary = tempfile::tempdir()?;
        let folder = match &wanted.keep {
            Some(keep) => keep.join(&profile.code),
            None => temporary.path().to_owned(),
        };
        std::fs::create_dir_all(&folder)?;
        let made = house::make(app, &profile, &folder).await?;
        let against = wanted.against.clone();
        let judging = move || {
            let mut out = Vec::new();
            for format in &made.formats {
                let mut verdict = judge(&profile, format, &against)?;
                verdict.placeholders.clone_from(&made.placeholders);
                if format.names.is_empty() && !made.blocked.is_empty() {
                    let mut why: Vec<(&String, &u64)> = made.blocked.iter().collect();
                    why.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
                    let why: Vec<String> = why.iter().take(3).map(|(reason, count)| format!("{count} x {reason}")).collect();
                    verdict.notes.push(format!("what keeps products out: {}", why.join(", ")));
                }
                out.push(verdict);
            }
            Ok::<_, Error>(out)
        };
        verdicts.extend(tokio::task::spawn_blocking(judging).await.map_err(Error::internal)??);
    }
    Ok(verdicts)
}

fn judge(profile: &ChannelProfile, made: &MadeFormat, against: &Path) -> Result<Verdict> {
    let format = &made.format;
    let mut verdict = Verdict {
        channel: profile.code.clone(),
        format: format.code.clone(),
        file: format.file.clone(),
        contract: format.contract.as_ref().map(|contract| contract.file.clone()),
        kind: format.contract.as_ref().map(|contract| contract.kind),
        judged: false,
        items: 0,
        faults: 0,
        first: Vec::new(),
        notes: Vec::new(),
        placeholders: Vec::new(),
    };
    let Some(contract) = &format.contract else {
        verdict.notes.push("the channel publishes no contract; our profile's own limits hold".to_owned());
        return Ok(verdict);
    };
    let Some(judge) = Judge::open(contract, &profile.corrections, against)? else {
        verdict.notes.push(format!("there is no {} in {}", contract.file, against.display()));
        return Ok(verdict);
    };
    for missing in contract.lists.values().filter(|list| !against.join(list).is_file()) {
        verdict.notes.push(format!("there is no {missing} in {}; its values were not looked up", against.display()));
    }
    verdict.judged = true;
    let mut before: u64 = 0;
    for part in &made.parts {
        let mut found = |Finding { item, pointer, reason }| {
            verdict.faults += 1;
            if verdict.first.len() < NAMED {
                let name = item.and_then(|item| made.names.get(usize::try_from(before + item).ok()?));
                let item = item.map(|item| item + 1);
                verdict.first.push(Fault { file: part.name.clone(), item, sku: name.cloned(), pointer, reason });
            }
        };
        verdict.items += judge.part(format, &part.path, &mut found)?;
        before += part.rows;
    }
    if verdict.items == 0 {
        verdict.notes.push("there is nothing to judge".to_owned());
    }
    Ok(verdict)
}
