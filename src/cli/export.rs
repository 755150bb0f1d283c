//! `beamline export`: publishes a channel's feed, and copies it out.

use super::Outcome;
use crate::app::App;
use crate::channels::publish::{self, Kind, Options, Publication};
use crate::channels::{queries, store};
use crate::error::{Code, Error, Result};
use clap::Args;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Publish a channel's feed
#[derive(Debug, Args)]
// Flags are what a command line is made of.
#[allow(clippy::struct_excessive_bools)]
pub struct Export {
    /// The channel's code, such as google
    #[arg(long, env = "BEAMLINE_CHANNEL", value_name = "CODE")]
    pub channel: String,

    /// Only this format [default: those of the channel's settings]
    #[arg(long, env = "BEAMLINE_FORMAT", value_name = "FORMAT")]
    pub format: Option<String>,

    /// Copy the feed here: a file for one part, a folder for several
    #[arg(long, env = "BEAMLINE_OUT", value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// The whole feed, which becomes the current one (the default)
    #[arg(long, env = "BEAMLINE_FULL", conflicts_with = "delta")]
    pub full: bool,

    /// Only what was added or changed since the last publication; needs --out and publishes nothing
    #[arg(long, env = "BEAMLINE_DELTA", requires = "out")]
    pub delta: bool,

    /// Publish although more than half of what was sent would go
    #[arg(long, env = "BEAMLINE_FORCE")]
    pub force: bool,

    /// Print the publication as one JSON object
    #[arg(long, env = "BEAMLINE_JSON")]
    pub json: bool,
}

/// Runs the command. Findings when a listing is blocked, held when the feed did not become the current one.
pub async fn run(app: &App, args: &Export, to: &mut dyn Write) -> Result<Outcome> {
    if args.delta {
        return delta(app, args, to).await;
    }
    let options = Options { format: args.format.clone(), kind: Kind::Full, force: args.force };
    let publication = publish::publish(app, &args.channel, &options).await?;
    let published = publication.state == "published";
    if let Some(out) = args.out.as_deref().filter(|_| published) {
        let names: Vec<&str> = publication.parts.iter().map(|part| part.file.as_str()).collect();
        for (part, path) in publication.parts.iter().zip(places(out, &names)?) {
            store::download(app, &publication, part, &path).await?;
        }
    }
    let channel = args.channel.clone();
    let states = app.db.read(move |conn| queries::state_counts(conn, &channel)).await?;
    let blocked = states.get("blocked").copied().unwrap_or(0);
    if args.json {
        writeln!(to, "{}", serde_json::to_string(&publication)?)?;
    } else {
        tell(&publication, blocked, to)?;
    }
    Ok(match (published, blocked) {
        (false, _) => Outcome::Held,
        (true, 0) => Outcome::Done,
        (true, _) => Outcome::Findings,
    })
}

fn tell(publication: &Publication, blocked: i64, to: &mut dyn Write) -> Result<()> {
    let Publication { channel, state, added, changed, removed, unchanged, .. } = publication;
    writeln!(to, "{channel} {state}: {added} added, {changed} changed, {removed} removed, {unchanged} unchanged")?;
    if let Some(detail) = &publication.detail {
        writeln!(to, "  {detail}")?;
    }
    for part in &publication.parts {
        writeln!(to, "  {:<24} {:>8} rows {:>12} bytes  sha256 {}", part.file, part.rows, part.bytes, part.sha256)?;
    }
    if blocked > 0 {
        writeln!(to, "  {blocked} listings are blocked; 'beamline channels {channel}' says why")?;
    }
    Ok(())
}

async fn delta(app: &App, args: &Export, to: &mut dyn Write) -> Result<Outcome> {
    let Some(out) = args.out.as_deref() else {
        return Err(Error::new(Code::Invalid, "a delta is published nowhere; say with --out where to write it"));
    };
    let folder = tempfile::tempdir()?;
    let (counts, parts) = publish::delta(app, &args.channel, args.format.as_deref(), folder.path()).await?;
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    for (part, path) in parts.iter().zip(places(out, &names)?) {
        std::fs::copy(&part.path, &path).map_err(|error| unwritable(&path, &error))?;
    }
    let (channel, added, changed, removed) = (&args.channel, counts.added, counts.changed, counts.removed);
    if args.json {
        let files: Vec<_> =
            parts.iter().map(|part| serde_json::json!({"file": part.name, "rows": part.rows, "bytes": part.bytes})).collect();
        let state = "delta";
        let line = serde_json::json!({"channel": channel, "state": state, "added": added, "changed": changed, "removed": removed,
            "unchanged": counts.unchanged, "parts": files});
        writeln!(to, "{line}")?;
    } else {
        writeln!(to, "{channel} delta: {added} added, {changed} changed; {removed} removed")?;
    }
    let of = channel.clone();
    let blocked = app.db.read(move |conn| queries::state_counts(conn, &of)).await?.get("blocked").copied().unwrap_or(0);
    Ok(if blocked > 0 { Outcome::Findings } else { Outcome::Done })
}

/// Where each part goes: into a folder when there are several or `out` is one, else to `out` itself.
fn places(out: &Path, names: &[&str]) -> Result<Vec<PathBuf>> {
    let folder = names.len() > 1 || out.is_dir() || out.as_os_str().to_string_lossy().ends_with('/');
    if !folder {
        return Ok(names.iter().map(|_| out.to_owned()).collect());
    }
    std::fs::create_dir_all(out).map_err(|error| unwritable(out, &error))?;
    Ok(names.iter().map(|name| out.join(name)).collect())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::Invalid, format!("{} cannot be written ({error}); give --out a file or folder that can", path.display()))
}

impl Export {
    pub(super) async fn run(self, config: crate::config::Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let outcome = run(&app, &self, &mut std::io::stdout()).await?;
        // A publication is a change too, and the index is as new as the log.
        super::catch_up(&app).await?;
        Ok(outcome)
    }
}
