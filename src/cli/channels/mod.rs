//! `beamline channels`: what a channel wants, how many listings are ready, and why others are not.

pub mod check;

use super::Outcome;
use crate::app::App;
use crate::channels::api::Channel;
use crate::channels::follow;
use crate::channels::profile::ChannelProfile;
use crate::channels::queries::ReasonCount;
use crate::error::Result;
use clap::{Args, Subcommand};
use std::io::Write;
use std::sync::Arc;

/// Show channels, or what one of them wants and why listings are not ready
#[derive(Debug, Args)]
pub struct Channels {
    /// The channel's code; without one all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,

    /// One JSON object a line
    #[arg(long, env = "BEAMLINE_JSON")]
    pub json: bool,
}

/// Runs the command.
pub async fn run(app: &App, args: &Channels, to: &mut dyn Write) -> Result<Outcome> {
    follow::catch_up(app).await?;
    let profiles: Vec<Arc<ChannelProfile>> = match &args.code {
        Some(code) => vec![app.channels.get(code)?],
        None => app.channels.iter().cloned().collect(),
    };
    for profile in &profiles {
        let of = profile.clone();
        let channel = app.db.read(move |conn| Channel::load(conn, &of)).await?;
        if args.json {
            let mut line = serde_json::to_value(&channel)?;
            if args.code.is_some() {
                line["fields"] = fields(profile);
            }
            writeln!(to, "{line}")?;
            continue;
        }
        let count = |state: &str| channel.listings.get(state).copied().unwrap_or(0);
        let on = if channel.enabled { "on" } else { "off" };
        let (ready, warned, blocked, excluded) = (count("ready"), count("warned"), count("blocked"), count("excluded"));
        writeln!(
            to,
            "{:<12} {:<3}  {ready} ready, {warned} warned, {blocked} blocked, {excluded} excluded  ({})",
            channel.code, on, channel.name
        )?;
        if args.code.is_some() {
            details(profile, &channel, to)?;
        }
    }
    Ok(Outcome::Done)
}

fn details(profile: &ChannelProfile, channel: &Channel, to: &mut dyn Write) -> Result<()> {
    let settings = &channel.settings;
    let link = settings.link_template.as_deref().unwrap_or("no link template");
    writeln!(to, "  {} {} in {}, {link}", settings.country, settings.locale, settings.currency)?;
    for file in &channel.files {
        writeln!(to, "  {:<5} {}", file.format, file.path)?;
    }
    writeln!(to, "Fields (rules of {})", channel.docs)?;
    for field in &profile.fields {
        let need = if field.required {
            "required"
        } else if field.recommended {
            "recommended"
        } else {
            ""
        };
        let length = field.max_length.map(|max| format!("at most {max} characters")).unwrap_or_default();
        let count = if field.max_count > 1 { format!("at most {} values", field.max_count) } else { String::new() };
        writeln!(to, "  {:<28} {need:<12} {length} {count}", field.name)?;
    }
    if !channel.reasons.is_empty() {
        writeln!(to, "Why listings are not ready, or could be better")?;
    }
    for ReasonCount { field, code, listings, example, .. } in &channel.reasons {
        writeln!(to, "  {listings:>7} x {field} {code}: {} (such as {})", example.fix, example.sku)?;
    }
    Ok(())
}

fn fields(profile: &ChannelProfile) -> serde_json::Value {
    let field = |field: &crate::channels::profile::Field| {
        serde_json::json!({"name": field.name, "required": field.required, "recommended": field.recommended,
            "max_length": field.max_length, "max_count": field.max_count, "allowed": field.allowed})
    };
    profile.fields.iter().map(field).collect()
}

/// Show channels, or judge their files
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Command {
    #[command(flatten)]
    list: Channels,
    #[command(subcommand)]
    work: Option<Work>,
}

#[derive(Debug, Subcommand)]
enum Work {
    Check(check::Check),
}

impl Command {
    pub(super) async fn run(self, config: crate::config::Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let to = &mut std::io::stdout();
        match &self.work {
            None => run(&app, &self.list, to).await,
            Some(Work::Check(args)) => check::run(&app, args, to).await,
        }
    }
}
