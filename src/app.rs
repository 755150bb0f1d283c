//! The house with its lights on: everything a command or a request works with.

use crate::auth::Keys;
use crate::channels::Channels;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::dictionary::Dictionary;
use crate::error::Result;
use crate::files;
use object_store::ObjectStore;
use std::sync::Arc;
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
    /// What `schema/channels/` says.
    pub channels: Arc<Channels>,
    /// Where files live.
    pub files: Arc<dyn ObjectStore>,
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
        std::fs::create_dir_all(&config.data)?;
        let dictionary = Arc::new(Dictionary::load(config.schema.as_deref())?);
        let channels = Arc::new(Channels::load(config.schema.as_deref())?);
        let db = Db::open(&config.database()).await?;
        let files = files::open(&config.file_store())?;
        let (keys, shutdown) = (Keys::default(), CancellationToken::new());
        Ok(Self { inner: Arc::new(Inner { config, db, dictionary, channels, files, clock, keys, shutdown }) })
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}
