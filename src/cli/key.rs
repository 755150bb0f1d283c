//! `beamline key create|list|revoke`

use super::{Outcome, say};
use crate::auth::api::{CreatedKey, Key as KeyBody};
use crate::auth::caller::COMMAND;
use crate::auth::{NewKey, Role, keys, queries};
use crate::config::Config;
use crate::error::Result;
use clap::{Args, Subcommand};

/// Make, list and revoke API keys
#[derive(Debug, Args)]
pub struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key; it is shown this once
    Create {
        /// admin, manager, viewer, supplier or channel
        #[arg(long, env = "BEAMLINE_KEY_ROLE")]
        role: Role,
        /// What people call it
        #[arg(long, env = "BEAMLINE_KEY_NAME")]
        name: String,
        /// The supplier of a supplier key
        #[arg(long, env = "BEAMLINE_KEY_SUPPLIER", value_name = "CODE")]
        supplier: Option<String>,
        /// The channel of a channel key
        #[arg(long, env = "BEAMLINE_KEY_CHANNEL", value_name = "CODE")]
        channel: Option<String>,
        /// One JSON object
        #[arg(long, env = "BEAMLINE_JSON")]
        json: bool,
    },
    /// List keys, without their secrets
    List {
        /// One JSON object a line
        #[arg(long, env = "BEAMLINE_JSON")]
        json: bool,
    },
    /// Revoke a key
    Revoke {
        /// The key's id, as `key list` shows it
        id: String,
    },
}

impl Key {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let now = app.clock.now();
        match self.command {
            KeyCommand::Create { role, name, supplier, channel, json } => {
                let new = NewKey { name, role, supplier, channel };
                let key = new.clone();
                let made = app.db.write(move |conn| keys::create(conn, &key, COMMAND, now)).await?;
                let NewKey { name, role, supplier, channel } = new;
                let created = CreatedKey { id: made.id, key: Some(made.secret), role, name, supplier, channel };
                say(if json { serde_json::to_string(&created)? } else { created.key.unwrap_or_default() })?;
            }
            KeyCommand::List { json } => {
                let mut after: Option<String> = None;
                loop {
                    let from = after.take();
                    let rows = app.db.read(move |conn| queries::key_list(conn, from.as_deref(), 1_000)).await?;
                    after = rows.last().map(|row| row.id.clone());
                    if rows.is_empty() {
                        break;
                    }
                    for row in rows {
                        let key = KeyBody::of(row)?;
                        say(if json { serde_json::to_string(&key)? } else { line(&key) })?;
                    }
                }
            }
            KeyCommand::Revoke { id } => {
                let key = id.clone();
                app.db.write(move |conn| keys::revoke(conn, &key, COMMAND, now)).await?;
                say(format_args!("{id} is revoked"))?;
            }
        }
        Ok(Outcome::Done)
    }
}

fn line(key: &KeyBody) -> String {
    let bound = key.supplier.as_deref().or(key.channel.as_deref()).unwrap_or("-");
    let state = match (key.revoked_at, key.last_used_at) {
        (Some(at), _) => format!("revoked {}", at.format("%Y-%m-%d")),
        (None, Some(at)) => format!("last used {}", at.format("%Y-%m-%d %H:%M")),
        (None, None) => "never used".to_owned(),
    };
    format!("{:<36}  {:<8}  {bound:<12}  {state:<27}  {}", key.id, key.role.as_str(), key.name)
}
