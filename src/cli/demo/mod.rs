//! `beamline demo`: five suppliers' messy files become one catalogue, before your eyes.
//!
//! Safe to run again: what is there already is found unchanged, settings that you changed stay as you left them, and only the demo's
//! own key is replaced.

mod manifest;
mod table;

use super::import::{perform, store_bytes};
use super::progress::Progress;
use super::{Outcome, say, serve};
use crate::app::App;
use crate::auth::{NewKey, Role, keys, queries as key_queries};
use crate::catalog::queries::product_count;
use crate::channels::publish::{self, Publication};
use crate::channels::{self, ChannelSettings, settings};
use crate::config::Config;
use crate::db::{Conn, operations};
use crate::error::Result;
use crate::http::server;
use crate::import::accept::Request;
use crate::import::queries::ImportRow;
use crate::import::run::Pace;
use crate::pricing::Rate;
use crate::pricing::queries::{rate_list, rate_replace};
use crate::suppliers::SupplierTerms;
use crate::suppliers::queries as supplier_queries;
use chrono::{DateTime, Utc};
use clap::Args;
use manifest::{Manifest, SampleChannel, SampleImport, SampleRate, SampleSupplier};
use std::net::SocketAddr;

/// Import sample suppliers, publish their feeds, and serve
#[derive(Debug, Args)]
pub struct Demo {
    /// Stop when the feeds stand
    #[arg(long, env = "BEAMLINE_DEMO_NO_SERVE")]
    no_serve: bool,
    /// Address and port to serve on; port 0 takes any free one
    #[arg(long, env = "BEAMLINE_LISTEN", default_value = "127.0.0.1:7171", value_name = "ADDRESS")]
    listen: SocketAddr,
}

/// The name of the key that the demo makes and replaces.
const KEY_NAME: &str = "demo";
const ACTOR: &str = "demo";

impl Demo {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        // The suppliers are invented, and so are their pictures' addresses: nobody is asked for them.
        let app = super::open(Config { fetch_images: false, ..config }).await?;
        // Taken first: a port in use is better told before the work than after it.
        let listener = if self.no_serve { None } else { Some(server::bind(self.listen).await?) };
        let manifest = Manifest::embedded()?;
        let now = app.clock.now();
        if prepare(&app, &manifest, now).await? {
            // Products that were there before have prices by the new rates and settings too; the imports' own come with them.
            let _progress = Progress::begin("resolving products");
            crate::catalog::resolve_all::run(&app, &|_| {}).await?;
        }
        let mut imports = Vec::with_capacity(manifest.imports.len());
        for import in &manifest.imports {
            imports.push(run_import(&app, import).await?);
        }
        // Rates and channel settings came before the offers; prices are made as offers come in.
        let progress = Progress::begin("indexing and judging listings");
        super::catch_up(&app).await?;
        drop(progress);
        let mut feeds = Vec::new();
        for code in manifest.channels.keys() {
            let _progress = Progress::begin(format!("publishing {code}"));
            feeds.push(publish::publish(&app, code, &publish::Options::default()).await?);
        }
        super::catch_up(&app).await?;
        let key = key(&app).await?;
        let address = match &listener {
            Some(listener) => Some(listener.local_addr()?),
            None => None,
        };
        say(table::draw(&app, &imports, &feeds, address).await?)?;
        say(format_args!("key: {key}"))?;
        let outcome = if feeds.iter().all(|feed| feed.state == "published") { Outcome::Done } else { Outcome::Held };
        match listener {
            Some(listener) => serve::serve(app, listener).await,
            None => Ok(outcome),
        }
    }
}

/// Sets up what nobody has set up; true when products that are there already must follow.
async fn prepare(app: &App, manifest: &Manifest, now: DateTime<Utc>) -> Result<bool> {
    let (suppliers, rates) = (manifest.suppliers.clone(), manifest.rates.clone());
    let channels = manifest.channels.clone();
    let profiles = app.channels.clone();
    let words = app.dictionary.clone();
    app.db
        .write(move |conn| {
            operations::record(conn, "settings", ACTOR, "demo", &serde_json::json!({}), now)?;
            for supplier in &suppliers {
                put_supplier(conn, supplier, now)?;
            }
            let mut new = put_rates(conn, &rates, now)?;
            for (code, sample) in &channels {
                new |= put_channel(conn, (&profiles, &*words), code, sample, now)?;
            }
            Ok(new && product_count(conn)? > 0)
        })
        .await
}

fn put_supplier(conn: &mut Conn, sample: &SampleSupplier, now: DateTime<Utc>) -> Result<()> {
    let supplier = if let Some(supplier) = supplier_queries::supplier_by_code(conn, &sample.code)? {
        supplier
    } else {
        let terms = SupplierTerms {
            name: sample.name.clone(),
            currency: sample.currency.clone(),
            locale: sample.locale.clone(),
            rank: sample.rank,
            country: Some(sample.country.clone()),
        };
        supplier_queries::supplier_insert(conn, &sample.code, &terms, now)?
    };
    for warehouse in &sample.warehouses {
        let code = crate::stock::intake::warehouse_code(&warehouse.code).unwrap_or_default();
        if supplier_queries::warehouse_by_code(conn, supplier.id, &code)?.is_none() {
            supplier_queries::warehouse_put(conn, supplier.id, &code, &warehouse.name, Some(&warehouse.country))?;
        }
    }
    Ok(())
}

/// Adds the rates that nobody has set; true when there were such.
fn put_rates(conn: &mut Conn, samples: &[SampleRate], now: DateTime<Utc>) -> Result<bool> {
    let mut rates = rate_list(conn)?;
    let known = rates.len();
    for sample in samples {
        if !rates.iter().any(|rate| rate.base == sample.from && rate.quote == sample.to) {
            rates.push(Rate { base: sample.from.clone(), quote: sample.to.clone(), rate: sample.rate });
        }
    }
    if rates.len() > known {
        rate_replace(conn, &rates, now)?;
    }
    Ok(rates.len() > known)
}

/// Sets a channel up that nobody has set up; false when somebody has.
fn put_channel(
    conn: &mut Conn,
    (profiles, words): (&channels::Channels, &dyn channels::words::Words),
    code: &str,
    sample: &SampleChannel,
    now: DateTime<Utc>,
) -> Result<bool> {
    if channels::queries::channel_settings(conn, code)?.is_some() {
        return Ok(false);
    }
    let profile = profiles.get(code)?;
    let settings = ChannelSettings {
        currency: sample.currency.clone(),
        locale: sample.locale.clone(),
        country: sample.country.clone(),
        link_template: Some(sample.link_template.clone()),
        markup: sample.markup,
        price_source: sample.price_source,
        options: sample.options.clone(),
        ..ChannelSettings::of(&profile)
    };
    settings.check(&profile, words)?;
    let stored = channels::queries::StoredSettings { enabled: true, settings: serde_json::to_value(&settings)?, version: 1 };
    channels::queries::put_channel_settings(conn, code, &stored, now)?;
    settings::tell(conn, code, None, None, now)?;
    Ok(true)
}

async fn run_import(app: &App, sample: &SampleImport) -> Result<ImportRow> {
    let progress = Progress::begin(format!("{} {}", sample.supplier, sample.kind.as_str()));
    let id = crate::id::new("imp", app.clock.now());
    let name = sample.file.rsplit('/').next().unwrap_or(&sample.file);
    let file = store_bytes(app, &id, name, manifest::bytes(&sample.file)?).await?;
    let request = Request {
        supplier: sample.supplier.clone(),
        kind: sample.kind,
        mode: None,
        profile: Some(manifest::text(&sample.profile)?.to_owned()),
        dry_run: false,
        actor: ACTOR.to_owned(),
    };
    perform(app, id, request, vec![file], Pace::Ample, &progress).await.map(|(import, _)| import)
}

/// A new admin key; the one of the earlier run is revoked.
async fn key(app: &App) -> Result<String> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let mut after: Option<String> = None;
            loop {
                let rows = key_queries::key_list(conn, after.as_deref(), 1_000)?;
                let Some(last) = rows.last() else { break };
                after = Some(last.id.clone());
                for row in rows.iter().filter(|row| row.name == KEY_NAME && row.revoked_at.is_none()) {
                    keys::revoke(conn, &row.id, ACTOR, now)?;
                }
            }
            let new = NewKey { name: KEY_NAME.to_owned(), role: Role::Admin, supplier: None, channel: None };
            Ok(keys::create(conn, &new, ACTOR, now)?.secret)
        })
        .await
}

/// Where a publication's part is found.
fn place(app: &App, publication: &Publication, file: &str, address: Option<SocketAddr>) -> String {
    match (address, app.config.files.as_deref()) {
        (Some(address), _) => format!("http://{address}/feeds/{}/{file}", publication.channel),
        (None, Some(store)) if store.contains("://") => format!("{store}/feeds/{}/{file}", publication.channel),
        (None, _) => format!("{}/feeds/{}/{file}", app.config.file_store(), publication.channel),
    }
}
