//! The house with its lights on: everything a command or a request works with.

use crate::auth::Keys;
use crate::catalog::queries::{ChannelPrice, price_defaults_put, product_count};
use crate::channels::Channels;
use crate::channels::profile::ChannelProfile;
use crate::channels::queries;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use crate::files;
use crate::identity::MatchRules;
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue_once;
use crate::media::fetch::{FetchSettings, Fetcher, SystemLookup};
use crate::media::lists::Lists;
use crate::media::naming::Naming;
use crate::media::work::PictureWork;
use crate::search::Search;
use object_store::ObjectStore;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The collaborators. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// What [`App`] dereferences to.
pub struct Inner {
    /// Flags and environment.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// What `schema/` says.
    pub dictionary: Arc<Dictionary>,
    /// The search index, for reading.
    pub search: Search,
    /// What `schema/channels/` says.
    pub channels: Arc<Channels>,
    /// Where files live.
    pub files: Arc<dyn ObjectStore>,
    /// Where pictures are decoded and made.
    pub pictures: PictureWork,
    /// What is made of pictures for lists.
    pub lists: Lists,
    /// See [`Inner::fetcher`].
    fetcher: OnceLock<Fetcher>,
    /// Where time comes from.
    pub clock: Clock,
    /// The keys seen lately.
    pub keys: Keys,
    /// Cancelled when the process is asked to stop: long polls and streams end at once.
    pub shutdown: CancellationToken,
}

impl App {
    /// Opens the data folder: checks the dictionary, migrates the database, finds the file store.
    pub async fn open(config: Config, clock: Clock) -> Result<Self> {
        let store = files::open(&config.file_store(), &files::Settings::from_env())?;
        Self::open_on(config, clock, store).await
    }

    /// Opens the data folder, with its files in this store.
    pub async fn open_on(config: Config, clock: Clock, files: Arc<dyn ObjectStore>) -> Result<Self> {
        std::fs::create_dir_all(&config.data)?;
        let dictionary = Arc::new(Dictionary::load(config.schema.as_deref())?);
        // What is wrong in the user's rules is told now and not with the first import.
        MatchRules::of(&dictionary)?;
        let lists = Lists::of(&dictionary)?;
        Naming::of(&dictionary)?;
        let channels = Arc::new(Channels::load(config.schema.as_deref())?);
        channels.check(&*dictionary)?;
        let slow = Duration::from_millis(u64::from(config.slow_query_ms));
        let db = Db::open_telling(&config.database(), slow).await?;
        note_prices(&db, &channels, &clock).await?;
        note_links(&db, &config, &clock).await?;
        let search = Search::open(&config.index(), Arc::clone(&dictionary), clock.clone())?;
        let (keys, shutdown) = (Keys::default(), CancellationToken::new());
        let (pictures, fetcher) = (PictureWork::default(), OnceLock::new());
        let inner = Inner { config, db, dictionary, search, channels, files, pictures, lists, fetcher, clock, keys, shutdown };
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl Inner {
    /// Asks for pictures elsewhere. Made at its first use: it needs the system's certificates, and a house that fetches nothing does not.
    pub fn fetcher(&self) -> Result<Fetcher> {
        if let Some(fetcher) = self.fetcher.get() {
            return Ok(fetcher.clone());
        }
        let patience = Duration::from_secs(u64::from(self.config.image_timeout));
        let settings = FetchSettings {
            allowed_hosts: self.config.image_hosts.clone(),
            max_bytes: self.dictionary.pictures().max_bytes,
            idle_timeout: patience,
            grace: patience * 4,
            ..FetchSettings::default()
        };
        let made = Fetcher::new(settings, Arc::new(SystemLookup))?;
        Ok(self.fetcher.get_or_init(|| made).clone())
    }
}

/// Lets whoever prices products know what the channels' profiles say. A profile that says something else now changes prices.
async fn note_prices(db: &Db, channels: &Channels, clock: &Clock) -> Result<()> {
    let price = |profile: &Arc<ChannelProfile>| {
        let defaults = &profile.defaults;
        let price = ChannelPrice {
            currency: Some(defaults.currency.clone()),
            markup: Some(defaults.markup),
            price_source: Some(defaults.price_source),
        };
        (profile.code.clone(), price)
    };
    let defaults: BTreeMap<String, ChannelPrice> = channels.iter().map(price).collect();
    let now = clock.now();
    db.write(move |conn| {
        if price_defaults_put(conn, &defaults)? && product_count(conn)? > 0 {
            job_enqueue_once(conn, &Job::ResolveAll, now)?;
        }
        Ok(())
    })
    .await
}

/// Lets whoever makes feeds know how this house is reached from outside. Who says nothing of it leaves it as it was said last.
async fn note_links(db: &Db, config: &Config, clock: &Clock) -> Result<()> {
    let said = match &config.public_url {
        Some(said) => said,
        None if config.sign_images => {
            let detail =
                "--sign-images says how addresses of pictures are made and needs --public-url, which says where they lead";
            return Err(Error::new(Code::Invalid, detail));
        }
        None => return Ok(()),
    };
    let base = said.trim().trim_end_matches('/').to_owned();
    if !base.is_empty() && crate::channels::link::address(&base).is_none() {
        let detail = format!("--public-url '{base}' is not an absolute http or https address, such as https://pim.example");
        return Err(Error::new(Code::Invalid, detail));
    }
    let (signed, now) = (config.sign_images, clock.now());
    db.write(move |conn| queries::links_put(conn, &base, signed, now)).await
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}
